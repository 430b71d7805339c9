"""The whole application as a stranger meets it: every route that can be read, and what none of them does."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from httpx2 import Response

from app import guards
from app.problems import MEDIA_TYPE
from tests.batches.works import gray_picture

HOSTILE = "\"'><img src=x onerror=alert(1)>${7*7}{{7*7}}"
FILLED = {
    "model_id": "horses",
    "name": "min-norm",
    "kind": "gray",
    "hashed": "x",
    "job_id": "0" * 32,
    "index": "1",
}
STATIC = Path(__file__).resolve().parents[2] / "static"


def readable(surface: FastAPI) -> list[str]:
    """A path for every route that takes GET, those with parameters filled in."""
    paths = {
        re.sub(r"\{(\w+)(:\w+)?\}", lambda match: FILLED[match[1]], route.path)
        for route in iter_route_contexts(surface.routes)
        if route.path is not None and "GET" in (route.methods or {"GET"})
    }
    assert len(paths) > 45
    # The write-up takes no settings and computes for a minute; its page is of the same kind as the others.
    return sorted(paths - {"/static", "/docs/assets", "/write-up", "/write-up.csv"})


@pytest.fixture(scope="module")
def answers(surface: FastAPI, stranger: TestClient) -> dict[str, Response]:
    return {path: stranger.get(path, follow_redirects=False) for path in readable(surface)}


def test_every_answer_has_its_guards(answers: dict[str, Response]) -> None:
    for path, answer in answers.items():
        policy = answer.headers["content-security-policy"]
        for part in ("default-src", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert part in policy, (path, policy)
        assert "unsafe-eval" not in policy
        assert "script-src 'self'" in policy or "default-src 'none'" in policy, (path, policy)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_every_answer_says_what_it_is(answers: dict[str, Response]) -> None:
    """Content-Type, with the charset wherever the type is text or XML."""
    for path, answer in answers.items():
        if not answer.content:
            continue
        kind = answer.headers["content-type"]
        if kind.startswith("text/") or "xml" in kind:
            assert "charset=utf-8" in kind.lower(), (path, kind)
        if kind == "application/json":
            answer.json()


def test_drawings_among_static_files_say_their_charset(stranger: TestClient) -> None:
    drawings = [path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*.svg")]
    for name in drawings:
        kind = stranger.get(f"/static/x/{name}").headers["content-type"]
        assert kind == "image/svg+xml; charset=utf-8"


def test_no_answer_sets_a_cookie_or_names_the_server(answers: dict[str, Response]) -> None:
    for path, answer in answers.items():
        assert not {"set-cookie", "server", "x-powered-by"} & set(answer.headers), path


def test_what_is_of_one_person_is_kept_by_no_cache(answers: dict[str, Response]) -> None:
    """The rest is the same for everyone."""
    for path, answer in answers.items():
        if path.startswith(("/api/v1/jobs", "/batch/", "/lab/jobs/")):
            assert "no-store" in answer.headers["cache-control"], path


SETTINGS = ("model", "title", "name", "demo", "state", "network", "jobs", "run", "format", "kernel", "x")


def test_hostile_links_are_only_text(surface: FastAPI, stranger: TestClient) -> None:
    """Every page with a hostile text in all of its settings, and in each where they are many."""
    one_by_one = [f"{name}={quote(HOSTILE)}" for name in SETTINGS]
    queries = ["&".join(one_by_one), *one_by_one]
    for path in readable(surface):
        if path.endswith("/events") or path == "/readyz":
            continue
        for query in (
            queries if path in {"/", "/lab/min-norm", "/shapes", "/batch", "/convolve"} else queries[:1]
        ):
            answer = stranger.get(f"{path}?{query}", headers={"Accept": "text/html"})
            assert answer.status_code < 500, (path, query)
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert "<img src=x" not in answer.text, (path, query)
                assert "${49}" not in answer.text and ">49" not in answer.text, "a template was made of it"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "TRACK", "FOO"])
def test_methods_that_no_route_takes(stranger: TestClient, method: str) -> None:
    for path in ("/", "/api/v1/models", "/api/v1/shapes", "/static/x/css/base.css"):
        answer = stranger.request(method, path, headers={"X-Secret": "told"})
        assert answer.status_code == 405, path
        assert "told" not in answer.text


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_method_cannot_be_overridden(stranger: TestClient, header: str) -> None:
    job = stranger.post("/api/v1/jobs", json={"demo": "rmsprop-counterexample"}).json()["id"]
    address = f"/api/v1/jobs/{job}"
    assert stranger.get(address, headers={header: "DELETE"}, params={"_method": "DELETE"}).status_code == 200
    assert stranger.post(address, headers={header: "DELETE"}, data={"_method": "DELETE"}).status_code == 405
    assert stranger.get(address).status_code == 200, "it is still there"


HIDDEN = (
    *("/.git/config", "/.env", "/pyproject.toml", "/app/main.py", "/static/", "/docs/assets/"),
    *("/static/x/../../pyproject.toml", "/static/x/..%2f..%2fpyproject.toml", "/static/x/css/"),
    *("/static/x/%2e%2e/%2e%2e/pyproject.toml", "/static/x//etc/passwd", "/docs/assets/../__init__.py"),
    *("/models/..%2f..%2fpyproject.toml", "/api/v1/models/..%2fhorses%2fconfig.json"),
    *("/models/horses/samples/..%2f..%2fconfig.webp", "/samples/..%2f..%2fx/gray.jpg", "/batch/..%2fx"),
    *("/api/v1/jobs/..%2f..%2fx", "/api/v1/shapes/presets/..%2fx", "/lab/..%2fx", "/models/horses%00"),
)


def test_nothing_is_served_but_what_has_a_route(stranger: TestClient) -> None:
    """No folder is listed, no path leads out of its folder, no file of the project is to be had."""
    for path in HIDDEN:
        answer = stranger.get(path, follow_redirects=False)
        assert answer.status_code == 404, path
        assert "[project]" not in answer.text and "root:" not in answer.text, path


def test_redirects_stay_here(surface: FastAPI, stranger: TestClient) -> None:
    for path in (*readable(surface), "//evil.example", "/\\evil.example", "/%2f/evil.example"):
        for asked in (path, f"{path}/"):
            answer = stranger.get(asked, params={"next": "//evil.example"}, follow_redirects=False)
            if answer.is_redirect:
                target = answer.headers["location"]
                assert target.startswith(("/", "http://testserver/")) and not target.startswith("//"), asked


def test_plain_http_is_answered_and_not_redirected(stranger: TestClient) -> None:
    assert stranger.get("/api/v1/models", follow_redirects=False).status_code == 200
    assert stranger.post("/api/v1/shapes", json={}, follow_redirects=False).status_code == 422


def test_a_job_tells_nothing_of_who_handed_it_in(stranger: TestClient) -> None:
    job = stranger.post("/api/v1/jobs", json={"demo": "rmsprop-counterexample"}).json()
    assert {"client", "number", "origin", "cancelling"}.isdisjoint(job)
    assert "testclient" not in stranger.get(f"/api/v1/jobs/{job['id']}").text


def test_ids_that_open_something_hold_128_random_bits(stranger: TestClient) -> None:
    files = [("images", ("a.png", gray_picture(1), "image/png"))]
    made = [stranger.post("/api/v1/jobs", json={"demo": "rmsprop-counterexample"}) for _ in range(24)]
    made += [stranger.post("/api/v1/colorize/batch", files=files) for _ in range(8)]
    ids = [answer.json()["id"] for answer in made]
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)
    for place in (12, 16):  # where an UUID of version 4 has a 4, and one of four digits
        assert len({each[place] for each in ids}) > 4


def test_a_failure_tells_nothing_of_the_inside(stranger: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("postgresql://user:hunter2@db/chromalab")

    monkeypatch.setattr("app.jobs.service.Jobs.page", fails)
    for path, accept in (("/api/v1/jobs", "*/*"), ("/lab/jobs", "text/html")):
        answer = stranger.get(path, headers={"Accept": accept})
        assert answer.status_code == 500
        assert not re.search(r"hunter2|Traceback|RuntimeError|\.py", answer.text)
        assert answer.headers["content-security-policy"] == guards.CONTENT_SECURITY_POLICY
    assert stranger.get("/api/v1/jobs").headers["content-type"] == MEDIA_TYPE
