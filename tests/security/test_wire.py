"""What comes over the wire, byte by byte: message boundaries, paths, and what proxies say."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from app.serving.server import configuration
from app.settings import Settings

PATIENCE = 60.0


async def told(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with what the application is told of a request."""
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message["body"]
        if not message["more_body"]:
            break
    content = json.dumps(
        {
            "path": scope["path"],
            "method": scope["method"],
            "client": scope["client"][0],
            "scheme": scope["scheme"],
            "body": body.decode("latin-1"),
        }
    ).encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": content})


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[int]:
    """A server as the service has it, in front of `told`; its port."""
    config = configuration(told, settings)  # type: ignore[arg-type]
    config.lifespan = "off"
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield int(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = server.force_exit = True
        await running


def sent(tmp_path: Path, raw: bytes, trusted: list[str]) -> bytes:
    """All that comes back for some bytes, until the server or the clock ends it."""
    settings = Settings(port=0, data_dir=tmp_path, trusted_proxies=trusted)

    async def exchange() -> bytes:
        async with asyncio.timeout(PATIENCE), serving(settings) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(raw)
                await writer.drain()
                return await reader.read(-1)
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()

    return asyncio.run(exchange())


def answered(came: bytes) -> list[dict[str, str]]:
    """What the application was told, of each request that it got."""
    return [
        json.loads(part[part.index(b"{") : part.rindex(b"}") + 1]) for part in came.split(b"HTTP/1.1 200")[1:]
    ]


def request(path: bytes = b"/", *headers: bytes, method: bytes = b"GET", body: bytes = b"") -> bytes:
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: x", b"Connection: close", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def test_a_path_is_decoded_once(tmp_path: Path) -> None:
    (once,) = answered(sent(tmp_path, request(b"/h%256Frses"), []))
    assert once["path"] == "/h%6Frses"


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        (b"Content-Length: 5", b"Content-Length: 6"),
        (b"Content-Length: -1",),
        (b"Content-Length: +5",),
        (b"Content-Length: 5, 5",),
        (b"Transfer-Encoding : chunked", b"Content-Length: 5"),
        (b"Content-Length : 5",),
    ],
)
def test_a_message_without_a_clear_end_is_refused(tmp_path: Path, headers: tuple[bytes, ...]) -> None:
    came = sent(tmp_path, request(b"/", *headers, method=b"POST", body=b"0\r\n\r\n" + SMUGGLED), [])
    assert came.startswith(b"HTTP/1.1 400")
    assert answered(came) == []


def test_chunks_go_before_a_length_and_nothing_is_smuggled_behind_them(tmp_path: Path) -> None:
    headers = (b"Transfer-Encoding: chunked", b"Content-Length: 4")
    body = b"3\r\nabc\r\n0\r\n\r\n"
    came = sent(tmp_path, request(b"/", *headers, method=b"POST", body=body + SMUGGLED), [])
    found = answered(came)
    assert all(each["path"] != "/smuggled" for each in found)
    assert [each["body"] for each in found] == ["abc"] or came.startswith(b"HTTP/1.1 400")


FORWARDED = (b"X-Forwarded-For: 198.51.100.7", b"X-Forwarded-Proto: https")


@pytest.mark.parametrize("trusted", [["192.0.2.1"], []])
def test_who_is_no_trusted_proxy_cannot_say_who_asks(tmp_path: Path, trusted: list[str]) -> None:
    more = (b"X-Real-IP: 198.51.100.7", b"Forwarded: for=198.51.100.7;proto=https")
    (found,) = answered(sent(tmp_path, request(b"/", *FORWARDED, *more), trusted))
    assert (found["client"], found["scheme"]) == ("127.0.0.1", "http")


def test_a_trusted_proxy_says_who_asks(tmp_path: Path) -> None:
    (found,) = answered(sent(tmp_path, request(b"/", *FORWARDED), ["127.0.0.1"]))
    assert (found["client"], found["scheme"]) == ("198.51.100.7", "https")


def test_what_the_client_put_before_the_proxy_s_word_is_not_believed(tmp_path: Path) -> None:
    chain = b"X-Forwarded-For: 203.0.113.9, 198.51.100.7"
    (found,) = answered(sent(tmp_path, request(b"/", chain), ["127.0.0.1"]))
    assert found["client"] == "198.51.100.7"
