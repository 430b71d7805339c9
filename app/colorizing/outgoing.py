"""Answers that are sent as fast as they are read, and count against their reader until then."""

from collections.abc import Mapping

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.colorizing.inbox import Inbox

PIECE = 256 * 1024
"""Bytes handed to the server at a time; it takes the next when the client has read on."""


class Outgoing(Response):
    """A response in pieces. What fits in one is sent as any other: the socket holds as much."""

    def __init__(
        self, inbox: Inbox, client: str, content: bytes, media_type: str, headers: Mapping[str, str]
    ) -> None:
        super().__init__(content, media_type=media_type, headers=headers)
        self._inbox, self._client = inbox, client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        if len(self.body) <= PIECE:
            await super().__call__(scope, receive, send)
            return
        with self._inbox.sending(self._client, len(self.body)):
            start = {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
            await send(start)
            rest = memoryview(self.body)
            while rest:
                piece, rest = rest[:PIECE], rest[PIECE:]
                message = {"type": "http.response.body", "body": bytes(piece), "more_body": bool(rest)}
                await send(message)
