"""What has been freed goes back to the system, when there has been work."""

import asyncio
import platform
import subprocess
import sys

import pytest

from app import memory

RUSH = """
import re
from app.memory import give_back

def resident():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) >> 10

rush = [b"x" * 100_000 for _ in range(3000)]
kept = rush[::100]
full = resident()
del rush
freed = resident()
give_back()
print(full, freed, resident())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the C library is another")
def test_what_a_rush_has_left_in_pieces_is_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", RUSH], capture_output=True, text=True, check=True, timeout=300
    )
    full, freed, given_back = map(int, done.stdout.split())
    assert full > 250
    assert freed > 150, "without it most is kept"
    assert given_back < freed - 100


def test_it_is_done_after_work_only(monkeypatch: pytest.MonkeyPatch) -> None:
    spent, done = iter([1.0, 1.0, 1.1, 1.2, 2.0, 2.0]), []
    monkeypatch.setattr("time.process_time", lambda: next(spent))
    monkeypatch.setattr(memory, "give_back", lambda: done.append(1))

    async def run() -> None:
        await memory.keep_giving_back(every=0.0, worked=0.5)

    with pytest.raises((StopIteration, RuntimeError)):
        asyncio.run(run())
    assert len(done) == 2, "at first, and once enough was done since"
