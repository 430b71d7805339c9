"""Services on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.postgres import Cluster, running_cluster
from tests.services.plant import Plant

PlantMaker = Callable[..., Plant]
DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


def _url(request: pytest.FixtureRequest) -> str | None:
    return None if request.param == "sqlite" else request.getfixturevalue("cluster").create_database()


@pytest.fixture(params=DATABASES)
def make_plant(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PlantMaker]:
    """Makes services, not started, all on one database; what is shown of one that fails is its log."""
    url = _url(request)
    made: list[Plant] = []

    def make(**settings: Any) -> Plant:
        made.append(Plant(tmp_path / "data", url, settings))
        return made[-1]

    try:
        yield make
    finally:
        for plant in made:
            plant.stop()
        if made:
            print(made[0].log[-6000:])


@pytest.fixture(scope="package", params=DATABASES)
def plant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """A service that is ready, shared by all tests that leave it whole."""
    limits = {"step_timeout": 5, "max_attempts": 2, "worker_memory_bytes": 512 << 20}
    plant = Plant(tmp_path_factory.mktemp("shared") / "data", _url(request), limits)
    plant.start()
    plant.wait_until_ready()
    try:
        yield plant
    finally:
        plant.stop()
