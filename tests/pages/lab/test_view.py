"""A job with all that its page shows."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.jobs.service import Jobs
from app.lab import Check
from app.pages.lab.view import Claims, view

Get = Callable[..., Any]


def test_claims_are_counted() -> None:
    good, bad = Check.equal("a", 1, 1), Check.equal("b", 1, 2)
    assert (Claims((good, bad)).holding, Claims((good, bad)).all_hold) == (1, False)
    assert Claims((good,)).all_hold


def test_a_finished_run_has_it_all(jobs: Jobs, begin: Any, work: Any) -> None:
    job_id = begin("rmsprop-counterexample", learning_rate="91/410")
    work(jobs, job_id)
    run = view(jobs, jobs.job(job_id))
    assert run.figures == ("plane", "distance")
    assert run.facts["loss"] == "0" and run.facts["w"] == ["28/41", "26/41"]
    assert run.facts["decimal, loss"] == 0.0
    assert dict(run.changed) == {"Learning rate": "91/410"}
    assert run.claims.all_hold and run.tables and run.model is None and not run.pauses


def test_the_first_figure_is_the_main_one_while_it_waits(jobs: Jobs, begin: Any) -> None:
    run = view(jobs, jobs.job(begin("min-norm")))
    assert run.figures == ("distance", "leakage", "residual") and not run.tables and run.found is None


@pytest.mark.parametrize("gone", ["demo", "settings"])
def test_a_record_outlives_its_demo(
    client: TestClient, get: Get, jobs: Jobs, begin: Any, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    """The package that held the demo is gone, or its newer version has other settings."""
    job_id = begin("min-norm")
    if gone == "demo":
        jobs.__dict__["demos"] = {}
    else:
        monkeypatch.setattr(type(jobs.demos["min-norm"]), "read", refuse)
    page = get(f"/lab/jobs/{job_id}")
    assert "Only its record can be shown" in page.one("main").text
    assert "'unsafe-inline'" not in client.get(f"/lab/jobs/{job_id}").headers["content-security-policy"]
    assert not [element for element in page.elements if element.get("data-figure")]


def refuse(*_: object) -> None:
    from app.lab import InvalidParams

    raise InvalidParams([("/n", "is no more")])
