"""Security headers: what browsers may do with an answer, and who may keep it."""

from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.guards.admission import key_of

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "style-src 'self'",
        "script-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
)
SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",  # not `no-referrer`: forms would be sent with `Origin: null`
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
STRICT_TRANSPORT = {
    "host": "max-age=31536000",
    "subdomains": "max-age=31536000; includeSubDomains",
}
_PRIVATE = ("/api/v1/colorize", "/api/v1/jobs", "/batch/", "/colorize", "/lab/jobs/")
"""Whose answers are of one person: pictures, jobs, and the pages about them."""


class SecurityHeadersMiddleware:
    """Adds the security headers that a response does not set itself; a page may so relax its own policy.

    `strict_transport` is what answers to HTTPS requests say to browsers: to come back by HTTPS only.
    """

    def __init__(self, app: ASGIApp, strict_transport: str | None = STRICT_TRANSPORT["subdomains"]) -> None:
        self.app = app
        self.strict_transport = strict_transport

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; complete the headers of its answer."""

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if scope.get("scheme") == "https" and self.strict_transport:
                    headers.setdefault("Strict-Transport-Security", self.strict_transport)
                if headers.get("content-type") == "image/svg+xml":  # Starlette adds it to text/ only
                    headers["content-type"] = "image/svg+xml; charset=utf-8"
                _keep_private(scope, headers)
            await send(message)

        await self.app(scope, receive, complete)


def _keep_private(scope: Scope, headers: MutableHeaders) -> None:
    """Have no cache keep what was answered to a key, nor what is of one person, unless the route says so."""
    if key_of(scope) is not None:
        if "public" not in headers.get("cache-control", ""):
            headers["Cache-Control"] = "no-store"
    elif scope["path"].startswith(_PRIVATE):
        headers.setdefault("Cache-Control", "no-store")
