"""Answers in pieces, held until they are read."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message

from app.colorizing.inbox import Inbox, InboxFull
from app.colorizing.outgoing import PIECE, Outgoing

SCOPE: dict[str, Any] = {"type": "http", "method": "POST", "headers": []}


async def receive() -> Message:
    raise AssertionError


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1, 3 * PIECE + 7])
def test_all_of_it_arrives_and_is_held_meanwhile(size: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    inbox = Inbox(10 * PIECE)
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)
        if size > PIECE:
            with pytest.raises(InboxFull):
                inbox.take("reader", 10 * PIECE)

    asyncio.run(Outgoing(inbox, "reader", content, "image/png", {"X-Model": "m"})(SCOPE, receive, send))
    start, *bodies = messages
    headers = dict(start["headers"])
    assert (start["status"], headers[b"content-length"]) == (200, str(size).encode())
    assert (headers[b"x-model"], headers[b"content-type"]) == (b"m", b"image/png")
    assert b"".join(body["body"] for body in bodies) == content
    assert all(len(body["body"]) <= PIECE for body in bodies)
    assert [body.get("more_body", False) for body in bodies] == [True] * (len(bodies) - 1) + [False]
    inbox.take("reader", 10 * PIECE)


def test_a_reader_who_goes_gives_back_what_was_held() -> None:
    inbox = Inbox(10 * PIECE)

    async def send(_: Message) -> None:
        raise OSError

    with pytest.raises(OSError):
        asyncio.run(Outgoing(inbox, "gone", bytes(2 * PIECE), "image/png", {})(SCOPE, receive, send))
    inbox.take("gone", 10 * PIECE)
