"""Bodies: how large they may be, and how slowly they may come."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from starlette.middleware import Middleware
from starlette.types import Message

from app import guards, problems
from tests.guards.small_app import behind, is_problem

LIMIT = 1000


def chunks(size: int) -> Iterator[bytes]:
    """A body whose length is not declared."""
    for _ in range(size // 100):
        yield b"x" * 100


@pytest.fixture
def limited() -> TestClient:
    return behind(Middleware(guards.BodyLimitMiddleware, max_bytes=LIMIT))


@pytest.mark.parametrize("path", ["/", "/unread", "/nowhere"])
def test_declared_body_over_the_limit(limited: TestClient, path: str) -> None:
    response = limited.post(path, content=b"x" * (LIMIT + 1))
    assert is_problem(response, 413)
    assert str(LIMIT) in response.json()["detail"]


def test_undeclared_body_over_the_limit(limited: TestClient) -> None:
    assert is_problem(limited.post("/", content=chunks(LIMIT + 100)), 413)


def test_undeclared_upload_over_the_limit(limited: TestClient) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    body = (part for part in (head, *chunks(LIMIT), b"\r\n--b--\r\n"))
    response = limited.post(
        "/upload", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert is_problem(response, 413)


@pytest.mark.parametrize("declared", ["9" * 30, "9" * 5000, "0" * 40 + "1001"])
def test_absurd_declared_lengths(limited: TestClient, declared: str) -> None:
    assert is_problem(limited.post("/", content=b"", headers={"Content-Length": declared}), 413)


def test_body_at_the_limit(limited: TestClient) -> None:
    assert limited.post("/", content=b"x" * LIMIT).json() == LIMIT
    assert limited.post("/", content=chunks(LIMIT)).json() == LIMIT


def asked(path: str, pieces: list[tuple[float, bytes]]) -> tuple[int, dict[str, str]]:
    """Status and headers of a POST whose body comes in pieces, each after a pause, and never ends."""
    app = behind(Middleware(guards.BodyPaceMiddleware, pause=0.3, bytes_a_second=1000)).app
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"content-type", b"multipart/form-data; boundary=b")],
    }
    waiting, messages = iter(pieces), []

    async def receive() -> Message:
        for pause, body in waiting:
            await asyncio.sleep(pause)
            return {"type": "http.request", "body": body, "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        messages.append(message)

    asyncio.run(asyncio.wait_for(app(scope, receive, send), 30))
    headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return messages[0]["status"], headers


@pytest.mark.parametrize("path", ["/", "/upload"])
@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [(0.0, b"--b")],
        [(0.1, b"--b")] * 30,  # never a long pause, and yet far too slow
    ],
)
def test_a_body_that_does_not_come_is_given_up(path: str, pieces: list[tuple[float, bytes]]) -> None:
    begun = time.monotonic()
    status, headers = asked(path, pieces)
    assert (status, headers["content-type"], headers["connection"]) == (408, problems.MEDIA_TYPE, "close")
    assert time.monotonic() - begun < 2.5, "30 pieces would take 3 s"


def test_a_body_that_is_not_wanted_is_not_waited_for() -> None:
    assert asked("/unread", [])[0] == 200


def test_a_quick_body_may_be_followed_by_a_long_wait() -> None:
    app = FastAPI(middleware=[Middleware(guards.BodyPaceMiddleware, pause=0.1)], openapi_url=None)

    @app.post("/")
    async def slow(request: Request) -> int:
        length = len(await request.body())
        with suppress(TimeoutError):  # who listens for the client's leaving is not told of lateness
            await asyncio.wait_for(request.receive(), 0.3)
        return length

    assert TestClient(app).post("/", content=b"x" * 1000).json() == 1000
