"""What stands before every route: body size, host names, other sites, API keys, rates, response headers."""

import asyncio
import base64
import binascii
import ipaddress
import math
import time
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from limits import parse_many
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.keys import KeyRing
from app.problems import BadRequest, Forbidden, TooLarge, TooManyRequests, Unauthorized

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
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
HEALTH_PATHS = frozenset({"/healthz", "/readyz"})
"""Asked by machines without credentials; they tell nothing of users."""
BODY_MAY_PAUSE = 20.0
"""Seconds that the next piece of a body may take to come."""
BODY_PACE = 4096
"""Bytes a second that a body must come at in the long run, or it would hold its place for ever."""
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_CLIENT = "chromalab.client"
"""Key in the scope: name of the API key's owner."""


class SecurityHeadersMiddleware:
    """Adds the security headers that a response does not set itself; a page may so relax its own policy."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; complete the headers of its answer."""

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                if scope.get("scheme") == "https":
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        await self.app(scope, receive, complete)


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


class TrustedHostsMiddleware:
    """Answers only to host names it is known by, so that no foreign name can be pointed at the service."""

    def __init__(self, app: ASGIApp, allowed_hosts: Sequence[str]) -> None:
        self.app = app
        self.allowed_hosts = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise BadRequest."""

        if scope["type"] == "http" and scope["path"] in HEALTH_PATHS:  # orchestrators ask by address
            await self.app(scope, receive, send)
            return

        async def known(scope: Scope, receive: Receive, _: Send) -> None:
            await self.app(scope, receive, send)

        async def refuse(_: Message) -> None:
            raise BadRequest(
                "This service does not go by the host name that was asked for. "
                "Its operator can add the name to CHROMALAB_ALLOWED_HOSTS."
            )

        await TrustedHostMiddleware(known, self.allowed_hosts, www_redirect=False)(scope, receive, refuse)


class OtherSitesMiddleware:
    """Refuses what another site's page sends from a person's browser, unless that site is named in CORS."""

    def __init__(self, app: ASGIApp, allowed_origins: Sequence[str]) -> None:
        self.app = app
        self.allowed_origins = frozenset(allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise Forbidden."""
        if scope["type"] == "http" and scope["method"] not in _SAFE_METHODS:
            headers = Headers(scope=scope)
            foreign = headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}
            if foreign and headers.get("origin") not in self.allowed_origins:
                raise Forbidden(
                    "A page of another site sent this, and this service takes nothing from there."
                )
        await self.app(scope, receive, send)


class ApiKeyMiddleware:
    """Lets in who shows a known key, as a Bearer token, as `X-API-Key`, or, for browsers, as a password."""

    def __init__(self, app: ASGIApp, keys: KeyRing) -> None:
        self.app = app
        self.keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its key's owner noted, or raise Unauthorized."""
        if scope["type"] == "http" and not _is_open(scope["path"]):
            key = _key_shown(Headers(scope=scope))
            owner = self.keys.owner(key) if key else None
            if owner is None:
                raise Unauthorized(
                    "The key is not known here."
                    if key
                    else "Send a key as Authorization: Bearer or as X-API-Key.",
                    headers={"WWW-Authenticate": 'Basic realm="Chromalab", charset="UTF-8", Bearer'},
                )
            scope[_CLIENT] = owner
        await self.app(scope, receive, send)


def _is_open(path: str) -> bool:
    return path in HEALTH_PATHS or path.startswith("/static/")


def _key_shown(headers: Headers) -> str | None:
    if key := headers.get("x-api-key"):
        return key
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    credentials = credentials.strip()
    if scheme.lower() == "bearer":
        return credentials or None
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(credentials, validate=True).decode().partition(":")[2] or None
        except (binascii.Error, UnicodeDecodeError):
            return None
    return None


class RateLimitMiddleware:
    """Bounds what one client may ask in a while; a client is a key's owner, or an address (IPv6: its /64)."""

    def __init__(self, app: ASGIApp, rates: str, counted_in: Storage | None = None) -> None:
        self.app = app
        self.rates = parse_many(rates)
        self.limiter = MovingWindowRateLimiter(counted_in or MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise TooManyRequests with the time after which to ask again."""
        if scope["type"] == "http" and not _is_free(scope["path"]):
            client = client_name(scope)
            for rate in self.rates:
                if not await self.limiter.hit(rate, client):
                    window = await self.limiter.get_window_stats(rate, client)
                    wait = max(1, math.ceil(window.reset_time - time.time()))
                    raise TooManyRequests(
                        f"More than {rate} are not taken; ask again in {wait} s.", retry_after=wait
                    )
        await self.app(scope, receive, send)


def _is_free(path: str) -> bool:
    return path in HEALTH_PATHS or path == "/metrics" or path.startswith(("/static/", "/docs/"))


def client_name(scope: Scope) -> str:
    """Who asks, for quotas: `key:` and a key's owner, or `host:` and an address (IPv6: its /64)."""
    if owner := scope.get(_CLIENT):
        return f"key:{owner}"
    host = client[0] if (client := scope.get("client")) else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a Unix socket, or a proxy that names no address
        return f"host:{host}"
    if address.version == 6:
        return f"host:{ipaddress.ip_network((address, 64), strict=False)}"
    return f"host:{address}"


def is_loopback(host: str) -> bool:
    """Whether a listening address can be reached from this machine only."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def loopback_names(host: str) -> list[str]:
    """Host names by which a service listening on a loopback address is asked."""
    own = f"[{host}]" if ":" in host else host
    return sorted({"localhost", "127.0.0.1", "[::1]", urlsplit(f"//{own}").netloc})
