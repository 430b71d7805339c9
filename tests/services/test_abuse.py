"""Clients that hold on, break off or come all at once: others are served, and nothing is left over."""

import asyncio
import io
import os
import re
import resource
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import httpx2
import numpy as np
import pytest
from PIL import Image

from tests.services.plant import PATIENCE, Plant, eventually

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc and raises limits")

MODEL = {"model": "pool-upsample"}
IDLE = 10_000
LATE = 20.0
"""Seconds that the service waits for a head, and for the next piece of a body."""
PIXELS = (6000, 4000)
MAY_GROW = 1200 << 20
"""Bytes that two pictures of 24 megapixels in work may take, and the uploads of those who wait."""


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    """A service with one web process and no worker, whose temporary files can be seen."""
    (tmp_path / "temporary").mkdir()
    plant = Plant(tmp_path / "data", settings={"workers": 0, "processes": 1, "picture_timeout": 600})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(tmp_path / "temporary"))
        plant.start()
    try:
        yield plant
    finally:
        plant.stop()
        print(plant.log[-6000:])


def picture(width: int, height: int, format: str = "JPEG") -> bytes:
    rows = np.random.default_rng(3).integers(0, 256, (height // 50, width // 50), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(rows).resize((width, height), Image.Resampling.BICUBIC).save(out, format)
    return out.getvalue()


def status(plant: Plant, field: str) -> int:
    assert plant.web is not None
    return int(re.findall(rf"{field}:\s+(\d+)", Path(f"/proc/{plant.web.pid}/status").read_text())[0])


def open_files(plant: Plant) -> int:
    assert plant.web is not None
    return len(os.listdir(f"/proc/{plant.web.pid}/fd"))


def held_bytes(plant: Plant) -> float:
    """Of uploads that are received and worked on."""
    said = plant.client.get(f"http://127.0.0.1:{plant.port}/metrics").text
    return float(re.findall(r"^chromalab_upload\w*bytes (\S+)$", said, re.MULTILINE)[0])


def upload_head(length: int) -> bytes:
    return (
        b"POST /api/v1/colorize HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n\r\n"
        b'--x\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n' % length
    )


def is_served(plant: Plant) -> None:
    """Somebody else has a small picture coloured, at the first attempt or a later one."""
    files = {"image": ("a.png", picture(100, 100, "PNG"))}

    def ask() -> bool:
        answer = plant.client.post(f"{plant.api}/colorize", files=files, data=MODEL, timeout=900)
        assert answer.status_code in {200, 503}, answer.text
        return answer.status_code == 200

    eventually(ask)


def test_bodies_that_break_off_leave_nothing(plant: Plant) -> None:
    is_served(plant)
    files = open_files(plant)
    for turn in range(100):
        with socket.create_connection(("127.0.0.1", plant.port)) as wire:
            wire.sendall(upload_head(9_000_000) + bytes((1000, 100_000, 2_000_000)[turn % 3]))
    eventually(lambda: held_bytes(plant) == 0)
    eventually(lambda: open_files(plant) <= files + 5)
    assert plant.data_dir.parent.joinpath("temporary").exists()
    assert list(plant.data_dir.parent.joinpath("temporary").iterdir()) == []
    is_served(plant)
    assert "Traceback" not in plant.log


@pytest.mark.long
def test_uploads_that_trickle_are_given_up_and_hold_up_nobody(plant: Plant) -> None:
    """Some never finish their head, some send a byte now and then: each is answered 408 or hung up on."""
    is_served(plant)
    heads, bodies = 150, 150
    met: Counter[str] = Counter()

    async def trickle(begin: bytes, piece: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", plant.port)
        writer.write(begin)
        answer = asyncio.ensure_future(reader.read())
        try:
            while not answer.done():
                writer.write(piece)
                await asyncio.wait({answer}, timeout=2.0)
            met[(await answer)[9:12].decode() or "hung up"] += 1
        except OSError:
            met["hung up"] += 1
        finally:
            writer.transport.abort()

    async def trickle_all() -> None:
        head = b"POST /api/v1/colorize HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Padding: "
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(
                *(trickle(head, b"x") for _ in range(heads)),
                *(trickle(upload_head(9_000_000), b"x") for _ in range(bodies)),
            )

    with ThreadPoolExecutor(1) as threads:
        trickling = threads.submit(lambda: asyncio.run(trickle_all()))
        served = 0
        while not trickling.done():
            is_served(plant)
            served += 1
        trickling.result()
    print(f"{heads} heads and {bodies} bodies that trickled: {dict(met)}; {served} others served meanwhile")
    assert set(met) == {"408", "hung up"}, "a client that sends on may miss the answer"
    assert met.total() == heads + bodies
    assert plant.log.count("status=408") == bodies
    assert served > 0
    eventually(lambda: held_bytes(plant) == 0)


@pytest.mark.long
def test_ten_thousand_idle_connections(plant: Plant) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < IDLE + 1000:
        pytest.skip(f"this process may open {hard} files only")
    is_served(plant)
    before, files = status(plant, "VmRSS"), open_files(plant)
    resource.setrlimit(resource.RLIMIT_NOFILE, (IDLE + 1000 if hard > 0 else soft, hard))
    try:
        with ExitStack() as held:
            for _ in range(IDLE):
                wire = socket.create_connection(("127.0.0.1", plant.port), timeout=PATIENCE)
                held.enter_context(closing(wire))
            most = open_files(plant)
            is_served(plant)
            grew = status(plant, "VmRSS") - before
            begun = time.monotonic()
            eventually(lambda: open_files(plant) < files + 100)  # hung up on, though we have not let go
            gone = time.monotonic() - begun
            print(f"{IDLE} connections, {most} open at once, {grew >> 10} MiB more; gone {gone:.0f} s later")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert grew < 300 << 10
    is_served(plant)
    assert "Traceback" not in plant.log


@pytest.mark.long
def test_a_hundred_clients_with_24_megapixels_each(plant: Plant) -> None:
    is_served(plant)
    large = picture(*PIXELS)
    assert plant.web is not None
    Path(f"/proc/{plant.web.pid}/clear_refs").write_text("5")
    before = status(plant, "VmRSS")

    def send(_: int) -> int:
        with httpx2.Client(verify=False, timeout=20 * PATIENCE) as client:
            answer = client.post(f"{plant.api}/colorize", files={"image": ("a.jpg", large)}, data=MODEL)
        if answer.status_code == 200:
            with Image.open(io.BytesIO(answer.content)) as colored:
                assert colored.size == PIXELS
        else:
            assert int(answer.headers["retry-after"]) > 0
        return answer.status_code

    with ThreadPoolExecutor(100) as threads:
        met = Counter(threads.map(send, range(100)))
    grew = status(plant, "VmHWM") - before
    print(f"100 x 24 megapixels at once: {dict(met)}, at most {grew >> 10} MiB more than before")
    assert set(met) == {200, 503}
    assert grew << 10 < MAY_GROW
    eventually(lambda: held_bytes(plant) == 0)
    is_served(plant)
    assert "Traceback" not in plant.log
