"""Bodies: how many bytes they may have, and how fast they must come."""

import asyncio
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems import TooLarge

BODY_MAY_PAUSE = 20.0
"""Seconds that the next piece of a body may take to come."""
BODY_PACE = 4096
"""Bytes a second that a body must come at in the long run, or it would hold its place for ever."""


class BodyLimitMiddleware:
    """Refuses a body by its declared length before it is read, and any other once too much of it has come.

    `others` are limits of single paths.
    """

    def __init__(self, app: ASGIApp, max_bytes: int, others: Mapping[str, int] | None = None) -> None:
        self.max_bytes, self.others = max_bytes, others or {}
        # Starlette's counts the bytes; by itself it would answer a declared length in plain text.
        limits = {max_bytes, *self.others.values()}
        self.counting = {limit: RequestBodyLimitMiddleware(app, limit) for limit in limits}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise TooLarge."""
        limit = self.others.get(scope["path"], self.max_bytes) if scope["type"] == "http" else self.max_bytes
        if scope["type"] == "http":
            declared = Headers(scope=scope).get("content-length", "0")
            digits = declared.lstrip("0")[:20]  # far beyond any limit, and int() refuses thousands of them
            if digits.isascii() and digits.isdigit() and int(digits) > limit:
                raise TooLarge(f"The body has {digits} bytes; this service takes up to {limit}.")
        await self.counting[limit](scope, receive, send)


class BodyPaceMiddleware:
    """Gives up a body that comes too slowly: each piece within a while, all of it at some least speed."""

    def __init__(self, app: ASGIApp, pause: float = BODY_MAY_PAUSE, bytes_a_second: int = BODY_PACE) -> None:
        self.app = app
        self.pause, self.bytes_a_second = pause, bytes_a_second

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; whoever reads its body meets a 408 when the client is late."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun: float | None = None
        count, whole = 0, False

        async def in_time() -> Message:
            nonlocal begun, count, whole
            if whole:  # what comes now is that the client has gone, and that may take its time
                return await receive()
            clock = asyncio.get_running_loop().time
            if begun is None:
                begun = clock()
            due = min(clock() + self.pause, begun + self.pause + count / self.bytes_a_second)
            try:
                async with asyncio.timeout_at(due):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(  # a kind that FastAPI does not take for a broken body
                    408,
                    f"The body came too slowly: each piece is awaited for {self.pause:g} s, "
                    f"and all of it at {self.bytes_a_second:,} bytes a second or more.",
                    headers={"Connection": "close"},
                ) from None
            count += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            return message

        await self.app(scope, in_time, send)
