"""The lab's front page."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.jobs.service import Jobs
from app.lab import demos
from app.problems import Unavailable

Get = Callable[..., Any]


def test_every_demo_has_a_picture_and_a_link(get: Get) -> None:
    page = get("/lab")
    cards = page.all("li", class_="demo-card")
    assert len(cards) == len(demos())
    for card, (name, demo) in zip(cards, demos().items(), strict=True):
        assert demo.title in card.text and demo.summary in card.text
        assert [svg for svg in page.all("svg", class_="demo-drawing") if card in svg.ancestors]
        assert f"/lab/{name}" in [a["href"] for a in page.all("a") if card in a.ancestors]


def test_latest_jobs_are_listed(get: Get, begin: Any) -> None:
    assert "Nothing has run yet" in get("/lab").one("main").text
    job_id = begin("min-norm")
    assert [row["data-job"] for row in get("/lab").all("tr") if row.get("data-job")] == [job_id]


def test_demos_are_shown_while_the_database_is_away(
    client: TestClient, get: Get, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise Unavailable("The database of jobs cannot be used at the moment.", retry_after=5)

    monkeypatch.setattr(jobs, "page", away)
    assert "cannot be used" in get("/lab").one("main").text
    assert get("/lab/min-norm").all("form", id="settings")
