"""How often a client may ask, and who a client is."""

import time
from pathlib import Path

import pytest
import structlog.testing
from fastapi.testclient import TestClient
from starlette.middleware import Middleware

from app import guards
from app.keyring import KeyRing
from app.keys import add_key
from app.serving.rates import SharedWindows
from tests.guards.small_app import behind, is_problem


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def test_rate_limit_counts_and_tells_when_to_come_back() -> None:
    client = behind(Middleware(guards.RateLimitMiddleware, rates="3/minute;100/hour"))
    assert [client.get("/").status_code for _ in range(4)] == [200, 200, 200, 429]
    response = client.get("/")
    assert is_problem(response, 429)
    assert 50 <= int(response.headers["retry-after"]) <= 60
    assert client.get("/healthz").status_code == client.get("/static/x").status_code == 200


def test_a_refusal_is_logged() -> None:
    client = behind(Middleware(guards.RateLimitMiddleware, rates="1/hour"))
    with structlog.testing.capture_logs() as logged:
        assert [client.get("/").status_code for _ in range(2)] == [200, 429]
    assert [(each["event"], each["why"], each["client"]) for each in logged] == [
        ("refused", "too many requests", "testclient")
    ]


def test_rate_limit_ends() -> None:
    client = behind(Middleware(guards.RateLimitMiddleware, rates="1/second"))
    assert client.get("/").status_code == 200
    response = client.get("/")
    assert is_problem(response, 429)
    time.sleep(int(response.headers["retry-after"]) + 0.05)
    assert client.get("/").status_code == 200


def test_each_key_has_its_own_rate(keys: Path) -> None:
    ada, bob = add_key(keys, "ada"), add_key(keys, "bob")
    client = behind(
        Middleware(guards.ApiKeyMiddleware, keys=KeyRing(keys)),
        Middleware(guards.RateLimitMiddleware, rates="1/minute"),
    )
    statuses = [client.get("/", headers={"X-API-Key": key}).status_code for key in (ada, ada, bob, bob)]
    assert statuses == [200, 429, 200, 429]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
    ],
)
def test_each_address_has_its_own_rate(first: str, second: str, same: bool) -> None:
    app = behind(Middleware(guards.RateLimitMiddleware, rates="1/minute")).app
    statuses = [TestClient(app, client=(host, 1)).get("/").status_code for host in (first, second)]
    assert statuses == [200, 429 if same else 200]


def test_rates_can_be_counted_in_a_file_that_processes_share(tmp_path: Path) -> None:
    def one_of_the_processes() -> TestClient:
        counted = SharedWindows(tmp_path / "rates.sqlite")
        return behind(Middleware(guards.RateLimitMiddleware, rates="3/minute", counted_in=counted))

    first, second = one_of_the_processes(), one_of_the_processes()
    statuses = [client.get("/").status_code for client in (first, second, first, second, first)]
    assert statuses == [200, 200, 200, 429, 429]
