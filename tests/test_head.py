"""HEAD answers as GET does, without the body, and ends what would stream for ever."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
from fastapi.testclient import TestClient
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from app.head import HeadMiddleware

PATHS = ["/", "/models", "/models/horses", "/healthz", "/docs", "/openapi.json", "/api/v1/models"]


@pytest.mark.parametrize("path", PATHS)
def test_head_has_the_headers_of_get(client: TestClient, path: str) -> None:
    asked, got = client.head(path), client.get(path)
    assert asked.status_code == got.status_code == 200
    assert asked.content == b""
    for name in ("content-type", "content-length", "content-security-policy"):
        assert asked.headers[name] == got.headers[name]


def test_head_of_what_is_not_there(client: TestClient) -> None:
    answer = client.head("/nowhere")
    assert (answer.status_code, answer.content) == (404, b"")
    assert answer.headers["content-type"] == "application/problem+json"


def test_head_of_what_is_only_posted_to(client: TestClient) -> None:
    answer = client.head("/api/v1/colorize")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/models", "/api/v1/models", "/openapi.json"])
def test_other_methods_are_told_of_head(client: TestClient, path: str) -> None:
    answer = client.delete(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_it_is_counted_as_head_and_under_its_route(client: TestClient) -> None:
    client.head("/models/horses")
    line = 'chromalab_http_requests_total{method="HEAD",route="/models/{model_id}",status="200"} 1.0'
    assert line in client.get("/metrics").text


def test_a_stream_without_end_ends() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"data: x\n\n"
            await asyncio.sleep(0.01)

    async def events(_: Request) -> StreamingResponse:
        return StreamingResponse(endless(), media_type="text/event-stream")

    app = Starlette(routes=[Route("/events", events)], middleware=[Middleware(HeadMiddleware)])
    transport = httpx2.ASGITransport(app)

    async def ask() -> httpx2.Response:
        async with asyncio.timeout(5), httpx2.AsyncClient(transport=transport, base_url="http://x") as client:
            answer: httpx2.Response = await client.head("/events")
            return answer

    answer = asyncio.run(ask())
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.content == b""
