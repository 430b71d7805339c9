"""Which host names the service answers to, and which other sites' pages may send it something."""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.guards.refusals import HEALTH_PATHS, note_refusal
from app.problems import BadRequest, Forbidden

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


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
            note_refusal(scope, "unknown host name", host=Headers(scope=scope).get("host", ""))
            raise BadRequest(
                "This service does not go by the host name that was asked for. "
                "Its operator can add the name to CHROMALAB_ALLOWED_HOSTS."
            )

        await TrustedHostMiddleware(known, self.allowed_hosts, www_redirect=False)(scope, receive, refuse)


class OtherSitesMiddleware:
    """Refuses what another site's page sends from a person's browser, unless that site is named in CORS.

    Browsers say where a request comes from in Sec-Fetch-Site, and where they do not, as on plain HTTP or in
    old ones, in Origin. Programs send neither.
    """

    def __init__(self, app: ASGIApp, allowed_origins: Sequence[str]) -> None:
        self.app = app
        self.allowed_origins = frozenset(allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or raise Forbidden."""
        if scope["type"] == "http" and scope["method"] not in _SAFE_METHODS:
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            site = headers.get("sec-fetch-site")
            if site is None:
                foreign = origin is not None and not _is_own(origin, headers.get("host", ""))
            else:
                foreign = site not in {"same-origin", "none"}
            if foreign and origin not in self.allowed_origins:
                note_refusal(scope, "a page of another site", origin=origin)
                raise Forbidden(
                    "A page of another site sent this, and this service takes nothing from there."
                )
        await self.app(scope, receive, send)


def _is_own(origin: str, host: str) -> bool:
    """Whether an origin is the host that was asked; its scheme may have ended at a proxy."""
    try:
        there, here = urlsplit(origin), urlsplit(f"//{host}")
        usual = {None, 80, 443}
        same_port = there.port == here.port or {there.port, here.port} <= usual
        return bool(there.hostname) and there.hostname == here.hostname and same_port
    except ValueError:  # a port that is none, a broken bracket
        return False


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
