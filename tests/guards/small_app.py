"""A small application to put behind guards."""

from typing import Any

from fastapi import FastAPI, Request, UploadFile
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.responses import Response as Answer

from app import problems
from app.guards import SecurityHeadersMiddleware


def behind(*layers: Middleware) -> TestClient:
    """A client of a small application behind these guards."""
    outermost: Any = SecurityHeadersMiddleware
    outside = [layer for layer in layers if layer.cls is outermost]
    inside = [layer for layer in layers if layer not in outside]
    app = FastAPI(middleware=[*outside, Middleware(problems.ProblemMiddleware), *inside], openapi_url=None)
    problems.install(app)

    @app.get("/")
    @app.get("/healthz")
    @app.get("/static/x")
    @app.get("/api/v1/jobs/1")
    async def read() -> str:
        return "read"

    @app.get("/kept")
    async def kept() -> PlainTextResponse:
        return PlainTextResponse(headers={"Cache-Control": "private, max-age=60"})

    @app.get("/public")
    async def public() -> PlainTextResponse:
        return PlainTextResponse(headers={"Cache-Control": "public, max-age=60"})

    @app.get("/drawing")
    async def drawing() -> Answer:
        return Answer("<svg/>", media_type="image/svg+xml")

    @app.get("/own-policy")
    async def own_policy() -> PlainTextResponse:
        return PlainTextResponse(headers={"Content-Security-Policy": "default-src 'none'"})

    @app.post("/")
    async def write(request: Request) -> int:
        return len(await request.body())

    @app.post("/upload")
    async def upload(file: UploadFile) -> int:
        return len(await file.read())

    @app.post("/unread")
    async def unread() -> str:
        return "not looked at"

    return TestClient(app, raise_server_exceptions=False)


def is_problem(response: Response, status: int) -> bool:
    return (
        response.status_code == status
        and response.headers["content-type"] == problems.MEDIA_TYPE
        and response.json()["status"] == status
    )
