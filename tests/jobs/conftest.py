"""Databases of jobs, SQLite and PostgreSQL, and what works on them without DBOS."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.jobs.database import Database
from app.jobs.desk import Desk, Order
from app.jobs.ledger import Ledger
from app.jobs.queue import Queue
from app.jobs.store import Store
from app.jobs.writing import Told
from tests.jobs.postgres import Cluster, running_cluster


class QueueTwin(Queue):
    """A queue that only remembers, without DBOS; what a transaction that failed put in stays."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def open(self) -> None:
        pass

    def put(self, connection: sa.Connection, job_id: str) -> None:
        self.ids.append(job_id)

    def forget(self, job_id: str) -> None:
        self.ids.remove(job_id)

    def close(self) -> None:
        pass


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    """A database in a file."""
    database = Database(sa.URL.create("sqlite", database=str(tmp_path / "jobs.sqlite")))
    database.prepare()
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database of each kind, its tables made."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite")
        return
    url = sa.make_url(request.getfixturevalue("cluster").create_database())
    found = Database(url.set(drivername="postgresql+psycopg"))
    found.prepare()
    yield found
    found.close()


@pytest.fixture
def queue() -> QueueTwin:
    return QueueTwin()


@pytest.fixture
def desk(database: Database, queue: QueueTwin) -> Desk:
    return Desk(database, queue, most=1000, most_of_one=500)


@pytest.fixture
def store(database: Database) -> Store:
    return Store(database)


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database, "worker 1", max_attempts=3)


@pytest.fixture
def submit(desk: Desk) -> Callable[[], str]:
    """Hands a job in; its id."""
    return lambda: desk.submit(order())[0]


def point(x: float, y: float) -> Told:
    return ("point", {"series": "x", "x": x, "y": y})


def order(seed: int = 0, client: str = "host:1", key: str | None = None, demo: str = "counting") -> Order:
    return Order(demo, {"steps": 3}, seed, client, key)
