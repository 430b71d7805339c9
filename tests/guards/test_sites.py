"""Host names, and other sites' pages."""

import pytest
import structlog.testing
from starlette.middleware import Middleware

from app import guards
from tests.guards.small_app import behind, is_problem


@pytest.mark.parametrize(
    ("host", "welcome"),
    [
        ("lab.example.org", True),
        ("LAB.example.org:8000", True),
        ("a.pictures.example.org", True),
        ("[::1]:8000", True),
        ("example.org", False),
        ("lab.example.org.evil.example", False),
        ("evil.example", False),
        ("", False),
        ("a b", False),
    ],
)
def test_host_names(host: str, welcome: bool) -> None:
    names = ["lab.example.org", "*.pictures.example.org", "[::1]"]
    client = behind(Middleware(guards.TrustedHostsMiddleware, allowed_hosts=names))
    response = client.get("/", headers={"Host": host})
    assert response.status_code == 200 if welcome else is_problem(response, 400)
    assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_any_host_name() -> None:
    client = behind(Middleware(guards.TrustedHostsMiddleware, allowed_hosts=["*"]))
    assert client.get("/", headers={"Host": "anything"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "welcome"),
    [
        ({}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://friend.example"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, False),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:3000"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        # Browsers that say nothing of the site, old ones and all on plain HTTP, tell the origin.
        ({"Origin": "http://testserver"}, True),
        ({"Origin": "https://testserver"}, True),  # TLS ends at a proxy
        ({"Origin": "https://TESTSERVER:443", "Host": "testserver"}, True),
        ({"Origin": "http://lab.example:8300", "Host": "lab.example:8300"}, True),
        ({"Origin": "http://[::1]:8300", "Host": "[::1]:8300"}, True),
        ({"Origin": "https://friend.example"}, True),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "http://testserver.evil.example"}, False),
        ({"Origin": "http://testserver:8301"}, False),
        ({"Origin": "http://lab.example:8301", "Host": "lab.example:8300"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Origin": "http://testserver:x"}, False),
        ({"Origin": "http://[::1"}, False),
        # What a browser says of the site goes before the origin: a proxy may ask by another host name.
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://outside.example"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://testserver"}, False),
    ],
)
def test_pages_of_other_sites_cannot_send(headers: dict[str, str], welcome: bool) -> None:
    client = behind(Middleware(guards.OtherSitesMiddleware, allowed_origins=["https://friend.example"]))
    response = client.post("/", headers=headers)
    assert response.status_code == 200 if welcome else is_problem(response, 403)
    assert client.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.0.0.2", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert guards.is_loopback(host) is loopback


def test_names_of_a_loopback_address() -> None:
    assert guards.loopback_names("::1") == ["127.0.0.1", "[::1]", "localhost"]
    assert "127.0.0.2" in guards.loopback_names("127.0.0.2")


def test_refusals_are_logged() -> None:
    hosts = Middleware(guards.TrustedHostsMiddleware, allowed_hosts=["testserver"])
    sites = Middleware(guards.OtherSitesMiddleware, allowed_origins=[])
    with structlog.testing.capture_logs() as logged:
        client = behind(hosts, sites)
        client.get("/", headers={"Host": "evil.example"})
        client.post("/", headers={"Origin": "https://evil.example"})
    assert [(each["event"], each["log_level"], each["why"]) for each in logged] == [
        ("refused", "warning", "unknown host name"),
        ("refused", "warning", "a page of another site"),
    ]
    assert (logged[0]["host"], logged[1]["origin"]) == ("evil.example", "https://evil.example")
