"""Jobs for the lab's pages, taken as far as a test wants in this process: no worker runs here."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.jobs.database import Database, database_url
from app.jobs.job import document
from app.jobs.ledger import Ledger, Taken
from app.jobs.service import Jobs
from app.jobs.worker.runner import answer
from app.jobs.writing import Told
from app.lab import Picture
from app.settings import Settings


@pytest.fixture
def settings(tiny_models: Path, tmp_path: Path) -> Settings:
    return Settings(models_dir=tiny_models, preload=False, threads=1, data_dir=tmp_path / "data")


@pytest.fixture
def jobs(app: FastAPI, client: TestClient) -> Jobs:
    """The jobs of the running service."""
    found: Jobs = app.state.services.jobs
    return found


Work = Callable[..., None]


@pytest.fixture
def work(settings: Settings, tmp_path: Path) -> Iterator[Work]:
    """Takes a job so many steps, or to its end; or fails it with a reason."""
    database = Database(database_url(settings))
    ledger = Ledger(database, "test", max_attempts=3)

    def take(jobs: Jobs, job_id: str, steps: int | None = None, fails: str | None = None) -> None:
        claim = ledger.claim(job_id)
        assert claim is not None
        if fails is not None:
            ledger.fail(claim, fails)
            return
        state, step = claim.state, claim.step
        while steps is None or step < steps:
            job = claim.job
            asked: dict[str, Any] = {
                "demo": job.demo,
                "params": job.params,
                "seed": job.seed,
                "state": None if state is None else json.loads(state),
                "model_id": job.model_id,
                "folder": str(tmp_path / "work" / job.origin),
                "data": None,
            }
            given = answer(jobs.demos, asked)
            pictures = [Picture(**picture) for picture in given["pictures"]]
            told: list[Told] = [("point", point) for point in given["points"]]
            told.append(("progress", {"progress": given["progress"]}))
            taken = Taken(step, document(given["state"]), given["progress"], told, pictures)
            if given["outcome"] is not None:
                ledger.succeed(claim, taken, given["outcome"], given["versions"])
                return
            ledger.take(claim, taken)
            state, step = taken.state, step + 1

    yield take
    database.close()


Begin = Callable[..., str]


@pytest.fixture
def begin(client: TestClient) -> Begin:
    """Runs a demo by its form, as a page without script does; the new job's id."""

    def submit(demo: str, **fields: Any) -> str:
        response = client.post(f"/lab/{demo}", data=fields, follow_redirects=False)
        assert response.status_code == 303, response.text[:500]
        return str(response.headers["location"]).rpartition("/")[2]

    return submit
