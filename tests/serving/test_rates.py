"""Moving windows in a file against those of `limits` in memory, and across processes."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st
from limits import parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from app.serving import rates as module
from app.serving.rates import SharedWindows

HITTER = """
import asyncio, sys
from pathlib import Path
from app.serving.rates import SharedWindows

async def hit():
    windows = SharedWindows(Path(sys.argv[1]))
    print(sum([await windows.acquire_entry("one", 100, 3600) for _ in range(80)]))

asyncio.run(hit())
"""


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def windows(tmp_path: Path) -> SharedWindows:
    return SharedWindows(tmp_path / "rates.sqlite")


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 4)), max_size=30))
@how(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50, deadline=None)
def test_the_same_are_let_through_as_by_the_library_s_own(
    windows: SharedWindows, hits: list[tuple[str, int]]
) -> None:
    rate, clock = parse("3/5seconds"), Clock()

    async def both() -> None:
        ours, theirs = MovingWindowRateLimiter(windows), MovingWindowRateLimiter(MemoryStorage())
        await windows.reset()
        for client, pause in hits:
            clock.now += pause + 0.01  # never exactly at the window's end, where rounding decides
            assert await ours.hit(rate, client) == await theirs.hit(rate, client)
            mine, other = [await each.get_window_stats(rate, client) for each in (ours, theirs)]
            assert mine.remaining == other.remaining
            assert mine.reset_time == pytest.approx(other.reset_time, abs=1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.time", clock.time)
        asyncio.run(both())


def test_processes_count_together(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HITTER, str(tmp_path / "rates.sqlite")]
    SharedWindows(tmp_path / "rates.sqlite")
    several = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    said = [int(each.communicate(timeout=120)[0]) for each in several]
    assert sum(said) == 100
    assert all(0 <= count <= 80 for count in said)


def test_hits_that_count_no_more_are_removed(windows: SharedWindows, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("time.time", clock.time)

    async def hit(client: str) -> bool:
        return await windows.acquire_entry(client, 10, 60)

    async def long_ago_and_now() -> None:
        assert all([await hit(f"client {number}") for number in range(100)])
        clock.now += 61
        for number in range(module.SWEEP_AFTER - 100):
            await hit(f"client {number % 20}")

    asyncio.run(long_ago_and_now())
    oldest, count = windows._connection.execute("SELECT min(at), count(*) FROM hits").fetchone()
    assert oldest == clock.now
    assert count == module.SWEEP_AFTER - 100


def test_more_than_the_limit_at_once_is_never_let_through(windows: SharedWindows) -> None:
    assert not asyncio.run(windows.acquire_entry("one", 3, 60, amount=4))
    assert asyncio.run(windows.acquire_entry("one", 3, 60, amount=3))
    assert not asyncio.run(windows.acquire_entry("one", 3, 60))
    asyncio.run(windows.clear("one"))
    assert asyncio.run(windows.acquire_entry("one", 3, 60))
    assert asyncio.run(windows.check())


def test_where_nothing_can_be_counted_all_are_let_through(windows: SharedWindows) -> None:
    windows._connection.execute("PRAGMA query_only = ON")
    assert asyncio.run(windows.acquire_entry("one", 1, 60))
    assert asyncio.run(windows.acquire_entry("one", 1, 60))
    windows._connection.execute("PRAGMA query_only = OFF")
    assert asyncio.run(windows.acquire_entry("one", 1, 60))
    assert not asyncio.run(windows.acquire_entry("one", 1, 60))
