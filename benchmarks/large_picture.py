"""A 24-megapixel JPEG through the service: its time against the work it cannot avoid, and memory. Linux only.

    python -m benchmarks.large_picture [--model ID]

Times are taken in turn within one run; memory is the process's own peak as the kernel counts it.
"""

import argparse
import asyncio
import io
import statistics
import time
from collections import Counter

import numpy as np

from app.colorizing.registry import Registry
from app.imaging.pictures import decode_picture, encode_picture
from benchmarks.models import models_dir
from benchmarks.service import Service, ask, colorize_request, scene, service

WIDTH, HEIGHT = 6000, 4000
AT_ONCE = 20
MB = 1_000_000


def jpeg() -> bytes:
    """A gray picture of 24 megapixels."""
    file = io.BytesIO()
    scene(WIDTH, HEIGHT).save(file, "JPEG", quality=90)
    return file.getvalue()


def decode_and_encode(data: bytes) -> float:
    """Seconds it takes to decode a picture and to encode it again in colour, called directly."""
    begun = time.perf_counter()
    gray = decode_picture(data, max_pixels=WIDTH * HEIGHT).gray
    decoded = time.perf_counter() - begun
    rgb = np.repeat(gray[:, :, None], 3, axis=2)
    begun = time.perf_counter()
    encode_picture(rgb, format="jpeg")
    return decoded + time.perf_counter() - begun


async def one(running: Service, data: bytes, request: bytes, rounds: int) -> None:
    """One picture at a time: its time and the memory it takes."""
    resident = running.resident()
    running.forget_peak()
    wall, unavoidable, network = [], [], []
    for _ in range(rounds):
        begun = time.perf_counter()
        answer = await ask(running, request)
        wall.append(time.perf_counter() - begun)
        assert answer.status == 200, answer.body
        network.append(answer.timings()["network"])
        unavoidable.append(decode_and_encode(data))
        print("  " + answer.headers["server-timing"])
    took, own, ran = map(statistics.median, (wall, unavoidable, network))
    print(f"whole request {took:.2f} s; decode + encode {own:.2f} s; network {ran:.2f} s")
    print(f"  {(took - ran) / own:.2f} times decode + encode, plus the network (target: at most 3)")
    print(f"  peak memory grew by {(running.peak() - resident) / MB:.0f} MB (target: under 1000)")


async def many(running: Service, request: bytes, warm: bytes) -> None:
    """Twenty at once: who is answered, who is sent away, and that all goes on afterwards."""
    resident = running.resident()
    running.forget_peak()
    answers = await asyncio.gather(*(ask(running, request) for _ in range(AT_ONCE)))
    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) <= {200, 503}, statuses
    assert all("retry-after" in answer.headers for answer in answers if answer.status == 503)
    counts = ", ".join(f"{count} x {status}" for status, count in sorted(statuses.items()))
    grown = (running.peak() - resident) / MB
    print(f"{AT_ONCE} at once: {counts}; peak memory grew by {grown:.0f} MB")
    assert (await ask(running, warm)).status == 200
    print("  and a small picture afterwards is answered")


async def measure(model: str | None, rounds: int) -> None:
    """Both measurements against one service."""
    data, small = jpeg(), io.BytesIO()
    scene(64, 64).save(small, "PNG")
    print(f"{WIDTH} x {HEIGHT} JPEG, {len(data) / MB:.1f} MB")
    with models_dir() as folder, service(models_dir=folder) as running:
        chosen = model or Registry(folder).default_id
        request = colorize_request(running, data, chosen)
        warm = colorize_request(running, small.getvalue(), chosen)
        for _ in range(3):
            assert (await ask(running, warm)).status == 200
        await one(running, data, request, rounds)
        await many(running, request, warm)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="id of the model; the default one unless given")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    asyncio.run(measure(arguments.model, arguments.rounds))


if __name__ == "__main__":
    main()
