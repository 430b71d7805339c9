"""What serving costs beside the work itself, and what serving many at once gains.

    python -m benchmarks.serving [--model ID]

Both ratios are taken within one run, from measurements that alternate: a busy machine slows both sides.
"""

import argparse
import asyncio
import io
import statistics
import time

from app.colorizing.backends import Backend, limit_threads
from app.colorizing.backends.kinds import EAGER
from app.colorizing.pipeline import Order, colorize
from app.colorizing.registry import Registry
from app.networks.card import Card
from app.settings import Settings
from benchmarks.models import models_dir
from benchmarks.service import Connection, Service, colorize_request, scene, service

CLIENTS = 16
PAUSE = 0.05
"""Seconds before each measurement: threads that shared a pass spin for a while where the next has to run."""


def png(side: int, seed: int = 0) -> bytes:
    """A square gray picture."""
    file = io.BytesIO()
    scene(side, side, seed).save(file, "PNG")
    return file.getvalue()


async def overhead(running: Service, backend: Backend, card: Card, rounds: int) -> None:
    """One 512 x 512 PNG over HTTP against decode, network and encode called directly, in turn."""
    picture, settings = png(512), Settings()
    request = colorize_request(running, picture, card.id)
    connection = await Connection.to(running)
    over_http, directly = [], []
    for turn in range(rounds + 3):
        await asyncio.sleep(PAUSE)
        begun = time.perf_counter()
        answer = await connection.ask(request)
        over = time.perf_counter() - begun
        await asyncio.sleep(PAUSE)
        begun = time.perf_counter()
        colorize(picture, backend, card, Order(), max_pixels=settings.max_pixels, threads=settings.threads)
        ended = time.perf_counter()
        assert answer.status == 200, answer.body
        if turn >= 3:
            over_http.append(over)
            directly.append(ended - begun)
    connection.close()
    http, direct = statistics.median(over_http), statistics.median(directly)
    print(
        f"512 x 512 PNG, {card.id}, {rounds} rounds: HTTP {1000 * http:.1f} ms, direct {1000 * direct:.1f} ms"
    )
    print(f"  service overhead {100 * (http / direct - 1):+.1f} % (target: at most 15 %)")


async def throughput(running: Service, card: Card, rounds: int, pictures: int) -> None:
    """32 x 32 pictures one at a time against 16 clients at once, in turn."""
    requests = [colorize_request(running, png(32, seed), card.id) for seed in range(pictures)]

    async def client(todo: list[bytes]) -> None:
        connection = await Connection.to(running)
        for request in todo:
            answer = await connection.ask(request)
            assert answer.status == 200, answer.body
        connection.close()

    await client(requests[:20])
    alone, together = [], []
    worked_alone = worked_together = 0.0
    for _ in range(rounds):
        used = running.processor_seconds()
        begun = time.perf_counter()
        await client(requests)
        between = time.perf_counter()
        worked_alone += (halfway := running.processor_seconds()) - used
        await asyncio.gather(*(client(requests[index::CLIENTS]) for index in range(CLIENTS)))
        ended = time.perf_counter()
        worked_together += running.processor_seconds() - halfway
        alone.append(pictures / (between - begun))
        together.append(pictures / (ended - between))
    one, many = statistics.median(alone), statistics.median(together)
    print(f"32 x 32 PNG, {card.id}: one client {one:.0f}/s, {CLIENTS} clients {many:.0f}/s")
    print(f"  throughput ratio {many / one:.2f} (target: at least 3)")
    of_one, of_many = (1000 * used / (rounds * pictures) for used in (worked_alone, worked_together))
    print(f"  processor time a picture: {of_one:.2f} ms alone, {of_many:.2f} ms together")


async def measure(model: str | None, rounds: int, pictures: int) -> None:
    """Both measurements against one service."""
    # The same backend on both sides, and none that is being chosen meanwhile.
    with models_dir() as folder, service(models_dir=folder, backend=EAGER) as running:
        registry = Registry(folder)
        card = registry.card(model or registry.default_id or "")
        limit_threads(Settings().threads)
        await overhead(running, registry.load(card.id), card, rounds)
        await throughput(running, card, max(3, rounds // 8), pictures)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="id of the model; the default one unless given")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--pictures", type=int, default=320)
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.model, arguments.rounds, arguments.pictures))


if __name__ == "__main__":
    main()
