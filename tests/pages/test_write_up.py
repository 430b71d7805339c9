"""The write-up's page: every claim with what it prints, what is computed, a verdict and a way to see it."""

import csv
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.lab.writeup import CLAIMS, Checked, checked
from app.lab.writeup.claim import Finding
from app.main import create_app
from app.pages import write_up
from app.settings import Settings

Get = Callable[..., Any]


@pytest.fixture(scope="module")
def verdicts() -> dict[str, str]:
    return {one.claim.key: one.finding.verdict for one in checked()}


def test_every_claim_stands_there_in_order_with_its_verdict(get: Get, verdicts: dict[str, str]) -> None:
    page = get("/write-up")
    articles = page.all("article", class_="checked")
    assert [article["id"] for article in articles] == [claim.key for claim in CLAIMS]
    for article in articles:
        badge = next(span for span in page.all("span", class_="badge") if article in span.ancestors)
        if not article["id"].endswith("-curves"):  # those depend on the models that are installed
            assert badge.text == verdicts[article["id"]]
    text = page.one("main").text
    assert "$" not in text and "\\" not in text
    tally = {
        dt.text.split("\n")[0].strip(): dd.text
        for dt, dd in zip(page.all("dt"), page.all("dd"), strict=False)
    }
    assert sum(int(count) for count in list(tally.values())[:4] if count.isdigit()) <= len(CLAIMS)


def test_the_numbers_are_said(get: Get) -> None:
    text = get("/write-up").one("main").text
    for said in ("80 / 91", "133956 / 405769", "91 / 410", "21,024 weights", "10,063,872 weights"):
        assert said.replace(" ", "") in text.replace(" ", "").replace("\n", ""), said


def test_every_link_leads_to_a_page_with_its_settings(client: TestClient, get: Get) -> None:
    page = get("/write-up")
    links = {
        article["id"]: [
            a["href"] for a in page.all("a") if article in a.ancestors and a["href"].startswith("/")
        ]
        for article in page.all("article", class_="checked")
    }
    assert all(len(found) == 1 for found in links.values())
    for address in {found[0] for found in links.values()}:
        assert client.get(address, headers={"Accept": "text/html"}).status_code == 200, address
    assert "gradient_scale=1%2F4" in links["counterexample-step"][0]
    assert links["filter"][0].startswith("/convolve?")


def test_it_can_be_taken_away(client: TestClient) -> None:
    response = client.get("/write-up.csv")
    rows = list(csv.DictReader(StringIO(response.text)))
    assert len(rows) == len(CLAIMS)
    assert rows[0]["section"] == "1.1" and {row["verdict"] for row in rows} >= {"confirmed", "impossible"}


def test_it_is_computed_once(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    client.get("/write-up")
    monkeypatch.setattr("app.pages.write_up.checked", None)
    assert client.get("/write-up").status_code == 200


@pytest.fixture
def computings(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When each computing began, of a process that has computed nothing; each takes half a second."""
    begun: list[float] = []

    def slow(_: object) -> Iterator[Checked]:
        begun.append(time.monotonic())
        time.sleep(0.5)
        yield from (Checked(claim, Finding("so", "confirmed")) for claim in CLAIMS)

    monkeypatch.setattr(write_up, "checked", slow)
    monkeypatch.setattr(write_up, "_checks", {})
    return begun


def test_two_who_ask_at_once_share_one_computing(client: TestClient, computings: list[float]) -> None:
    with ThreadPoolExecutor(2) as askers:
        answers = list(askers.map(client.get, ["/write-up", "/write-up.csv"]))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(computings) == 1


@pytest.mark.parametrize("preload", [True, False])
def test_it_is_computed_ahead_where_things_are_loaded_ahead(
    tmp_path: Path, computings: list[float], preload: bool
) -> None:
    (tmp_path / "models").mkdir()
    settings = Settings(
        preload=preload, threads=1, models_dir=tmp_path / "models", data_dir=tmp_path / "data"
    )
    with TestClient(create_app(settings)) as client:
        deadline = time.monotonic() + (30 if preload else 1)
        while not computings and time.monotonic() < deadline:
            time.sleep(0.02)
        assert len(computings) == preload
        assert client.get("/write-up").status_code == 200
    assert len(computings) == 1
