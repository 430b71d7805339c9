"""Jobs as the faces use them: what is asked for is read, and every failure is a problem."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.jobs.database import Database, database_url
from app.jobs.ledger import Ledger, Taken
from app.jobs.service import Jobs
from app.lab import run_demo
from app.problems import Conflict, NotFound, Unavailable, Unprocessable
from app.settings import Settings
from tests.jobs.demos.counting import Counting


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, demo_packages=["tests.jobs.demos"])


@pytest.fixture
def jobs(settings: Settings) -> Iterator[Jobs]:
    jobs = Jobs(settings)
    yield jobs
    jobs.close()


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    database = Database(database_url(settings))
    yield Ledger(database, "worker", max_attempts=3)
    database.close()


def hand_in(jobs: Jobs, **params: int) -> str:
    return jobs.submit(jobs.order("counting", params, 0, "host:1"))[0].id


def succeed(jobs: Jobs, ledger: Ledger, job_id: str) -> None:
    """Do what a worker does, in one step."""
    claim = ledger.claim(job_id)
    assert claim is not None
    finished = run_demo(Counting(), claim.job.params)
    told = [
        ("point", {"series": "x", "x": x, "y": y})
        for x, y in zip(finished.series["x"]["x"], finished.series["x"]["y"], strict=True)
    ]
    ledger.succeed(claim, Taken(0, "{}", 1.0, told, ()), finished.outcome.to_json(), finished.versions)  # type: ignore[arg-type]


def test_settings_are_completed(jobs: Jobs) -> None:
    job, replayed = jobs.submit(jobs.order("counting", {"steps": 7}, 5, "host:1"))
    assert not replayed
    assert job.params == {"steps": 7, "points": 2, "sleep": 0.0}
    assert jobs.job(job.id) == job


def test_what_a_demo_does_not_take_is_pointed_at(jobs: Jobs) -> None:
    with pytest.raises(Unprocessable) as refused:
        jobs.order("counting", {"steps": "many", "other": 1}, 0, "host:1")
    assert [error.pointer for error in refused.value.errors] == ["/params/steps", "/params/other"]
    with pytest.raises(Unprocessable) as refused:
        jobs.order("counting", {}, -1, "host:1")
    assert [error.pointer for error in refused.value.errors] == ["/seed"]
    with pytest.raises(Unprocessable) as refused:
        jobs.order("no-such", {}, 0, "host:1")
    assert [error.pointer for error in refused.value.errors] == ["/demo"]


def test_findings_are_those_of_the_run(jobs: Jobs, ledger: Ledger) -> None:
    job_id = hand_in(jobs, steps=4)
    with pytest.raises(Conflict, match="queued"):
        jobs.findings(jobs.job(job_id))
    assert jobs.figures(jobs.job(job_id))["x"]["data"][0]["y"] == []
    succeed(jobs, ledger, job_id)
    found, expected = jobs.findings(jobs.job(job_id)), run_demo(Counting(), {"steps": 4})
    assert (found.outcome, found.series, found.versions) == (
        expected.outcome,
        expected.series,
        expected.versions,
    )
    assert jobs.figures(jobs.job(job_id))["x"]["data"][0]["y"] == expected.series["x"]["y"]
    json.dumps(jobs.figures(jobs.job(job_id)), allow_nan=False)


def test_a_failed_job_says_why_it_has_no_result(jobs: Jobs, ledger: Ledger) -> None:
    job_id = hand_in(jobs)
    claim = ledger.claim(job_id)
    assert claim is not None
    ledger.fail(claim, "It broke.")
    with pytest.raises(Conflict, match="has failed, so it has no result: It broke"):
        jobs.findings(jobs.job(job_id))


def test_a_folder_goes_with_the_last_job_of_its_origin(jobs: Jobs) -> None:
    first = hand_in(jobs)
    folder = jobs.folders.of(first)
    folder.mkdir(parents=True)
    jobs.cancel(first)
    second = jobs.resume(first, "host:1").id
    assert jobs.resumed_as(jobs.job(first)) == second
    jobs.delete(first)
    assert folder.exists()
    jobs.delete(second)
    assert not folder.exists()
    with pytest.raises(NotFound):
        jobs.job(second)


def test_a_job_of_a_demo_that_is_no_more_can_still_be_looked_at(settings: Settings, jobs: Jobs) -> None:
    job_id = hand_in(jobs)
    later = Jobs(settings.model_copy(update={"demo_packages": []}))
    job = later.job(job_id)
    assert later.series(job) == {}
    with pytest.raises(NotFound, match="counting"):
        later.figures(job)
    later.close()


def test_health_tells_writes_and_workers(jobs: Jobs) -> None:
    health = jobs.health()
    assert (health.writable, health.workers) == (True, 0)


def test_a_database_that_is_away_is_a_problem_and_is_used_once_it_is_back(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.write_text("a file where the folder should be")
    jobs = Jobs(Settings(data_dir=home, demo_packages=["tests.jobs.demos"]))
    with pytest.raises(Unavailable) as away:
        hand_in(jobs)
    assert int(away.value.headers["Retry-After"]) > 0
    assert str(home) not in away.value.detail
    assert not jobs.health().writable
    home.unlink()
    assert jobs.job(hand_in(jobs)).state == "queued"
    jobs.close()


def test_it_may_be_opened_by_many_at_once(settings: Settings) -> None:
    several = [Jobs(settings) for _ in range(4)]
    threads = [threading.Thread(target=jobs.open) for jobs in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [hand_in(jobs) for jobs in several]
    assert [job.id for job in several[0].page(None, None, 10, None)[0]] == ids[::-1]
    for jobs in several:
        jobs.close()
