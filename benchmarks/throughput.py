"""512 x 512 pictures from 16 clients: our service, the pipeline in a loop without HTTP, and LitServe in turn.

    python -m benchmarks.throughput [--model ID] [--rounds N]

LitServe (pip install litserve) is left out where it is not installed. All run in the same rounds, one by one,
the network by eager PyTorch everywhere unless `--backend` has ours run it otherwise.
"""

import argparse
import asyncio
import base64
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path

from app.colorizing.backends import limit_threads
from app.colorizing.backends.kinds import EAGER, KINDS
from app.colorizing.pipeline import Order, colorize
from app.colorizing.registry import Registry
from app.machine import available_cpus
from app.settings import Settings
from benchmarks.models import models_dir
from benchmarks.service import ROOT, Connection, Service, colorize_request, service
from benchmarks.serving import CLIENTS, png

SIDE = 512


def json_request(where: Service, picture: bytes) -> bytes:
    """The bytes of a POST as LitServe's documentation sends pictures."""
    body = json.dumps({"image": base64.b64encode(picture).decode()}).encode()
    head = (
        f"POST /predict HTTP/1.1\r\nHost: {where.host}:{where.port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


@contextmanager
def litserve(folder: Path, model: str, workers: int) -> Iterator[Service]:
    """LitServe in processes of its own, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "benchmarks.litserve_server",
        str(port),
        str(folder),
        model,
        str(workers),
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        for _ in range(600):
            time.sleep(0.2)
            with socket.socket() as knocking:
                if knocking.connect_ex(("127.0.0.1", port)) == 0:
                    break
        yield Service("127.0.0.1", port, process.pid)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # its workers outlive it otherwise
        process.wait(60)


async def from_many(where: Service, requests: list[bytes]) -> tuple[float, list[float]]:
    """Requests a second from 16 clients, and how long each took."""
    took: list[float] = []

    async def client(todo: list[bytes]) -> None:
        connection = await Connection.to(where)
        for request in todo:
            begun = time.perf_counter()
            answer = await connection.ask(request)
            took.append(time.perf_counter() - begun)
            assert answer.status == 200, (answer.status, answer.body[:300])
        connection.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client(requests[index::CLIENTS]) for index in range(CLIENTS)))
    return len(requests) / (time.perf_counter() - begun), took


async def until_tuned(where: Service, model: str, picture: bytes) -> None:
    """Colour pictures until the backend asked for runs them: eight connections in a row meet no other."""
    head = f"GET /api/v1/models/{model} HTTP/1.1\r\nHost: {where.host}:{where.port}\r\n\r\n".encode()
    tuned = 0
    while tuned < 8:
        connection = await Connection.to(where)
        assert (await connection.ask(colorize_request(where, picture, model))).status == 200
        state = json.loads((await connection.ask(head)).body)["backend"]["state"]
        connection.close()
        assert state != "failed"
        tuned = tuned + 1 if state == "tuned" else 0
        await asyncio.sleep(0 if tuned else 1)


def measure(model: str | None, rounds: int, pictures: int, backend_name: str) -> None:
    """Every side once a round, in turn."""
    images = [png(SIDE, seed) for seed in range(8)]
    images = [images[index % len(images)] for index in range(pictures)]
    with ExitStack() as stack:
        folder = stack.enter_context(models_dir())
        registry, settings = Registry(folder), Settings()
        card = registry.card(model or registry.default_id or "")
        ours = stack.enter_context(service(models_dir=folder, backend=backend_name))
        if backend_name != EAGER:
            asyncio.run(until_tuned(ours, card.id, images[0]))
        sides = {"Chromalab": (ours, [colorize_request(ours, image, card.id) for image in images])}
        if find_spec("litserve"):
            for workers in sorted({1, available_cpus()}):
                other = stack.enter_context(litserve(folder, card.id, workers))
                sides[f"LitServe, workers: {workers}"] = (
                    other,
                    [json_request(other, each) for each in images],
                )
        limit_threads(settings.threads)
        backend = registry.load(card.id)
        rates: dict[str, list[float]] = {name: [] for name in (*sides, "a loop without HTTP")}
        waits: dict[str, list[float]] = {name: [] for name in sides}
        for turn in range(rounds + 1):
            for name, (where, requests) in sides.items():
                rate, took = asyncio.run(from_many(where, requests))
                if turn:  # the first warms up
                    rates[name].append(rate)
                    waits[name] += took
            begun = time.perf_counter()
            for image in images:
                colorize(
                    image, backend, card, Order(), max_pixels=settings.max_pixels, threads=settings.threads
                )
            if turn:
                rates["a loop without HTTP"].append(pictures / (time.perf_counter() - begun))
    print(f"{SIDE} x {SIDE} PNG, {card.id}, {CLIENTS} clients, {rounds} rounds of {pictures}")
    own = statistics.median(rates["Chromalab"])
    for name, found in rates.items():
        said = f"  {name}: {statistics.median(found):.1f} a second"
        if name in waits:
            cuts = statistics.quantiles(waits[name], n=100)
            said += (
                f", p50 {1000 * cuts[49]:.0f} ms, p99 {1000 * cuts[98]:.0f} ms ({cuts[98] / cuts[49]:.2f} x)"
            )
        if name != "Chromalab":
            said += f"; Chromalab is {own / statistics.median(found):.2f} times as quick"
        print(said)
    print("  targets: 1.3 x LitServe, 0.85 x the loop, p99 at most 3 x p50")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="id of the model; the default one unless given")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pictures", type=int, default=96)
    parser.add_argument("--backend", choices=list(KINDS), default=EAGER, help="what runs our network")
    arguments = parser.parse_args()
    measure(arguments.model, arguments.rounds, arguments.pictures, arguments.backend)


if __name__ == "__main__":
    main()
