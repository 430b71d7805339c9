"""A worker's parts, without DBOS."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.jobs.database import Database
from app.jobs.desk import Desk, Order
from app.jobs.folders import Folders
from app.jobs.job import Event, Job
from app.jobs.ledger import Ledger
from app.jobs.store import Store
from app.jobs.worker.execution import Executor, Means
from app.jobs.worker.pool import Means as RunnerMeans
from app.jobs.worker.pool import Pool
from app.settings import Settings
from tests.jobs.conftest import QueueTwin

DEMOS = "tests.jobs.demos"
MEMORY = 512 << 20


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    """Two processes that know the demos of these tests."""
    pool = Pool(RunnerMeans(threads=1, niceness=0, memory=MEMORY, demo_packages=(DEMOS,)), 2)
    yield pool
    pool.close()


@dataclass
class Bench:
    """Jobs on SQLite, executed in the calling thread."""

    database: Database
    desk: Desk
    store: Store
    means: Means

    def submit(self, demo: str, **params: Any) -> str:
        return self.desk.submit(Order(demo, params, 0, "host:1"))[0]

    def execute(self, job_id: str) -> Job:
        Executor(self.means).execute(job_id)
        return self.job(job_id)

    def job(self, job_id: str) -> Job:
        job = self.store.job(job_id)
        assert job is not None
        return job

    def events(self, job: Job) -> list[Event]:
        found = self.store.events(job.number, 0, 200_000)
        assert [event.id for event in found] == list(range(1, job.last_event + 1))
        return found


@pytest.fixture
def make_bench(sqlite: Database, pool: Pool, tmp_path: Path) -> Callable[..., Bench]:
    def make(**changes: Any) -> Bench:
        settings = Settings(data_dir=tmp_path / "data", worker_memory_bytes=MEMORY, **changes)
        means = Means(
            settings,
            Ledger(sqlite, "worker 1", settings.max_attempts),
            pool,
            Folders(settings.data_dir),
            threading.Event(),
            threading.Event(),
        )
        return Bench(sqlite, Desk(sqlite, QueueTwin(), 1000, 1000), Store(sqlite), means)

    return make
