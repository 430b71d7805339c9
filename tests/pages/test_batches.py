"""Many pictures with nothing but forms and links: handed in, filling up, done, cancelled, deleted."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.settings import Settings
from tests.batches.works import ask_here, gray_picture, work

Get = Callable[..., Any]
GOOD = ("images", ("<b>gran & co.png", gray_picture(1), "image/png"))
BAD = ("images", ("notes.txt", b"no picture", "text/plain"))


@pytest.fixture
def begun(client: TestClient) -> str:
    """Address of the page of a batch that waits for a worker."""
    answer = client.post(
        "/batch",
        files=[GOOD, BAD, GOOD],
        data={"saturation": "0.5", "restore": "true"},
        follow_redirects=False,
    )
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def tiles(page: Any) -> list[str]:
    return [tile["class"].split()[1] for tile in page.all("li") if tile.get("data-index")]


def test_the_form_hands_many_in_and_the_gallery_waits(get: Get, begun: str) -> None:
    form = get("/batch").one("form", id="batch")
    assert (form["method"], form["enctype"]) == ("post", "multipart/form-data")
    assert get("/batch").one("input", id="images").get("multiple") is not None
    page = get(begun)
    assert tiles(page) == ["is-waiting"] * 3
    refresh = page.one("meta", http_equiv="refresh")
    assert any(parent.tag == "noscript" for parent in refresh.ancestors)
    assert "Waiting for a worker" in page.one("div", id="batch").text
    assert "0 of 3" in page.one("span", id="count").text
    text = page.one("main").text
    assert "Saturation: 0.50" in text and "Contrast: restored" in text


def test_the_gallery_fills_up(
    client: TestClient, settings: Settings, get: Get, begun: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[str]] = []

    def look(asked: Any) -> Any:
        seen.append(tiles(get(begun)))
        return ask_here(asked)

    work(settings, begun.rpartition("/")[2], monkeypatch, look)
    assert seen == [
        ["is-waiting", "is-waiting", "is-waiting"],
        ["is-ok", "is-waiting", "is-waiting"],
        ["is-ok", "is-problem", "is-waiting"],
    ]
    page = get(begun)
    assert tiles(page) == ["is-ok", "is-problem", "is-ok"]
    assert not page.all("meta", http_equiv="refresh")
    assert "1 with a problem" in page.one("span", id="problems").text
    assert "not a JPEG, PNG, WebP or TIFF" in page.one("p", class_="tile-problem").text
    assert "<b>gran & co.png" in page.one("main").text, "shown as text"
    picture = page.all("img")[0]
    assert client.get(picture["src"]).headers["content-type"] == "image/jpeg"
    take = next(link for link in page.all("a") if link.get("download") == "001-_b_gran & co.png")
    assert client.get(take["href"]).headers["content-type"] == "image/png"
    whole = next(link for link in page.all("a") if "ZIP" in link.text)
    assert client.get(whole["href"]).headers["content-type"] == "application/zip"


def test_it_is_cancelled_resumed_and_deleted_by_forms(client: TestClient, get: Get, begun: str) -> None:
    assert client.post(f"{begun}/cancel", follow_redirects=False).headers["location"] == begun
    assert "Cancelled" in get(begun).one("div", id="batch").text
    resumed = client.post(f"{begun}/resume", follow_redirects=False).headers["location"]
    assert re.fullmatch("/batch/[0-9a-f]{32}", resumed) and resumed != begun
    assert any(link["href"] == resumed for link in get(begun).all("a"))
    deleted = client.post(f"{resumed}/delete", follow_redirects=False)
    assert deleted.headers["location"] == "/batch"
    get(resumed, 404)
    get(begun)


def test_the_form_comes_back_with_what_is_wrong_beside_it(client: TestClient, parse: Any) -> None:
    for files, data, field, words in (
        ([("images", ("", b"", "application/octet-stream"))], {}, "images", "At least one file is needed."),
        ([GOOD], {"saturation": "9"}, "saturation", "less than or equal to 2"),
        ([GOOD], {"model": "zebra"}, "model", "There is no model 'zebra'"),
    ):
        answer = client.post("/batch", files=files, data=data)
        assert answer.status_code == 422
        notice = parse(answer.text).one("div", data_problem=field)
        assert notice.get("hidden") is None
        assert words in notice.text


def test_the_link_sets_the_panel(get: Get) -> None:
    page = get("/batch?model=horses&saturation=1.5")
    chosen = [option["value"] for option in page.all("option") if option.get("selected") is not None]
    assert "horses" in chosen
    assert page.one("input", id="saturation")["value"] == "1.5"


def test_a_job_of_the_lab_has_no_gallery_and_a_batch_no_page_in_the_lab(
    client: TestClient, get: Get, begun: str
) -> None:
    job = client.post("/api/v1/jobs", json={"demo": "rmsprop-counterexample"}).json()["id"]
    get(f"/batch/{job}", 404)
    get("/batch/zebra", 404)
    moved = client.get(f"/lab/jobs/{begun.rpartition('/')[2]}", follow_redirects=False)
    assert moved.headers["location"] == begun
    assert begun.rpartition("/")[2] not in client.get("/lab/jobs").text, "the lab lists what is its own"


def test_the_header_tells_where_it_is(get: Get, begun: str) -> None:
    for path in ("/batch", begun):
        (current,) = [link for link in get(path).all("a") if link.get("aria-current") and link["href"] == "/"]
        assert current.text.strip() == "Colorize"
