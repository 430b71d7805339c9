"""Streams of events: readers that leave in the middle, many at once, and a service that stops."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.services.conftest import PlantMaker
from tests.services.plant import Plant, eventually

MEMORY_MAY_GROW = 60 << 20


def test_readers_that_drop_in_the_middle_lose_nothing(plant: Plant) -> None:
    job = plant.submit("counting", {"steps": 30, "points": 5, "sleep": 0.02})
    seen: list[tuple[int, str, object]] = []
    connections = 0
    while not seen or seen[-1][1] != "end":
        connections += 1
        for event in plant.events(job, seen[-1][0] if seen else 0):
            seen.append(event)
            if len(seen) % 17 == 0:
                break  # and the connection is closed
    assert connections > 5
    assert seen == plant.all_events(job)
    assert [event[0] for event in seen] == list(range(1, 30 * 6 + 4))


def test_a_replay_is_what_was_seen_live(plant: Plant) -> None:
    job = plant.submit("counting", {"steps": 5, "sleep": 0.05})
    live = plant.all_events(job)
    assert live == plant.all_events(job)
    assert list(plant.events(job, after=live[-1][0])) == []
    assert list(plant.events(job, after=live[-3][0])) == live[-2:]


@pytest.mark.parametrize(
    "make_plant", ["sqlite", pytest.param("postgresql", marks=pytest.mark.long)], indirect=True
)
def test_streams_end_when_the_service_stops_and_go_on_with_its_successor(make_plant: PlantMaker) -> None:
    plant = make_plant(workers=0)
    plant.start()
    job = plant.submit("counting")
    seen: list[tuple[int, str, dict[str, Any]]] = []

    def read() -> None:
        seen.extend(plant.events(job))

    reader = threading.Thread(target=read)
    reader.start()
    time.sleep(0.5)
    begun = time.monotonic()
    assert plant.web is not None
    plant.web.terminate()
    plant.web.wait(20)
    reader.join(20)
    assert time.monotonic() - begun < 15
    assert [event[1] for event in seen] == ["state"]
    plant.settings["workers"] = 1
    plant.start()
    assert [
        event[2]["state"] for event in plant.all_events(job) if event[1] != "point" and event[1] != "progress"
    ] == [
        "queued",
        "running",
        "succeeded",
    ]


@pytest.mark.long
def test_two_hundred_readers_of_one_job_get_every_event_in_bounded_memory(plant: Plant) -> None:
    warm = plant.submit("counting", {"steps": 5})
    plant.all_events(warm)
    before = resident(plant)
    job = plant.submit("counting", {"steps": 100, "points": 20, "sleep": 0.05})
    peak = before
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.2):
            peak = max(peak, resident(plant))

    watcher = threading.Thread(target=watch)
    watcher.start()
    with ThreadPoolExecutor(200) as threads:
        streams = list(threads.map(lambda _: [event[0] for event in plant.events(job)], range(200)))
    done.set()
    watcher.join()
    assert all(ids == list(range(1, 100 * 21 + 4)) for ids in streams)
    assert peak - before < MEMORY_MAY_GROW
    print(f"200 readers, {sum(map(len, streams))} events, memory grew by {(peak - before) >> 20} MiB")


@pytest.mark.long
def test_a_reader_that_does_not_read_costs_the_service_no_memory(plant: Plant) -> None:
    job = plant.submit("counting", {"steps": 30, "points": 2000})
    plant.finished(job)
    before = resident(plant)
    with httpx2.Client() as client:
        streams = [client.stream("GET", f"{plant.api}/jobs/{job}/events", timeout=60) for _ in range(20)]
        for stream in streams:
            stream.__enter__()
        time.sleep(3)
        assert resident(plant) - before < MEMORY_MAY_GROW
        for stream in streams:
            stream.__exit__(None, None, None)
    assert eventually(lambda: plant.answers("/healthz"))


def resident(plant: Plant) -> int:
    assert plant.web is not None
    fields = Path(f"/proc/{plant.web.pid}/status").read_text().split()
    return 1024 * int(fields[fields.index("VmRSS:") + 1])
