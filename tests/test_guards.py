"""What stands before the routes, each guard by itself in front of a small application."""

import asyncio
import base64
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from fastapi import FastAPI, Request, UploadFile
from fastapi.testclient import TestClient
from httpx2 import Response
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.types import Message

from app import guards, problems
from app.keys import KeyRing, add_key, revoke_key
from app.serving.rates import SharedWindows

LIMIT = 1000


def behind(*layers: Middleware) -> TestClient:
    """A client of a small application behind these guards."""
    app = FastAPI(middleware=[Middleware(problems.ProblemMiddleware), *layers], openapi_url=None)
    problems.install(app)

    @app.get("/")
    @app.get("/healthz")
    @app.get("/static/x")
    async def read() -> str:
        return "read"

    @app.get("/own-policy")
    async def own_policy() -> PlainTextResponse:
        return PlainTextResponse(headers={"Content-Security-Policy": "default-src 'none'"})

    @app.post("/")
    async def write(request: Request) -> int:
        return len(await request.body())

    @app.post("/upload")
    async def upload(file: UploadFile) -> int:
        return len(await file.read())

    @app.post("/unread")
    async def unread() -> str:
        return "not looked at"

    return TestClient(app, raise_server_exceptions=False)


def is_problem(response: Response, status: int) -> bool:
    return (
        response.status_code == status
        and response.headers["content-type"] == problems.MEDIA_TYPE
        and response.json()["status"] == status
    )


def chunks(size: int) -> Iterator[bytes]:
    """A body whose length is not declared."""
    for _ in range(size // 100):
        yield b"x" * 100


@pytest.fixture
def limited() -> TestClient:
    return behind(Middleware(guards.BodyLimitMiddleware, max_bytes=LIMIT))


@pytest.mark.parametrize("path", ["/", "/unread", "/nowhere"])
def test_declared_body_over_the_limit(limited: TestClient, path: str) -> None:
    response = limited.post(path, content=b"x" * (LIMIT + 1))
    assert is_problem(response, 413)
    assert str(LIMIT) in response.json()["detail"]


def test_undeclared_body_over_the_limit(limited: TestClient) -> None:
    assert is_problem(limited.post("/", content=chunks(LIMIT + 100)), 413)


def test_undeclared_upload_over_the_limit(limited: TestClient) -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    body = (part for part in (head, *chunks(LIMIT), b"\r\n--b--\r\n"))
    response = limited.post(
        "/upload", content=body, headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert is_problem(response, 413)


@pytest.mark.parametrize("declared", ["9" * 30, "9" * 5000, "0" * 40 + "1001"])
def test_absurd_declared_lengths(limited: TestClient, declared: str) -> None:
    assert is_problem(limited.post("/", content=b"", headers={"Content-Length": declared}), 413)


def test_body_at_the_limit(limited: TestClient) -> None:
    assert limited.post("/", content=b"x" * LIMIT).json() == LIMIT
    assert limited.post("/", content=chunks(LIMIT)).json() == LIMIT


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
    ],
)
def test_pages_of_other_sites_cannot_send(headers: dict[str, str], welcome: bool) -> None:
    client = behind(Middleware(guards.OtherSitesMiddleware, allowed_origins=["https://friend.example"]))
    response = client.post("/", headers=headers)
    assert response.status_code == 200 if welcome else is_problem(response, 403)
    assert client.get("/", headers=headers).status_code == 200


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


def test_rate_limit_counts_and_tells_when_to_come_back() -> None:
    client = behind(Middleware(guards.RateLimitMiddleware, rates="3/minute;100/hour"))
    assert [client.get("/").status_code for _ in range(4)] == [200, 200, 200, 429]
    response = client.get("/")
    assert is_problem(response, 429)
    assert 50 <= int(response.headers["retry-after"]) <= 60
    assert client.get("/healthz").status_code == client.get("/static/x").status_code == 200


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


def asked(path: str, pieces: list[tuple[float, bytes]]) -> tuple[int, dict[str, str]]:
    """Status and headers of a POST whose body comes in pieces, each after a pause, and never ends."""
    app = behind(Middleware(guards.BodyPaceMiddleware, pause=0.3, bytes_a_second=1000)).app
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"content-type", b"multipart/form-data; boundary=b")],
    }
    waiting, messages = iter(pieces), []

    async def receive() -> Message:
        for pause, body in waiting:
            await asyncio.sleep(pause)
            return {"type": "http.request", "body": body, "more_body": True}
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        messages.append(message)

    asyncio.run(asyncio.wait_for(app(scope, receive, send), 30))
    headers = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
    return messages[0]["status"], headers


@pytest.mark.parametrize("path", ["/", "/upload"])
@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [(0.0, b"--b")],
        [(0.1, b"--b")] * 30,  # never a long pause, and yet far too slow
    ],
)
def test_a_body_that_does_not_come_is_given_up(path: str, pieces: list[tuple[float, bytes]]) -> None:
    begun = time.monotonic()
    status, headers = asked(path, pieces)
    assert (status, headers["content-type"], headers["connection"]) == (408, problems.MEDIA_TYPE, "close")
    assert time.monotonic() - begun < 2.5, "30 pieces would take 3 s"


def test_a_body_that_is_not_wanted_is_not_waited_for() -> None:
    assert asked("/unread", [])[0] == 200


def test_a_quick_body_may_be_followed_by_a_long_wait() -> None:
    app = FastAPI(middleware=[Middleware(guards.BodyPaceMiddleware, pause=0.1)], openapi_url=None)

    @app.post("/")
    async def slow(request: Request) -> int:
        length = len(await request.body())
        with suppress(TimeoutError):  # who listens for the client's leaving is not told of lateness
            await asyncio.wait_for(request.receive(), 0.3)
        return length

    assert TestClient(app).post("/", content=b"x" * 1000).json() == 1000


def test_rates_can_be_counted_in_a_file_that_processes_share(tmp_path: Path) -> None:
    def one_of_the_processes() -> TestClient:
        counted = SharedWindows(tmp_path / "rates.sqlite")
        return behind(Middleware(guards.RateLimitMiddleware, rates="3/minute", counted_in=counted))

    first, second = one_of_the_processes(), one_of_the_processes()
    statuses = [client.get("/").status_code for client in (first, second, first, second, first)]
    assert statuses == [200, 200, 200, 429, 429]


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
