"""Security headers."""

from pathlib import Path

import pytest
from starlette.middleware import Middleware

from app import guards
from app.keyring import KeyRing
from app.keys import add_key
from tests.guards.small_app import behind


def test_security_headers_everywhere() -> None:
    client = behind(Middleware(guards.SecurityHeadersMiddleware))
    for path in ("/", "/nowhere"):
        headers = client.get(path).headers
        assert {name: headers[name] for name in guards.SECURITY_HEADERS} == dict(guards.SECURITY_HEADERS)
        assert "strict-transport-security" not in headers
    assert client.get("https://testserver/").headers["strict-transport-security"]


def test_no_inline_script_or_style_is_allowed() -> None:
    assert "unsafe" not in guards.CONTENT_SECURITY_POLICY


def test_a_route_may_set_its_own_policy() -> None:
    client = behind(Middleware(guards.SecurityHeadersMiddleware))
    assert client.get("/own-policy").headers["content-security-policy"] == "default-src 'none'"


@pytest.mark.parametrize(
    ("setting", "promised"),
    [
        ("subdomains", "max-age=31536000; includeSubDomains"),
        ("host", "max-age=31536000"),
        ("off", None),
    ],
)
def test_browsers_are_told_to_come_back_by_https(setting: str, promised: str | None) -> None:
    kept = guards.STRICT_TRANSPORT.get(setting)
    client = behind(Middleware(guards.SecurityHeadersMiddleware, strict_transport=kept))
    assert client.get("https://testserver/").headers.get("strict-transport-security") == promised
    assert "strict-transport-security" not in client.get("http://testserver/").headers


def test_what_a_key_was_answered_is_kept_by_nobody(tmp_path: Path) -> None:
    key = add_key(tmp_path / "keys", "ada")
    keyed = Middleware(guards.ApiKeyMiddleware, keys=KeyRing(tmp_path / "keys"))
    client = behind(Middleware(guards.SecurityHeadersMiddleware), keyed)
    asked = {path: client.get(path, headers={"X-API-Key": key}) for path in ("/", "/kept", "/public")}
    told = {path: response.headers["cache-control"] for path, response in asked.items()}
    assert told == {"/": "no-store", "/kept": "no-store", "/public": "public, max-age=60"}


def test_what_is_of_one_person_is_kept_by_nobody() -> None:
    client = behind(Middleware(guards.SecurityHeadersMiddleware))
    assert client.get("/api/v1/jobs/1").headers["cache-control"] == "no-store"
    assert client.get("/kept").headers["cache-control"] == "private, max-age=60"
    assert "cache-control" not in client.get("/").headers


def test_drawings_tell_their_charset() -> None:
    client = behind(Middleware(guards.SecurityHeadersMiddleware))
    assert client.get("/drawing").headers["content-type"] == "image/svg+xml; charset=utf-8"
