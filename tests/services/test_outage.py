"""The database goes away for a while: nothing is lost, and all go on by themselves when it is back."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from tests.jobs.postgres import Cluster, running_cluster
from tests.services.plant import PATIENCE, Plant, eventually
from tests.services.test_kills import check

PARAMS = {"steps": 40, "points": 2, "sleep": 0.05}


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


def survive(plant: Plant, cluster: Cluster, seconds: float, jobs: int) -> None:
    plant.start()
    plant.wait_until_ready()
    ids = [plant.submit("counting", PARAMS, seed) for seed in range(jobs)]
    workers = plant.workers()
    with ThreadPoolExecutor(jobs) as threads:
        streams = [threads.submit(plant.all_events, job) for job in ids]
        time.sleep(1.0)
        cluster.stop()
        stopped = time.monotonic()
        answer = httpx2.post(f"{plant.api}/jobs", json={"demo": "counting"}, timeout=60)
        assert answer.status_code == 503
        assert answer.json()["type"].endswith("unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert not plant.answers("/readyz")
        assert plant.answers("/healthz")
        time.sleep(max(0.0, seconds - (time.monotonic() - stopped)))
        cluster.start()
        back = time.monotonic()
        for seed, (job, stream) in enumerate(zip(ids, streams, strict=True)):
            check(plant, job, PARAMS, seed, stream.result())
        print(f"{jobs} jobs were done {time.monotonic() - back:.1f} s after the database was back")
    assert plant.workers() == workers
    plant.wait_until_ready()


def test_postgresql_stopped_for_a_moment(own_cluster: Cluster, tmp_path: Path) -> None:
    plant = Plant(tmp_path / "data", own_cluster.create_database())
    try:
        survive(plant, own_cluster, seconds=1.0, jobs=3)
    finally:
        plant.stop()
        print(plant.log[-6000:])


@pytest.mark.long
def test_postgresql_stopped_for_ten_seconds(own_cluster: Cluster, tmp_path: Path) -> None:
    plant = Plant(tmp_path / "data", own_cluster.create_database(), {"workers": 2})
    try:
        survive(plant, own_cluster, seconds=10.0, jobs=8)
    finally:
        plant.stop()
        print(plant.log[-6000:])


@pytest.mark.long
def test_a_frozen_worker_is_replaced_and_writes_nothing_when_it_wakes(
    own_cluster: Cluster, tmp_path: Path
) -> None:
    plant = Plant(tmp_path / "data", own_cluster.create_database(), {"workers": 0})
    try:
        plant.start()
        frozen = plant.start_worker()
        ids = [plant.submit("counting", PARAMS, seed) for seed in range(4)]
        eventually(lambda: any(plant.job(job)["started"] for job in ids))
        os.kill(frozen.pid, signal.SIGSTOP)
        begun = time.monotonic()
        plant.start_worker()
        eventually(lambda: "a worker has died" in plant.log)
        for seed, job in enumerate(ids):
            check(plant, job, PARAMS, seed, plant.all_events(job))
        print(f"all was done {time.monotonic() - begun:.1f} s after the worker froze")
        os.kill(frozen.pid, signal.SIGCONT)
        assert frozen.wait(PATIENCE) == 3, "it ends, since its jobs are others' by now"
        for seed, job in enumerate(ids):
            check(plant, job, PARAMS, seed, plant.all_events(job))
    finally:
        plant.stop()
        print(plant.log[-6000:])
