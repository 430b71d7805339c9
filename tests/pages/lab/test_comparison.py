"""Runs compared: which curves share a chart, how they are told apart, and what differs."""

import csv
import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.jobs.service import Jobs

Get = Callable[..., Any]


@pytest.fixture
def pair(begin: Any, work: Any, jobs: Jobs) -> list[str]:
    """Two runs of one demo that differ in a setting."""
    ids = [begin("weight-decay", steps="30", sweep="0", decay=decay) for decay in ("1e-3", "1e-2")]
    for job_id in ids:
        work(jobs, job_id)
    return ids


def figures(page: Any) -> list[dict[str, Any]]:
    return [json.loads(script.text) for script in page.all("script", type="application/json")]


@pytest.mark.parametrize("joined", [True, False])
def test_curves_with_equal_axes_share_a_chart(get: Get, pair: list[str], joined: bool) -> None:
    query = "jobs=" + ",".join(pair) if joined else "&".join(f"jobs={job_id}" for job_id in pair)
    (figure,) = figures(get(f"/lab/compare?{query}"))
    names = [trace["name"] for trace in figure["data"]]
    assert names == [f"{title}, run {run}" for run in (1, 2) for title in ("SGD", "Heavy ball", "Adam")]
    looks = {(trace["line"]["color"], trace["line"]["dash"]) for trace in figure["data"]}
    assert len(looks) == 6, "no two look the same"
    colors = [trace["meta"]["series"] for trace in figure["data"]]
    assert colors == [1, 2, 3, 1, 2, 3], "a curve keeps its colour"


def test_only_what_differs_is_listed(get: Get, pair: list[str]) -> None:
    table = get(f"/lab/compare?jobs={','.join(pair)}").one("table", class_="compared").text
    assert "Decay" in table and "0.01" in table and "Momentum" not in table
    assert "3 of 3 hold" in table


def test_other_demos_get_charts_of_their_own(
    get: Get, pair: list[str], begin: Any, work: Any, jobs: Jobs
) -> None:
    other = begin("optimal-learning-rate", descent="20")
    work(jobs, other)
    found = figures(get(f"/lab/compare?jobs={pair[0]},{other}"))
    assert len(found) == 3


def test_a_run_under_way_and_one_that_is_gone(get: Get, pair: list[str], begin: Any) -> None:
    waiting = begin("min-norm")
    text = get(f"/lab/compare?jobs={pair[0]},{waiting},{'0' * 32}").one("main").text
    assert "Waiting for a worker" in text and "no job 000" in text


def test_too_many_runs_are_cut_and_told(get: Get, begin: Any) -> None:
    ids = [begin("min-norm", seed=str(seed)) for seed in range(9)]
    page = get(f"/lab/compare?jobs={','.join(ids)}")
    assert "At most 8 runs" in page.one("main").text
    assert not figures(page), "nothing has been drawn yet"


def test_without_runs_one_chooses(get: Get, pair: list[str]) -> None:
    page = get("/lab/compare")
    offered = [box["value"] for box in page.all("input", type="checkbox")]
    assert offered == list(reversed(pair))


def test_every_point_can_be_taken_away(client: TestClient, pair: list[str]) -> None:
    response = client.get(f"/lab/compare/series.csv?jobs={','.join(pair)}")
    rows = list(csv.DictReader(StringIO(response.text)))
    assert {row["job"] for row in rows} == set(pair)
    one = client.get(f"/api/v1/jobs/{pair[0]}/series.csv").text
    assert len([row for row in rows if row["job"] == pair[0]]) == len(one.splitlines()) - 1
