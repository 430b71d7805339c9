"""kill -9 of workers, web, both: each job ends once, with every event and the same numbers."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.lab import run_demo
from tests.jobs.demos.counting import Counting
from tests.services.conftest import PlantMaker
from tests.services.plant import Plant, eventually

READERS = 8
A_RUN_MAY_TAKE = 900.0
"""Seconds for all jobs with all kills: a worker takes its time to start, on a busy machine ten seconds."""


def undisturbed(params: dict[str, Any], seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Series and result of the same job without a queue, a worker or an accident."""
    finished = run_demo(Counting(), params | {"sleep": 0.0}, seed=seed)
    return finished.to_json()["series"], finished.outcome.result


def kill_at_random(plant: Plant, kills: int, done: threading.Event, struck: list[str]) -> None:
    """Each of the three first, then at random; as long as there is a job.

    Each time once work has gone on since the last: a worker that is killed before it begins shows nothing.
    """
    chance, before = random.Random(7), dict[str, float]()

    def has_gone_on() -> bool:
        now = plant.running()
        return any(before.get(job_id) != progress for job_id, progress in now.items())

    for kill in range(kills):
        eventually(lambda: done.is_set() or has_gone_on(), A_RUN_MAY_TAKE)
        if done.is_set():
            return
        before = plant.running() or before
        time.sleep(chance.uniform(0.0, 0.5))
        victim = ("worker", "web", "both")[kill] if kill < 3 else chance.choice(["worker", "web", "both"])
        struck.append(victim)
        if victim != "web":
            plant.kill_workers()
        if victim != "worker":
            plant.kill_web()
            plant.start()


def check(plant: Plant, job_id: str, params: dict[str, Any], seed: int, seen: list[Any]) -> None:
    """A job ended once, told everything once, and found what it had to."""
    job = plant.finished(job_id)
    assert (job["state"], job["error"], job["progress"]) == ("succeeded", None, 1.0)
    assert [event[0] for event in seen] == list(range(1, len(seen) + 1))
    kinds = [event[1] for event in seen]
    assert kinds.count("end") == 1
    assert kinds[-1] == "end"
    assert [event[2]["state"] for event in seen if event[1] == "state"] == ["queued", "running"]
    series, result = undisturbed(params, seed)
    told = [event[2] for event in seen if event[1] == "point"]
    assert [point["x"] for point in told] == series["x"]["x"]
    assert [point["y"] for point in told] == series["x"]["y"]
    found = plant.get(f"/jobs/{job_id}/result")
    assert (found["series"], found["result"]) == (series, result)
    assert kinds.count("progress") == params["steps"]


def survive(plant: Plant, jobs: int, kills: int, params: dict[str, Any]) -> None:
    plant.start()
    done, struck = threading.Event(), list[str]()
    killer = threading.Thread(target=kill_at_random, args=(plant, kills, done, struck))
    killer.start()
    with ThreadPoolExecutor(READERS) as threads:

        def run(seed: int) -> tuple[str, list[Any]]:
            job_id = plant.submit("counting", params, seed, key=f"job {seed}")
            return job_id, plant.all_events(job_id, A_RUN_MAY_TAKE) if seed % 2 else []

        followed = list(threads.map(run, range(jobs)))
    done.set()
    killer.join()
    assert len(struck) == kills, "every one while jobs ran"
    for seed, (job_id, seen) in enumerate(followed):
        plant.finished(job_id, A_RUN_MAY_TAKE)
        check(plant, job_id, params, seed, seen or plant.all_events(job_id))
    listed, cursor = 0, ""
    while cursor is not None:
        page = plant.get(f"/jobs?limit=100&cursor={cursor}")
        listed, cursor = listed + len(page["jobs"]), page["next_cursor"]
    assert listed == jobs
    attempts = [plant.job(job_id)["attempts"] for job_id, _ in followed]
    assert sum(attempts) > jobs, "some were taken over"
    print(f"{jobs} jobs; killed: {', '.join(struck)}; {sum(attempts) - jobs} takeovers")


@pytest.mark.parametrize(
    "make_plant", ["postgresql", pytest.param("sqlite", marks=pytest.mark.long)], indirect=True
)
def test_a_few_kills(make_plant: PlantMaker) -> None:
    survive(make_plant(), jobs=16, kills=3, params={"steps": 8, "points": 2, "sleep": 0.05})


@pytest.mark.long
def test_twenty_kills_over_two_hundred_jobs(make_plant: PlantMaker) -> None:
    # A step that is killed again and again is another test's: here chance may pick the same one five times.
    plant = make_plant(workers=2, max_attempts=21)
    survive(plant, jobs=200, kills=20, params={"steps": 10, "points": 3, "sleep": 0.03})
