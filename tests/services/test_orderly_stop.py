"""A service that is told to stop and started again."""

import os
from pathlib import Path

import pytest

from tests.services.plant import PATIENCE, Plant, eventually

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")


def test_only_a_worker_that_was_killed_has_died(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "data", settings={"workers": 1, "worker_processes": 1})
    try:
        plant.start()
        plant.wait_until_ready()
        assert plant.web is not None
        plant.web.terminate()
        plant.web.wait(PATIENCE)
        plant.start()
        eventually(lambda: "a worker has left" in plant.log)
        plant.wait_until_ready()
        assert "a worker has died" not in plant.log
        plant.kill_workers()
        eventually(lambda: "a worker has died" in plant.log)
        assert plant.log.count("a worker has left") == 1
    finally:
        plant.stop()
