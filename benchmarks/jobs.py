"""What a job costs beside its work: latency, throughput, idling, and what colorizing feels of it.

    python -m benchmarks.jobs [--only latency|throughput|idle|colorizing] [--rounds N] [--jobs N]

SQLite, and PostgreSQL where it is installed: a new cluster with defaults, so that a commit is on disk.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from benchmarks.models import models_dir
from benchmarks.service import Connection, Service, colorize_request, service
from benchmarks.serving import png
from tests.jobs.postgres import binaries, running_cluster

CLIENTS = 8
IDLE_SECONDS = 20.0
TRAINING = {"demo": "train-colorizer", "params": {"data": "built-in", "pictures": 600, "epochs": 25}}
NOTHING = {"demo": "nothing"}
_TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def running(database: str, **settings: object) -> Iterator[Service]:
    """A service with workers that are ready, on a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        chosen: dict[str, object] = {
            "data_dir": folder,
            "demo_packages": "benchmarks.demos",
            "workers": 1,
            "max_jobs_per_client": 10_000,
            "max_jobs": 10_000,
            "preload": False,
            **settings,
        }
        if database != "PostgreSQL":
            with service(None, **chosen) as found:
                wait_until_ready(found)
                yield found
            return
        with (
            running_cluster(durable=True) as cluster,
            service(None, **chosen, database_url=cluster.create_database()) as found,
        ):
            wait_until_ready(found)
            yield found


def wait_until_ready(found: Service) -> None:
    """Wait for a worker, and for a job to have gone through."""
    with httpx2.Client(base_url=address(found), verify=False, timeout=60) as client:
        while client.get("/readyz").status_code != 200:
            time.sleep(0.1)
        for _ in range(4):
            links = client.post("/api/v1/jobs", json=NOTHING).json()["links"]
            while client.get(links["self"]).json()["state"] != "succeeded":
                time.sleep(0.05)


def address(found: Service) -> str:
    """Its root."""
    return f"http://{found.host}:{found.port}"


def latency(found: Service, rounds: int) -> float:
    """Median seconds from the POST of a job that does nothing to its last event."""
    seconds = []
    with httpx2.Client(base_url=address(found), verify=False, timeout=60) as client:
        for _ in range(rounds):
            begun = time.perf_counter()
            links = client.post("/api/v1/jobs", json=NOTHING).json()["links"]
            with client.stream("GET", links["events"]) as stream:
                last = [line for line in stream.iter_lines() if line.startswith("event")][-1]
            assert last == "event: end"
            seconds.append(time.perf_counter() - begun)
            time.sleep(0.05)
    return statistics.median(seconds)


async def throughput(found: Service, jobs: int) -> tuple[float, float, float]:
    """Jobs a second from the first POST to the last end, POSTs a second, processor seconds a job."""
    before = cpu_seconds(processes(found.pid))
    limits = httpx2.Limits(max_connections=CLIENTS)
    async with httpx2.AsyncClient(base_url=address(found), verify=False, timeout=60, limits=limits) as client:
        todo = list(range(jobs))

        async def hand_in() -> None:
            while todo:
                todo.pop()
                answer = await client.post("/api/v1/jobs", json=NOTHING)
                assert answer.status_code == 202, answer.text

        begun = time.perf_counter()
        await asyncio.gather(*(hand_in() for _ in range(CLIENTS)))
        handed_in = time.perf_counter()
        for state in ("queued", "running"):
            while (await client.get(f"/api/v1/jobs?state={state}&limit=1")).json()["jobs"]:
                await asyncio.sleep(0.05)
        used = cpu_seconds(processes(found.pid)) - before
        return jobs / (time.perf_counter() - begun), jobs / (handed_in - begun), used / jobs


def processes(root: int) -> list[int]:
    """A process and all below it."""
    found = subprocess.run(["pgrep", "-P", str(root)], capture_output=True, text=True, check=False)
    return [root, *(pid for child in found.stdout.split() for pid in processes(int(child)))]


def cpu_seconds(pids: list[int]) -> float:
    """Processor time that processes have used."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def idle(found: Service) -> float:
    """Share of a core that web process, worker and its processes use while nothing is asked of them."""
    time.sleep(2.0)
    pids = processes(found.pid)
    before, begun = cpu_seconds(pids), time.monotonic()
    time.sleep(IDLE_SECONDS)
    return (cpu_seconds(pids) - before) / (time.monotonic() - begun)


async def colorizing(found: Service, rounds: int) -> dict[int, tuple[float, float]]:
    """Median seconds to colour a picture, by its side: without and with a job that trains, in turn."""
    requests = {side: colorize_request(found, png(side), None) for side in (32, 512)}
    seconds: dict[tuple[int, bool], list[float]] = {
        (side, busy): [] for side in requests for busy in (False, True)
    }
    async with httpx2.AsyncClient(base_url=address(found), verify=False, timeout=60) as client:
        connection = await Connection.to(found)
        for request in requests.values():
            await connection.ask(request)
        connection.close()
        for _ in range(max(2, rounds // 10)):
            for busy in (False, True):
                links = {}
                if busy:
                    links = (await client.post("/api/v1/jobs", json=TRAINING)).json()["links"]
                    while (await client.get(links["self"])).json()["progress"] == 0:
                        await asyncio.sleep(0.1)
                connection = await Connection.to(found)  # an idle one is closed
                for side, request in requests.items():
                    for _ in range(10):
                        begun = time.perf_counter()
                        assert (await connection.ask(request)).status == 200
                        seconds[side, busy].append(time.perf_counter() - begun)
                connection.close()
                if busy:
                    await client.post(links["cancel"])
                    while (await client.get(links["self"])).json()["state"] == "running":
                        await asyncio.sleep(0.1)
                    await client.delete(links["self"])
    return {
        side: (statistics.median(seconds[side, False]), statistics.median(seconds[side, True]))
        for side in requests
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", choices=("latency", "throughput", "idle", "colorizing"))
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=500)
    asked = parser.parse_args()
    kinds = ["SQLite", *(["PostgreSQL"] if binaries() else [])]
    wanted = [asked.only] if asked.only else ["latency", "throughput", "idle", "colorizing"]
    for kind in kinds:
        if "latency" in wanted or "idle" in wanted:
            with running(kind) as found:
                if "latency" in wanted:
                    waited = 1000 * latency(found, asked.rounds)
                    print(f"{kind}: a job that does nothing, POST to end: {waited:.0f} ms")
                if "idle" in wanted:
                    print(f"{kind}: idle, web and worker together: {100 * idle(found):.1f} % of a core")
        if "throughput" in wanted:
            workers = 1 if kind == "SQLite" else 2
            with running(kind, workers=workers) as found:
                done, handed_in, used = asyncio.run(throughput(found, asked.jobs))
                print(f"{kind}, workers: {workers}, {asked.jobs} short jobs: {done:.0f}/s", end="")
                print(f" (handed in: {handed_in:.0f}/s); {1000 * used:.1f} ms of processor time a job")
    if "colorizing" in wanted:
        with models_dir() as folder, running("SQLite", models_dir=folder) as found:
            for side, (alone, beside) in asyncio.run(colorizing(found, asked.rounds)).items():
                print(f"colorizing {side} x {side}: {1000 * alone:.1f} ms alone", end=", ")
                print(f"{1000 * beside:.1f} ms beside a training job, ratio {beside / alone:.2f}")


if __name__ == "__main__":
    main()
