"""Three machines: PostgreSQL on one, web and workers on two. One of these is cut off, one loses its power."""

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import psycopg
import pytest

from tests.jobs.postgres import running_cluster
from tests.services.namespaces import Machine, network
from tests.services.plant import Plant, eventually
from tests.services.test_kills import check

LONG = {"steps": 100, "points": 2, "sleep": 0.05}
"""Of jobs that are under way when an accident comes."""
SHORT = {"steps": 4, "points": 3, "sleep": 0.01}
"""Of jobs that are handed in while a machine is away."""
LONGS, SHORTS = 8, 40
"""With each of the two accidents."""
AT_LEAST = 3
"""Jobs that the machine has in hand when it is taken away."""
DIED = "a worker has died"
GOES_ON_WITHIN = 15.0
"""Seconds until another machine has taken a further step of each job of one that is gone."""
A_RUN_MAY_TAKE = 900.0


Job = tuple[str, dict[str, Any], int]
"""Id, settings, seed."""


class Asking(threading.Thread):
    """Asks one host all the time, and counts what it answers."""

    def __init__(self, plant: Plant) -> None:
        super().__init__(daemon=True)
        self.counts: Counter[str] = Counter()
        self._plant, self._over = plant, threading.Event()

    def run(self) -> None:
        network = {"input": [1, 8, 8], "layers": [{"type": "Conv2d", "out_channels": 2, "kernel_size": 3}]}
        ask, api = self._plant.client.request, self._plant.api
        questions: list[tuple[str, str, Any]] = [
            ("GET", f"{api}/jobs?limit=1", None),
            ("POST", f"{api}/shapes", network),
            ("GET", f"{self._plant.address}/readyz", None),
        ]
        while not self._over.is_set():
            for method, url, body in questions:
                try:
                    self.counts[str(ask(method, url, json=body).status_code)] += 1
                except httpx2.HTTPError as error:
                    self.counts[type(error).__name__] += 1
            time.sleep(0.05)

    def stop(self) -> Counter[str]:
        self._over.set()
        self.join()
        return self.counts


@pytest.fixture
def machines() -> Iterator[dict[str, Machine]]:
    with network("db", "a", "b") as machines:
        yield machines


@pytest.fixture
def database_url(machines: dict[str, Machine]) -> Iterator[str]:
    db = machines["db"]
    with running_cluster(address=db.address, inside=db.inside) as cluster:
        yield cluster.create_database()


def progress_of(database_url: str, machine: str) -> dict[str, float]:
    """The running jobs of a machine's workers, and how far they are."""
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            "SELECT id, progress FROM jobs WHERE state = 'running' AND starts_with(worker, %s)",
            (f"{machine}-",),
        )
        return dict(rows.fetchall())


def have_gone_on(database_url: str, held: dict[str, float], machine: str) -> bool:
    """Whether each of the jobs has got further, and is no longer in the hands of that machine's worker."""
    with psycopg.connect(database_url) as connection:
        mine = "SELECT id, progress FROM jobs WHERE id = ANY(%s)"
        elsewhere = f"{mine} AND NOT starts_with(coalesce(worker, ''), %s)"
        rows = connection.execute(elsewhere.encode(), (list(held), f"{machine}-"))
        now: dict[str, float] = dict(rows.fetchall())
    return all(now.get(job_id, 0.0) > progress for job_id, progress in held.items())


def submit(plant: Plant, jobs: list[Job], count: int, params: dict[str, Any]) -> None:
    for _ in range(count):
        seed = len(jobs)
        jobs.append((plant.submit("counting", params, seed, key=f"job {seed}"), params, seed))


def lose(database_url: str, gone: Machine, healthy: Plant, how: str, jobs: list[Job]) -> None:
    """Take a machine away while it has jobs, and see them go on while the other one answers everything."""
    submit(healthy, jobs, LONGS, LONG)
    eventually(lambda: len(progress_of(database_url, gone.name)) >= AT_LEAST, A_RUN_MAY_TAKE)
    deaths = healthy.log.count(DIED)
    asking = Asking(healthy)
    asking.start()
    getattr(gone, how)()
    begun = time.monotonic()
    held = progress_of(database_url, gone.name)
    eventually(lambda: healthy.log.count(DIED) > deaths)
    noticed = time.monotonic() - begun
    eventually(lambda: have_gone_on(database_url, held, gone.name), A_RUN_MAY_TAKE)
    took = time.monotonic() - begun
    submit(healthy, jobs, SHORTS, SHORT)
    answers = asking.stop()
    print(
        f"{gone.name} {how}: noticed after {noticed:.1f} s; its {len(held)} jobs had each gone on elsewhere "
        f"after {took:.1f} s at a load of {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs; "
        f"{healthy.host} meanwhile answered {dict(answers)}"
    )
    assert held
    assert set(answers) == {"200"}
    load = max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))  # the steps themselves wait for a CPU
    assert took < GOES_ON_WITHIN * load


def check_all(plant: Plant, database_url: str, jobs: list[Job]) -> None:
    """No job is lost, none ended twice, and each told its readers everything once."""
    for job_id, _, _ in jobs:
        assert plant.finished(job_id, A_RUN_MAY_TAKE)["state"] == "succeeded"
    for job_id, params, seed in jobs:
        check(plant, job_id, params, seed, plant.all_events(job_id))
    with psycopg.connect(database_url) as connection:
        counts: dict[str, Any] = {
            name: connection.execute(query).fetchone()
            for name, query in {
                "jobs": "SELECT count(*) FROM jobs",
                "succeeded": "SELECT count(*) FROM jobs WHERE state = 'succeeded'",
                "results": "SELECT count(*) FROM job_outcomes",
                "ends": "SELECT count(*) FROM job_events WHERE kind = 'end'",
                "points": "SELECT count(*) FROM job_events WHERE kind = 'point'",
                "taken over": "SELECT sum(attempts) - count(*) FROM jobs",
            }.items()
        }
    found = {name: int(row[0]) for name, row in counts.items()}
    print(", ".join(f"{name} {number}" for name, number in found.items()))
    taken_over = found.pop("taken over")
    points = sum(params["steps"] * params["points"] for _, params, _ in jobs)
    once = dict.fromkeys(("jobs", "succeeded", "results", "ends"), len(jobs))
    assert found == {**once, "points": points}
    assert taken_over > 0


@pytest.mark.long
def test_one_machine_is_cut_off_and_another_loses_its_power(
    machines: dict[str, Machine], database_url: str, tmp_path: Path
) -> None:
    plants = {
        name: Plant(
            tmp_path / name,
            database_url,
            {"workers": 1, "worker_slots": 2 * LONGS},
            host=machine.address,
            inside=machine.inside,
        )
        for name, machine in machines.items()
        if name != "db"
    }
    a, b = plants["a"], plants["b"]
    try:
        for plant in plants.values():
            plant.data_dir.mkdir()
            plant.start()
        for plant in plants.values():
            plant.wait_until_ready()
        jobs: list[Job] = []
        lose(database_url, machines["a"], b, "unplug", jobs)
        machines["a"].plug_in()
        a.wait_until_ready()
        eventually(lambda: "others took this worker for dead" in a.log)

        lose(database_url, machines["b"], a, "power_off", jobs)
        machines["b"].plug_in()
        assert b.web is not None
        b.web.wait()
        b.start()
        b.wait_until_ready()
        check_all(b, database_url, jobs)
    finally:
        for name, plant in plants.items():
            machines[name].plug_in()
            plant.stop()
            print(f"--- {name}\n{plant.log[-3000:]}")
