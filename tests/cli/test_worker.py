"""`chromalab worker` as a process of its own."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from app.jobs.service import Jobs
from app.settings import Settings
from tests.services.plant import DEMOS, PATIENCE, ROOT, eventually

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    jobs = Jobs(Settings(data_dir=tmp_path, demo_packages=[DEMOS]))
    yield jobs
    jobs.close()


def start(data_dir: Path, *arguments: str) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "CHROMALAB_DATA_DIR": str(data_dir),
        "CHROMALAB_DEMO_PACKAGES": DEMOS,
    }
    command = [sys.executable, "-m", "app", "worker", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE)


def end(worker: "subprocess.Popen[bytes]") -> None:
    worker.kill()
    with worker:
        worker.wait()


def running(jobs: Jobs, sleep: float) -> str:
    """A long job that a worker has begun."""
    job_id = jobs.submit(jobs.order("counting", {"steps": 500, "sleep": sleep}, 0, "host:1"))[0].id
    eventually(lambda: jobs.job(job_id).progress > 0)
    return job_id


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "end of input"])
def test_it_stops_when_told_and_the_next_one_goes_on(jobs: Jobs, tmp_path: Path, how: str) -> None:
    worker = start(tmp_path, *(["--supervised"] if how == "end of input" else []))
    try:
        job_id = running(jobs, 0.01)
        assert jobs.health().workers == 1
        begun = time.monotonic()
        if how == "end of input":
            assert worker.stdin is not None
            worker.stdin.close()
        else:
            worker.send_signal(getattr(signal, how))
        assert worker.wait(PATIENCE) == 0
        assert time.monotonic() - begun < 15
        assert worker.stderr is not None
        assert b"Traceback" not in worker.stderr.read()
        left = jobs.job(job_id)
        assert left.state == "running"
        assert jobs.health().workers == 0, "it has signed off"
        if how == "SIGTERM":
            again = start(tmp_path)
            eventually(lambda: jobs.job(job_id).progress > left.progress)
            assert jobs.job(job_id).attempts == 2
            end(again)
    finally:
        end(worker)


def test_a_job_in_the_hands_of_a_worker_that_is_no_more_goes_on(jobs: Jobs, tmp_path: Path) -> None:
    """A worker that was cut off and buried takes another job in the moment before it learns of that."""
    job_id = jobs.submit(jobs.order("counting", {"steps": 2}, 0, "host:1"))[0].id
    with closing(sqlite3.connect(tmp_path / "chromalab.sqlite", timeout=PATIENCE)) as connection:
        taken = (
            "UPDATE workflow_status SET status = 'PENDING', executor_id = 'buried' WHERE workflow_uuid = ?"
        )
        assert connection.execute(taken, (job_id,)).rowcount == 1
        connection.commit()
    worker = start(tmp_path)
    try:
        eventually(lambda: jobs.job(job_id).is_finished)
        assert jobs.job(job_id).state == "succeeded"
    finally:
        end(worker)


def test_it_waits_for_a_database(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "chromalab.sqlite").write_text("this is no database, however long one reads it")
    worker = start(home)
    try:
        assert worker.stderr is not None
        for line in worker.stderr:
            if b"cannot be used yet" in line:
                break
        (home / "chromalab.sqlite").unlink()
        for line in worker.stderr:
            if b"is ready" in line:
                break
        worker.terminate()
        assert worker.wait(PATIENCE) == 0
    finally:
        end(worker)
