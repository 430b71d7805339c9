"""What all guards share: paths that are asked without credentials, and the log line of a refusal."""

import structlog
from starlette.types import Scope

HEALTH_PATHS = frozenset({"/healthz", "/readyz"})
"""Asked by machines without credentials; they tell nothing of users."""

log = structlog.get_logger(__name__)


def note_refusal(scope: Scope, why: str, **more: object) -> None:
    """Log that a request was refused for safety's sake: why, what was asked, by whom."""
    client = client[0] if (client := scope.get("client")) else None
    log.warning("refused", why=why, method=scope["method"], path=scope["path"], client=client, **more)
