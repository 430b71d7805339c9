"""Every failure is a problem: the classes, what the framework raises, and what nobody foresaw."""

import json
import logging
from typing import Annotated, Any, Literal

import pytest
from fastapi import FastAPI, File, Query, UploadFile
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app import problems
from app.problems import KINDS, MEDIA_TYPE, FieldError, Problem, ProblemBody, TooManyRequests, Unprocessable

SECRET = "the password is hunter2"


class Conv(BaseModel):
    type: Literal["Conv"]
    kernel_size: int
    scale: Annotated[float, Field(ge=0)] = 1.0


class Pool(BaseModel):
    type: Literal["Pool"]
    size: int | tuple[int, int]


class Network(BaseModel):
    model_config = {"extra": "forbid"}
    layers: list[Annotated[Conv | Pool, Field(discriminator="type")]]


class _Broken:
    """A layer that fails for one path, outside the application's own error handling."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/layer":
            raise RuntimeError(SECRET)
        await self.app(scope, receive, send)


def page(request: Request, problem: ProblemBody) -> Response:
    return HTMLResponse(f"<h1>{problem.title}</h1>", headers={"X-Page": request.url.path})


@pytest.fixture
def client() -> TestClient:
    app = FastAPI(
        middleware=[Middleware(problems.ProblemMiddleware, page=page), Middleware(_Broken)],
        docs_url=None,
        redoc_url=None,
    )
    problems.install(app, page)

    @app.get("/kinds/{slug}")
    async def kind(slug: str) -> None:
        raise next(kind for kind in KINDS if kind.slug == slug)("Because.")

    @app.get("/crash")
    @app.get("/api/crash")
    async def crash() -> None:
        raise RuntimeError(SECRET)

    @app.get("/teapot")
    async def teapot() -> None:
        raise HTTPException(418, "Short and stout.", headers={"X-Spout": "here"})

    @app.get("/odd-status")
    async def odd_status() -> None:
        raise HTTPException(499, "Gone.")

    @app.get("/later")
    async def later() -> None:
        raise TooManyRequests("Slowly.", retry_after=7)

    @app.get("/surrogate")
    async def surrogate() -> None:
        raise Unprocessable("\ud800", errors=[FieldError("/\udfff", "half a character")])

    @app.post("/network")
    async def network(network: Network) -> None: ...

    @app.get("/query")
    async def query(limit: Annotated[int, Query(ge=1)]) -> None: ...

    @app.post("/upload")
    async def upload(image: Annotated[UploadFile, File()]) -> None: ...

    return TestClient(app, raise_server_exceptions=False)


def problem(response: Any, status: int, slug: str) -> dict[str, Any]:
    """Check what holds for every problem; return its body."""
    assert response.status_code == status
    assert response.headers["content-type"] == MEDIA_TYPE
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["type"] == (f"/docs/problems#{slug}" if slug else "about:blank")
    assert body["title"] and body["detail"]
    assert body["instance"] == response.request.url.path
    return body


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_answered_as_itself(client: TestClient, kind: type[Problem]) -> None:
    body = problem(client.get(f"/kinds/{kind.slug}"), kind.status, kind.slug)
    assert (body["title"], body["detail"]) == (kind.title, "Because.")
    assert "errors" not in body


def test_kinds_differ_and_are_described() -> None:
    assert len({kind.slug for kind in KINDS}) == len(KINDS)
    assert len({kind.status for kind in KINDS}) == len(KINDS)
    assert all(kind.__doc__ for kind in KINDS)
    subclasses = {kind for kind in Problem.__subclasses__() if not kind.__name__.startswith("_")}
    assert subclasses <= set(KINDS)


def test_unknown_path(client: TestClient) -> None:
    assert problem(client.get("/nowhere"), 404, "not-found")["detail"] == "Nothing is at /nowhere."


def test_unknown_method_keeps_allow(client: TestClient) -> None:
    response = client.put("/query")
    problem(response, 405, "method-not-allowed")
    assert response.headers["allow"] == "GET"


def test_other_status_keeps_its_words_and_headers(client: TestClient) -> None:
    response = client.get("/teapot")
    assert problem(response, 418, "")["detail"] == "Short and stout."
    assert response.headers["x-spout"] == "here"


def test_status_without_a_phrase(client: TestClient) -> None:
    problem(client.get("/odd-status"), 499, "")


def test_retry_after(client: TestClient) -> None:
    assert client.get("/later").headers["retry-after"] == "7"


@pytest.mark.parametrize("path", ["/crash", "/api/crash", "/layer"])
def test_what_nobody_foresaw_tells_nothing_but_is_logged(
    client: TestClient, path: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        response = client.get(path)
    problem(response, 500, "internal-error")
    assert SECRET not in response.text
    assert "RuntimeError" not in response.text
    assert SECRET in capsys.readouterr().out + caplog.text


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"layers": [{"type": "Conv", "kernel_size": "x"}]}, "/layers/0/kernel_size"),
        ({"layers": [{"type": "Conv"}]}, "/layers/0/kernel_size"),
        ({"layers": [{"type": "Pool", "size": 2}, {"type": "Pool", "size": [1, "y"]}]}, "/layers/1/size/1"),
        ({"layers": [{"type": "Dense"}]}, "/layers/0"),
        ({"layers": [], "a/b~c": 1}, "/a~1b~0c"),
        ({}, "/layers"),
        ([], ""),
    ],
)
def test_pointers_lead_to_the_value(client: TestClient, body: object, pointer: str) -> None:
    errors = problem(client.post("/network", json=body), 422, "unprocessable")["errors"]
    assert pointer in {error["pointer"] for error in errors}
    assert all(error["detail"] for error in errors)


def test_pointers_resolve_in_the_document_they_are_about(client: TestClient) -> None:
    document = {"layers": [{"type": "Conv", "kernel_size": 1.5, "scale": -1}, {"type": "Pool", "size": {}}]}
    for error in problem(client.post("/network", json=document), 422, "unprocessable")["errors"]:
        value: Any = document
        for part in error["pointer"].split("/")[1:]:
            value = value[int(part)] if isinstance(value, list) else value[part]


def test_parameters_and_form_fields_are_named(client: TestClient) -> None:
    assert problem(client.get("/query?limit=0"), 422, "unprocessable")["errors"][0]["pointer"] == "/limit"
    assert problem(client.post("/upload"), 422, "unprocessable")["errors"][0]["pointer"] == "/image"


def test_broken_json(client: TestClient) -> None:
    response = client.post("/network", content='{"layers": [}', headers={"Content-Type": "application/json"})
    body = problem(response, 422, "unprocessable")
    assert body["errors"] == [{"pointer": "", "detail": "not JSON: Expecting value at character 12"}]


@pytest.mark.parametrize(
    "content", ["[" * 200_000, '{"layers": [' + "9" * 5000 + "]}", b"\xff\xfe{", '{"layers": "\x00']
)
def test_hostile_json_is_refused(client: TestClient, content: str | bytes) -> None:
    response = client.post("/network", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code in {400, 422}
    problem(response, response.status_code, "bad-request" if response.status_code == 400 else "unprocessable")


def test_half_characters_can_be_answered(client: TestClient) -> None:
    response = client.get("/surrogate")
    assert response.status_code == 422
    assert json.loads(response.content)["errors"][0]["pointer"] == "/\udfff"


def test_many_errors_are_summed_up(client: TestClient) -> None:
    layers = [{"type": "Conv", "kernel_size": "x"}] * 5
    body = problem(client.post("/network", json={"layers": layers}), 422, "unprocessable")
    assert len(body["errors"]) == 5
    assert "and 2 more" in body["detail"]


HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}


@pytest.mark.parametrize("path", ["/nowhere", "/crash", "/layer", "/query?limit=0", "/teapot"])
def test_a_person_gets_a_page(client: TestClient, path: str) -> None:
    plain, response = client.get(path), client.get(path, headers=HTML)
    assert response.headers["content-type"].startswith("text/html")
    assert response.status_code == plain.status_code >= 400
    assert response.headers["x-page"] == path.partition("?")[0]


def test_a_page_keeps_the_headers_of_the_problem(client: TestClient) -> None:
    assert client.get("/later", headers=HTML).headers["retry-after"] == "7"


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/api/crash", HTML["Accept"]),
        ("/nowhere", "*/*"),
        ("/nowhere", "application/json, text/html"),
        ("/nowhere", ""),
    ],
)
def test_a_program_gets_json(client: TestClient, path: str, accept: str) -> None:
    assert client.get(path, headers={"Accept": accept}).headers["content-type"] == MEDIA_TYPE


def test_instance_is_the_path_as_a_uri(client: TestClient) -> None:
    response = client.get("/gr%C3%BCn%20%3Cb%3E%3F")
    assert response.json()["instance"] == "/gr%C3%BCn%20%3Cb%3E%3F"


def test_failure_after_the_answer_began_cannot_be_answered_again() -> None:
    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError(SECRET)

    with pytest.raises(RuntimeError, match=SECRET):
        TestClient(problems.ProblemMiddleware(half)).get("/")


def test_openapi_of_responses() -> None:
    documented = problems.responses(Unprocessable, TooManyRequests)
    assert set(documented) == {422, 429}
    schema = documented[422]["content"][MEDIA_TYPE]["schema"]
    assert schema == {"$ref": "#/components/schemas/ProblemBody"}
