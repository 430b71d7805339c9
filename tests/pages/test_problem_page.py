"""Problems as pages, for people; problem+json stays for programs."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

HOSTILE = "<script>alert(1)</script>"


def test_a_person_sees_a_page(get: Callable[..., Any]) -> None:
    page = get("/nowhere", 404)
    assert "/nowhere" in page.one("main").text
    assert "/" in [a["href"] for a in page.all("a", class_="is-primary")]


@pytest.mark.parametrize("accept", ["application/json", "*/*"])
def test_a_program_gets_json(client: TestClient, accept: str) -> None:
    response = client.get("/models/zebra", headers={"Accept": accept})
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


def test_hostile_paths_are_only_text(client: TestClient) -> None:
    for path in (f"/{HOSTILE}", f"/models/{HOSTILE}"):
        assert HOSTILE not in client.get(path, headers={"Accept": "text/html"}).text


def test_wrong_method_and_too_large_are_pages_too(client: TestClient) -> None:
    headers = {"Accept": "text/html"}
    assert "<h1>" in client.delete("/", headers=headers).text
    huge = client.post("/colorize", headers=headers | {"Content-Length": str(10**12)}, content=b"")
    assert huge.status_code == 413
    assert "<h1>" in huge.text


def test_what_failed_by_accident_says_nothing_of_the_inside(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("app.pages.home.read_choice", fail)
    response = client.get("/", headers={"Accept": "text/html"})
    assert response.status_code == 500
    assert "secret" not in response.text
    assert "Try again" in response.text
