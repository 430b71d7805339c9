"""Clients that are late, on real sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from app.serving import protocol as module
from app.serving.protocol import PunctualProtocol

SECONDS = 30.0
ANSWER = b"x" * 40_000_000


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """`/large` gives more than sockets hold, `/slow` comes a second after it was asked for."""
    if scope["path"] == "/slow":
        await asyncio.sleep(1.0)
    body = ANSWER if scope["path"] == "/large" else b"short"
    length = str(len(body)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def serving() -> AsyncIterator[tuple[str, int]]:
    config = uvicorn.Config(
        answer,
        http=PunctualProtocol,
        lifespan="off",
        log_config=None,
        port=0,
        ws="none",
        timeout_keep_alive=60,
    )
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[:2]
    finally:
        server.should_exit = True
        server.force_exit = True
        await running


def scene(play: Callable[[str, int], Coroutine[Any, Any, None]]) -> None:
    async def played() -> None:
        async with asyncio.timeout(SECONDS), serving() as (host, port):
            await play(host, port)

    asyncio.run(played())


async def short(reader: asyncio.StreamReader) -> None:
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
    assert await reader.readexactly(5) == b"short"


def test_one_that_says_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEAD_MAY_TAKE", 0.2)

    async def play(host: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        assert await reader.read() == b""
        writer.close()

    scene(play)


@pytest.mark.parametrize("before", [0, 2])
def test_a_head_that_comes_byte_by_byte_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch, before: int
) -> None:
    """Each byte puts nothing off; nor does a request that was answered before."""
    monkeypatch.setattr(module, "HEAD_MAY_TAKE", 0.3)

    async def play(host: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        for _ in range(before):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await short(reader)
        sent = 0
        reading = asyncio.create_task(reader.read())
        while not reading.done():
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: 1234567890"[sent : sent + 1] or b"1")
            sent += 1
            await asyncio.sleep(0.05)
        with suppress(ConnectionError):
            assert await reading == b""
        writer.close()

    scene(play)


def test_a_request_that_takes_long_to_answer_and_pauses_between_two_are_no_lateness(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "HEAD_MAY_TAKE", 0.4)

    async def play(host: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        for pause in (0.0, 0.6, 0.6):
            await asyncio.sleep(pause)
            writer.write(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
            await short(reader)
        writer.close()

    scene(play)


def test_an_answer_that_is_not_read_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READING_MAY_STALL", 0.3)

    async def play(host: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        with socket.create_connection((host, port)) as lazy:
            lazy.setblocking(False)
            await loop.sock_sendall(lazy, b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            await asyncio.sleep(1.5)
            got = 0
            with pytest.raises(ConnectionError):
                while piece := await loop.sock_recv(lazy, 1 << 20):
                    got += len(piece)
                raise ConnectionError  # some systems end it in good order
            assert got < len(ANSWER)

    scene(play)


def test_one_that_reads_slowly_gets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READING_MAY_STALL", 0.5)

    async def play(host: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        got = 0
        while piece := await reader.read(4_000_000):
            got += len(piece)
            await asyncio.sleep(0.01)
        assert got == len(ANSWER)
        writer.close()

    scene(play)
