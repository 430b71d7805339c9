"""What stands before every route: body size, host names, other sites, API keys, rates, response headers.

What is refused for safety's sake is logged as `refused`, with the reason and the client.
"""

from app.guards.admission import ApiKeyMiddleware, key_of, sees_lab
from app.guards.bodies import BodyLimitMiddleware, BodyPaceMiddleware
from app.guards.headers import (
    CONTENT_SECURITY_POLICY,
    SECURITY_HEADERS,
    STRICT_TRANSPORT,
    SecurityHeadersMiddleware,
)
from app.guards.rates import RateLimitMiddleware, client_name, may_see
from app.guards.refusals import HEALTH_PATHS
from app.guards.sites import OtherSitesMiddleware, TrustedHostsMiddleware, is_loopback, loopback_names

__all__ = [
    "CONTENT_SECURITY_POLICY",
    "HEALTH_PATHS",
    "SECURITY_HEADERS",
    "STRICT_TRANSPORT",
    "ApiKeyMiddleware",
    "BodyLimitMiddleware",
    "BodyPaceMiddleware",
    "OtherSitesMiddleware",
    "RateLimitMiddleware",
    "SecurityHeadersMiddleware",
    "TrustedHostsMiddleware",
    "client_name",
    "is_loopback",
    "key_of",
    "loopback_names",
    "may_see",
    "sees_lab",
]
