"""API keys at the door."""

import base64
from pathlib import Path

import pytest
import structlog.testing
from starlette.middleware import Middleware

from app import guards
from app.keyring import KeyRing
from app.keys import Key, add_key, digest, revoke_key
from app.scopes import ALL
from tests.guards.small_app import behind, is_problem


def basic(password: str, name: str = "anyone") -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def test_api_keys(keys: Path) -> None:
    key = add_key(keys, "ada")
    client = behind(Middleware(guards.ApiKeyMiddleware, keys=KeyRing(keys)))
    for header in ({"Authorization": f"Bearer {key}"}, {"X-API-Key": key}, {"Authorization": basic(key)}):
        assert client.get("/", headers=header).status_code == 200, header
    for value in (
        "",
        f"Bearer {key}x",
        "Bearer ",
        basic("wrong"),
        "Basic %%%",
        "Basic /w==",
        f"Digest {key}",
        key,
    ):
        response = client.get("/", headers={"Authorization": value})
        assert is_problem(response, 401), value
        assert response.headers["www-authenticate"].startswith("Basic ")
    revoke_key(keys, "ada")
    assert is_problem(client.get("/", headers={"X-API-Key": key}), 401)


def test_health_and_static_files_need_no_key(keys: Path) -> None:
    add_key(keys, "ada")
    client = behind(Middleware(guards.ApiKeyMiddleware, keys=KeyRing(keys)))
    assert client.get("/healthz").status_code == client.get("/static/x").status_code == 200


def test_a_key_without_the_scope_is_refused_and_told_which(keys: Path) -> None:
    lacking, having = add_key(keys, "ada", ["shapes"]), add_key(keys, "ben", ["jobs:read"])
    client = behind(Middleware(guards.ApiKeyMiddleware, keys=KeyRing(keys)))
    with structlog.testing.capture_logs() as logged:
        response = client.get("/api/v1/jobs/1", headers={"X-API-Key": lacking})
    assert is_problem(response, 403)
    assert response.json()["detail"] == (
        "The key ada lacks the scope `batches` or `jobs:read` or `jobs:write`."
    )
    assert 'error="insufficient_scope"' in response.headers["www-authenticate"]
    assert [(each["event"], each["key"], each["why"]) for each in logged] == [
        ("refused", "ada", "a key without the scope")
    ]
    assert client.get("/api/v1/jobs/1", headers={"X-API-Key": having}).status_code == 200
    assert client.get("/", headers={"X-API-Key": lacking}).status_code == 200, "needs a key, but no scope"


def test_an_expired_key_is_refused(keys: Path) -> None:
    keys.write_text(
        f"ada sha256:{digest('old')} expires=2020-01-01\nben sha256:{digest('new')} expires=2999-01-01"
    )
    client = behind(Middleware(guards.ApiKeyMiddleware, keys=KeyRing(keys)))
    response = client.get("/", headers={"X-API-Key": "old"})
    assert is_problem(response, 401)
    assert "expired" in response.json()["detail"]
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
    assert client.get("/", headers={"X-API-Key": "new"}).status_code == 200


def test_refusals_are_logged_without_what_was_shown(keys: Path) -> None:
    add_key(keys, "ada")
    client = behind(Middleware(guards.ApiKeyMiddleware, keys=KeyRing(keys)))
    shown = "chromalab_secret-of-somebody"
    with structlog.testing.capture_logs() as logged:
        for headers in ({"X-API-Key": shown}, {"Authorization": f"Bearer {shown}"}):
            assert is_problem(client.get("/", headers=headers), 401)
        assert is_problem(client.get("/", headers={"Authorization": basic(shown)}), 401)
    assert [each["why"] for each in logged] == ["an unknown key"] * 3
    assert all(each["client"] == "testclient" for each in logged)
    assert shown not in str(logged)


def test_a_batch_is_its_owners_and_the_lab_is_for_all_who_may_see_it() -> None:
    def of(*scopes: str) -> dict[str, object]:
        return {"chromalab.key": Key("ada", "", frozenset(ALL & set(scopes)))}

    nobody: dict[str, object] = {}
    for scope, is_batch, owner, seen in (
        (nobody, True, "host:192.0.2.1", True),
        (nobody, False, "host:192.0.2.1", True),
        (of("batches"), True, "key:ada", True),
        (of("batches"), True, "key:ben", False),
        (of("batches"), True, "host:192.0.2.1", False),
        (of("batches"), False, "key:ada", False),
        (of("jobs:read"), False, "key:ben", True),
        (of("jobs:write"), False, "key:ben", True),
    ):
        assert guards.may_see(scope, owner, is_batch=is_batch) is seen, (scope, is_batch, owner)
