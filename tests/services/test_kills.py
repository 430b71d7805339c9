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


def undisturbed(params: dict[str, Any], seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Series and result of the same job without a queue, a worker or an accident."""
    finished = run_demo(Counting(), params, seed=seed)
    return finished.to_json()["series"], finished.outcome.result


def kill_at_random(plant: Plant, kills: int, done: threading.Event, chance: random.Random) -> None:
    """Each of the three first, then at random; while a job runs, as long as there is one."""
    for kill in range(kills):
        eventually(lambda: done.is_set() or "running" in plant.states())
        time.sleep(chance.uniform(0.0, 0.5))
        victim = ("worker", "web", "both")[kill] if kill < 3 else chance.choice(["worker", "web", "both"])
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
    chance, done = random.Random(7), threading.Event()
    killer = threading.Thread(target=kill_at_random, args=(plant, kills, done, chance))
    killer.start()
    with ThreadPoolExecutor(READERS) as threads:

        def run(seed: int) -> tuple[str, list[Any]]:
            job_id = plant.submit("counting", params, seed, key=f"job {seed}")
            return job_id, plant.all_events(job_id) if seed % 2 else []

        followed = list(threads.map(run, range(jobs)))
    done.set()
    killer.join()
    for seed, (job_id, seen) in enumerate(followed):
        plant.finished(job_id)
        check(plant, job_id, params, seed, seen or plant.all_events(job_id))
    listed, cursor = 0, ""
    while cursor is not None:
        page = plant.get(f"/jobs?limit=100&cursor={cursor}")
        listed, cursor = listed + len(page["jobs"]), page["next_cursor"]
    assert listed == jobs
    attempts = [plant.job(job_id)["attempts"] for job_id, _ in followed]
    assert sum(attempts) > jobs, "some were taken over"
    print(f"{jobs} jobs, {kills} kills, {sum(attempts) - jobs} jobs taken over")


def test_a_few_kills(make_plant: PlantMaker) -> None:
    survive(make_plant(), jobs=16, kills=3, params={"steps": 8, "points": 2, "sleep": 0.05})


@pytest.mark.long
def test_twenty_kills_over_two_hundred_jobs(make_plant: PlantMaker) -> None:
    survive(make_plant(workers=2), jobs=200, kills=20, params={"steps": 10, "points": 3, "sleep": 0.03})
