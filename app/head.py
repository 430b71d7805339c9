"""HEAD for every path that takes GET: the same headers, and no body (RFC 9110, 9.3.2)."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadMiddleware:
    """Has HEAD answered as GET is, keeps the body back, and names HEAD wherever `Allow` names GET."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, HEAD as GET; what stands outside, the server above all, sees HEAD again."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method, answered = scope["method"], False

        async def complete(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                scope["method"] = method
                _allow_head(message)
            if not answered:
                await send(message)
            if message["type"] == "http.response.start" and method == "HEAD":
                # Ended here and now, because a stream of events would go on until its reader leaves.
                await send({"type": "http.response.body"})
                answered = True

        if method == "HEAD":
            scope["method"] = "GET"  # in place: the routes write what they matched into this very scope
        try:
            await self.app(scope, receive, complete)
        finally:
            scope["method"] = method


def _allow_head(message: Message) -> None:
    headers = MutableHeaders(scope=message)
    allowed = {name.strip() for name in headers.get("allow", "").split(",")}
    if "GET" in allowed:
        headers["allow"] = ", ".join(sorted(allowed | {"HEAD"}))
