"""Questions about shapes from 32 clients while two jobs train and pictures are coloured: how even they are.

    python -m benchmarks.mixed [--requests N] [--clients N]

Beside it: how soon the first page is there after a start, and what a web process holds in memory, idle and
with the default model loaded.
"""

import argparse
import asyncio
import json
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2

from benchmarks.models import models_dir
from benchmarks.service import Connection, Service, ask, colorize_request, service
from benchmarks.serving import png

TRAINING = {"demo": "train-colorizer", "params": {"data": "built-in", "pictures": 2000, "epochs": 25}}
PICTURES_AT_A_TIME = 2
STARTS = 3
_MIB = 2**20


def shapes_request(where: Service, number: int) -> bytes:
    """A network of ten layers, another one for each of a hundred numbers."""
    layers: list[dict[str, object]] = []
    for depth in range(5):
        layers.append({"type": "Conv2d", "out_channels": f"N{depth}", "kernel_size": 3, "padding": "same"})
        layers.append({"type": "ReLU"})
    body = json.dumps({"input": ["NIC", 32 + number % 100, 32], "layers": layers}).encode()
    head = (
        f"POST /api/v1/shapes HTTP/1.1\r\nHost: {where.host}:{where.port}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def ask_many(where: Service, requests: int, clients: int) -> tuple[list[float], Counter[int]]:
    """Seconds that each answer took, and the statuses."""
    took: list[float] = []
    statuses: Counter[int] = Counter()
    numbers = iter(range(requests))

    async def client() -> None:
        connection = await Connection.to(where)
        for number in numbers:
            request = shapes_request(where, number)
            begun = time.perf_counter()
            answer = await connection.ask(request)
            took.append(time.perf_counter() - begun)
            statuses[answer.status] += 1
        connection.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return took, statuses


@asynccontextmanager
async def busy(where: Service, jobs: int) -> AsyncIterator[Counter[int]]:
    """Jobs that train and pictures that are coloured all the while; statuses of the pictures' answers."""
    address = f"http://{where.host}:{where.port}"
    statuses: Counter[int] = Counter()
    request = colorize_request(where, png(512), None)

    async def color() -> None:
        connection = await Connection.to(where)
        try:
            while True:
                statuses[(await connection.ask(request)).status] += 1
        finally:
            connection.close()

    async with httpx2.AsyncClient(base_url=address, verify=False, timeout=300) as client:
        while (await client.get("/readyz")).status_code != 200:
            await asyncio.sleep(0.2)
        handed_in = [
            await client.post("/api/v1/jobs", json=TRAINING | {"seed": seed}) for seed in range(jobs)
        ]
        links = [answer.json()["links"] for answer in handed_in]
        for each in links:
            while (await client.get(each["self"])).json()["progress"] == 0:
                await asyncio.sleep(0.2)
        coloring = [asyncio.create_task(color()) for _ in range(PICTURES_AT_A_TIME)]
        while not statuses:
            await asyncio.sleep(0.1)
        try:
            yield statuses
            states = [(await client.get(each["self"])).json()["state"] for each in links]
            assert states == ["running"] * jobs, f"the jobs did not train all the while: {states}"
        finally:
            for task in coloring:
                task.cancel()
            await asyncio.gather(*coloring, return_exceptions=True)
            for each in links:
                await client.post(each["cancel"])


def evenness(requests: int, clients: int) -> None:
    """Measure and print the ratio."""
    with (
        tempfile.TemporaryDirectory() as folder,
        models_dir() as models,
        service(models_dir=models, data_dir=folder, workers=1) as found,
    ):

        async def measure() -> tuple[list[float], Counter[int], Counter[int]]:
            async with busy(found, jobs=2) as pictures:
                await ask_many(found, 200, clients)
                took, statuses = await ask_many(found, requests, clients)
                return took, statuses, Counter(pictures)

        took, statuses, pictures = asyncio.run(measure())
    ordered = sorted(took)
    half, most = statistics.median(ordered), ordered[int(0.99 * (len(ordered) - 1))]
    print(
        f"shapes, {len(took)} requests from {clients} clients, statuses {dict(statuses)}; meanwhile two jobs"
    )
    print(f"  trained and {pictures.total()} pictures were coloured (statuses {dict(pictures)})")
    print(
        f"  p50 {1000 * half:.1f} ms, p99 {1000 * most:.1f} ms, ratio {most / half:.2f} (target: at most 5)"
    )


def starts() -> None:
    """Measure and print how soon the first page comes, and the memory of a web process."""
    waited, used = [], []
    with tempfile.TemporaryDirectory() as folder, models_dir() as models:
        for _ in range(STARTS + 1):  # the first warms the file cache up
            begun = time.perf_counter()
            with service(models_dir=models, data_dir=folder, processes=1, preload=False) as found:
                assert asyncio.run(first_page(found)) == 200
                waited.append(time.perf_counter() - begun)
                used.append(found.processor_seconds())
                time.sleep(1.0)
                idle = memory(found)
        with service(models_dir=models, data_dir=folder, processes=1) as found:
            while asyncio.run(color_once(found)) != 200:  # a busy machine may be late with the first
                time.sleep(1.0)
            wait_until_idle(found)
            loaded = memory(found)
    print(f"first page {min(waited[1:]):.2f} s after the start (target: at most 1.5)", end="; ")
    print(f"processor time until then: {min(used[1:]):.2f} s")
    for what, (whole, private), most in (("idle", idle, 350), ("with the default model", loaded, 700)):
        print(f"a web process, {what}: {whole / _MIB:.0f} MiB (target: at most {most})", end=", ")
        print(f"{private / _MIB:.0f} of them its own, the rest files that processes share")


async def first_page(found: Service) -> int:
    """Status of the first page."""
    return (await ask(found, f"GET / HTTP/1.1\r\nHost: {found.host}:{found.port}\r\n\r\n".encode())).status


async def color_once(found: Service) -> int:
    """Status of a picture, which waits for the model."""
    return (await ask(found, colorize_request(found, png(512), None))).status


def wait_until_idle(found: Service) -> None:
    """Wait until what is done ahead is done: no processor time to speak of for some seconds."""
    quiet = 0
    while quiet < 5:
        before = found.processor_seconds()
        time.sleep(2.0)
        quiet = quiet + 1 if found.processor_seconds() - before < 0.05 else 0


def memory(found: Service) -> tuple[int, int]:
    """Resident bytes of the web process, and those of them that are no mapped files (Linux)."""
    status = Path(f"/proc/{found.pid}/status").read_text()
    whole, private = (
        1024 * int(number)
        for name in ("VmRSS", "RssAnon")
        for number in re.findall(rf"{name}:\s+(\d+) kB", status)
    )
    return whole, private


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--only", choices=("shapes", "start"))
    asked = parser.parse_args()
    if asked.only != "start":
        evenness(asked.requests, asked.clients)
    if asked.only != "shapes":
        starts()


if __name__ == "__main__":
    main()
