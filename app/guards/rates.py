"""How often a client may ask, and who a client is."""

import ipaddress
import math
import time

from limits import parse_many
from limits.aio.storage import MemoryStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from app.guards.admission import key_of, sees_lab
from app.guards.refusals import HEALTH_PATHS, note_refusal
from app.problems import TooManyRequests


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
                    note_refusal(scope, "too many requests", limit=str(rate))
                    raise TooManyRequests(
                        f"More than {rate} are not taken; ask again in {wait} s.", retry_after=wait
                    )
        await self.app(scope, receive, send)


def _is_free(path: str) -> bool:
    return path in HEALTH_PATHS or path == "/metrics" or path.startswith(("/static/", "/docs/"))


def client_name(scope: Scope) -> str:
    """Who asks, for quotas: `key:` and a key's owner, or `host:` and an address (IPv6: its /64)."""
    if (key := key_of(scope)) is not None:
        return f"key:{key.name}"
    host = client[0] if (client := scope.get("client")) else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a Unix socket, or a proxy that names no address
        return f"host:{host}"
    if address.version == 6:
        return f"host:{ipaddress.ip_network((address, 64), strict=False)}"
    return f"host:{address}"


def may_see(scope: Scope, owner: str, *, is_batch: bool) -> bool:
    """Whether a request may touch a job that `owner` handed in.

    Without keys whoever has the id may. With keys a batch is its owner's, and the lab's jobs are for all
    whose keys have one of its scopes.
    """
    if key_of(scope) is None:
        return True
    return owner == client_name(scope) if is_batch else sees_lab(scope)
