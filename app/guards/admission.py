"""API keys: who is let in, to do what."""

import base64
import binascii

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.guards.refusals import HEALTH_PATHS, note_refusal
from app.keyring import KeyRing
from app.keys import Key
from app.problems import Forbidden, Unauthorized
from app.scopes import LAB_SCOPES, needed

_KEY = "chromalab.key"
"""Where in the scope the request's API key is."""
CHALLENGE = 'Basic realm="Chromalab", charset="UTF-8", Bearer'


class ApiKeyMiddleware:
    """Lets in who shows a known key, as a Bearer token, as `X-API-Key`, or, for browsers, as a password.

    The key must have a scope that the request needs, and must not have expired.
    """

    def __init__(self, app: ASGIApp, keys: KeyRing) -> None:
        self.app = app
        self.keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its key noted, or raise Unauthorized or Forbidden."""
        if scope["type"] == "http" and not _is_open(scope["path"]):
            key = self._known(scope)
            wanted = needed(scope["method"], scope["path"])
            if wanted and not wanted & key.scopes:
                note_refusal(scope, "a key without the scope", key=key.name, wanted=sorted(wanted))
                names = " or ".join(f"`{name}`" for name in sorted(wanted))
                raise Forbidden(
                    f"The key {key.name} lacks the scope {names}.",
                    headers={
                        "WWW-Authenticate": "Bearer "
                        f'error="insufficient_scope", scope="{" ".join(sorted(wanted))}"'
                    },
                )
            scope[_KEY] = key
        await self.app(scope, receive, send)

    def _known(self, scope: Scope) -> Key:
        shown = _key_shown(Headers(scope=scope))
        if shown is None:
            raise Unauthorized(
                "Send a key as Authorization: Bearer or as X-API-Key.",
                headers={"WWW-Authenticate": CHALLENGE},
            )
        key = self.keys.find(shown)
        if key is None or key.has_expired:
            note_refusal(
                scope, "an expired key" if key else "an unknown key", **({"key": key.name} if key else {})
            )
            raise Unauthorized(
                "The key has expired." if key else "The key is not known here.",
                headers={"WWW-Authenticate": f'{CHALLENGE} error="invalid_token"'},
            )
        return key


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


def key_of(scope: Scope) -> Key | None:
    """The API key that came with a request; None where the service asks for none."""
    key: Key | None = scope.get(_KEY)
    return key


def sees_lab(scope: Scope) -> bool:
    """Whether a request may see the lab's jobs."""
    return (key := key_of(scope)) is None or bool(key.scopes & LAB_SCOPES)
