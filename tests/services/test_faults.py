"""The ground gives way: any process is killed, the disk is full or cannot be written, the clock jumps."""

import io
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx2
import numpy as np
import pytest
from PIL import Image

from tests.services.plant import PATIENCE, Plant, eventually
from tests.services.test_kills import A_RUN_MAY_TAKE, check

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="mounts file systems and reads /proc")

PARAMS = {"steps": 20, "points": 3, "sleep": 0.05}
NOISE = np.random.default_rng(5).integers(0, 256, (1200, 1500), dtype=np.uint8)
PATIENT = {"picture_timeout": 600}
"""A busy machine may take a minute to load its first model."""


def png(side: int = 64) -> bytes:
    out = io.BytesIO()
    Image.fromarray(NOISE[:side, :side]).save(out, "PNG")
    return out.getvalue()


def color(plant: Plant, content: bytes) -> "httpx2.Response":
    files = {"image": ("a.png", content)}
    return plant.client.post(
        f"{plant.api}/colorize", files=files, data={"model": "pool-upsample"}, timeout=900
    )


def is_colored(plant: Plant) -> bool:
    """Whether somebody gets a picture now; anything but that and a 503 is a fault."""
    with suppress(httpx2.TransportError):
        answer = color(plant, png())
        assert answer.status_code in {200, 503}, answer.text
        return answer.status_code == 200
    return False


def family(root: int) -> dict[int, str]:
    """Commands of all processes that a process and its own have started."""
    found, pids = {}, [root]
    for pid in pids:
        with suppress(OSError):
            for file in Path(f"/proc/{pid}/task").glob("*/children"):
                pids += map(int, file.read_text().split())
            found[pid] = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return {pid: command for pid, command in found.items() if command and pid != root}


def one_of(plant: Plant, word: str) -> int | None:
    """A process of the plant whose command has that word."""
    assert plant.web is not None
    return next((pid for pid, command in family(plant.web.pid).items() if word in command), None)


VICTIMS = ("--sibling", "app.jobs.worker.runner", "app worker")


@pytest.mark.parametrize(
    ("kills", "jobs"), [(3, 4), pytest.param(30, 40, marks=pytest.mark.long)], ids=["few", "many"]
)
def test_any_process_may_be_killed(tmp_path: Path, kills: int, jobs: int) -> None:
    (tmp_path / "temporary").mkdir()
    plant = Plant(tmp_path / "data", settings={"processes": 2, "max_attempts": 50, **PATIENT})
    met: Counter[int | str] = Counter()
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            try:
                met[plant.client.get(f"{plant.api}/models").status_code] += 1
            except httpx2.TransportError:
                met["cut off"] += 1
            time.sleep(0.02)

    asking = threading.Thread(target=ask)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TMPDIR", str(tmp_path / "temporary"))
            plant.start()
        asking.start()
        ids = [plant.submit("counting", PARAMS, seed) for seed in range(jobs)]
        chance, struck = random.Random(3), list[str]()
        for kill in range(kills):
            word = VICTIMS[kill] if kill < len(VICTIMS) else chance.choice(VICTIMS)
            os.kill(eventually(partial(one_of, plant, word)), signal.SIGKILL)
            struck.append(word)
            time.sleep(chance.uniform(0.0, 1.0))
        for seed, job in enumerate(ids):
            plant.finished(job, A_RUN_MAY_TAKE)
            check(plant, job, PARAMS, seed, plant.all_events(job))
        eventually(lambda: all(one_of(plant, word) for word in VICTIMS))
        done.set()
        asking.join()
        print(f"{jobs} jobs, killed {dict(Counter(struck))}; requests meanwhile: {dict(met)}")
        assert set(met) <= {200, "cut off"}
        assert met[200] > met["cut off"]
        assert "Traceback" not in plant.log
        assert plant.web is not None
        everyone = family(plant.web.pid)
        plant.kill_web()
        eventually(lambda: not any(is_alive(pid) for pid in everyone))
        assert list((tmp_path / "temporary").iterdir()) == []
    finally:
        done.set()
        plant.stop()
        print(plant.log[-6000:])


