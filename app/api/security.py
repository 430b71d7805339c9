"""How a client shows who it is, in the OpenAPI document of a service that asks for keys."""

from typing import Any

from app.guards import HEALTH_PATHS
from app.scopes import needed

SCHEMES: dict[str, dict[str, str]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key."},
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same."},
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "For browsers: any name, and the key as the password.",
    },
}


def add_security(document: dict[str, Any]) -> None:
    """Say of every operation how a key is shown and which scopes open it; any one of several is enough.

    OpenAPI reads a list of scopes as all of them, so each goes into an alternative of its own.
    """
    document.setdefault("components", {})["securitySchemes"] = SCHEMES
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if path in HEALTH_PATHS:
                operation["security"] = []
                continue
            scopes = sorted(needed(method.upper(), path))
            alternatives = [[scope] for scope in scopes] or [[]]
            operation["security"] = [{scheme: wanted} for wanted in alternatives for scheme in SCHEMES]