def is_alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_uploads_meet_a_full_disk(disk: Path) -> None:
    plant = Plant(disk / "data", settings={"workers": 0, "processes": 1, **PATIENT})
    log = disk.parent / "log"
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TMPDIR", str(disk))
            patch.setattr(Plant, "_log_path", property(lambda _: log))
            plant.start()
            eventually(lambda: is_colored(plant))
            large = png(1200)  # more than is kept in memory
            assert len(large) > 1_400_000
            assert color(plant, large).status_code == 200
            ballast = disk / "ballast"
            with suppress(OSError), ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
            free = shutil.disk_usage(disk).free
            assert free < 4096
            answer = color(plant, large)
            assert answer.status_code == 503, answer.text
            assert answer.json()["type"].endswith("unavailable")
            batch = plant.client.post(
                f"{plant.api}/colorize/batch", files=[("images", ("a.png", large)) for _ in range(3)]
            )
            assert batch.status_code == 503, batch.text
            assert is_colored(plant), "a small one needs no disk"
            ballast.unlink()
            assert color(plant, large).status_code == 200
            assert [path for path in disk.rglob("*") if path.suffix == ".part"] == []
            assert "Traceback" not in log.read_text()
    finally:
        plant.stop()


def test_on_a_read_only_disk_it_serves_all_but_jobs_and_those_once_it_can_be_written(disk: Path) -> None:
    (disk / "data").mkdir()
    log = disk.parent / "log"
    plant = Plant(disk / "data", settings={"workers": 0, "processes": 1, **PATIENT})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Plant, "_log_path", property(lambda _: log))
        remount(disk, "ro")
        try:
            plant.start()
            eventually(lambda: is_colored(plant))
            refused = plant.client.post(f"{plant.api}/jobs", json={"demo": "counting"})
            assert refused.status_code == 503, refused.text
            assert not plant.answers("/readyz")
            listed = plant.client.get(f"{plant.api}/jobs")
            assert listed.status_code == 503, listed.text
            remount(disk, "rw")
            plant.submit("counting")
            assert "Traceback" not in log.read_text()
        finally:
            remount(disk, "rw")
            plant.stop()


def remount(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True, timeout=PATIENCE)


CLOCK = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static volatile long *ahead;
__attribute__((constructor)) static void begin(void) {
    int file = open(getenv("CLOCK_AHEAD"), O_RDONLY);
    ahead = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
    close(file);
}
int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (!failed && clock == CLOCK_REALTIME) now->tv_sec += *ahead;
    return failed;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec precise;
    int failed = clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return failed;
}
time_t time(time_t *where) {
    struct timespec precise;
    clock_gettime(CLOCK_REALTIME, &precise);
    if (where) *where = precise.tv_sec;
    return precise.tv_sec;
}
"""
HOUR, DAY = 3600, 86400


def test_jobs_survive_a_clock_that_jumps(tmp_path: Path) -> None:
    """Wall clocks of all processes and of the database leap hours ahead and back while jobs run."""
    if (compiler := shutil.which("cc")) is None:
        pytest.skip("a clock that jumps is made with a C compiler")
    (tmp_path / "clock.c").write_text(CLOCK)
    library, ahead = tmp_path / "clock.so", tmp_path / "ahead"
    build = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(tmp_path / "clock.c"), "-ldl"]
    subprocess.run(build, check=True, timeout=PATIENCE)
    set_clock(ahead, 0)
    plant = Plant(tmp_path / "data", settings={"workers": 1, "processes": 1})
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LD_PRELOAD", str(library))
            patch.setenv("CLOCK_AHEAD", str(ahead))
            plant.start()
            plant.wait_until_ready()
            ids: list[str] = []
            for jump in (0, 3 * HOUR, -5 * HOUR, DAY, 0):
                set_clock(ahead, jump)
                ids.append(plant.submit("counting", PARAMS, len(ids)))
                eventually(lambda: plant.job(ids[-1])["progress"] > 0, A_RUN_MAY_TAKE)
                if jump == -5 * HOUR:
                    plant.kill_workers()  # what it was at is taken over under another time
            created = {plant.job(job)["created"][:13] for job in ids}
            assert len(created) >= 4, "the clock did jump"
            for seed, job in enumerate(ids):
                plant.finished(job, A_RUN_MAY_TAKE)
                check(plant, job, PARAMS, seed, plant.all_events(job))
            plant.wait_until_ready()
    finally:
        plant.stop()
        print(plant.log[-6000:])


def set_clock(file: Path, ahead: int) -> None:
    """Have clocks go so many seconds ahead; in place, for those who have mapped the file."""
    with file.open("r+b" if file.exists() else "wb") as opened:
        opened.write(ahead.to_bytes(8, sys.byteorder, signed=True))
