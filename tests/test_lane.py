"""The lane for arithmetic: few at a time, a short queue, nothing leaks when things go wrong."""

import asyncio
import threading
from collections.abc import Iterator
from contextvars import ContextVar

import pytest

from app.lane import Lane
from app.problems import Unavailable

WHO: ContextVar[str] = ContextVar("who")


@pytest.fixture
def lane() -> Iterator[Lane]:
    lane = Lane(threads=1, most=2)
    yield lane
    lane.close()


def run(lane: Lane, value: int = 7) -> int:
    return asyncio.run(lane.run(lambda: value))


def test_it_gives_what_the_function_returns_or_raises(lane: Lane) -> None:
    assert run(lane) == 7
    for _ in range(5):  # more often than there are places
        with pytest.raises(ZeroDivisionError):
            asyncio.run(lane.run(lambda: 1 // 0))
    assert run(lane) == 7


def test_functions_run_beside_the_loop_in_the_callers_context(lane: Lane) -> None:
    async def ask() -> tuple[str, bool]:
        WHO.set("me")
        return await lane.run(lambda: (WHO.get(), threading.current_thread() is threading.main_thread()))

    assert asyncio.run(ask()) == ("me", False)


def test_beyond_its_places_it_refuses_at_once_and_recovers(lane: Lane) -> None:
    async def crowd() -> list[int | BaseException]:
        gate = threading.Event()

        def wait() -> int:
            gate.wait(10)
            return 1

        taken = [asyncio.ensure_future(lane.run(wait)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(Unavailable) as refused:
            await lane.run(wait)
        assert refused.value.headers["Retry-After"] == "1"
        gate.set()
        return await asyncio.gather(*taken, return_exceptions=True)

    assert asyncio.run(crowd()) == [1, 1]
    assert run(lane) == 7


def test_whoever_stops_waiting_gives_the_place_back(lane: Lane) -> None:
    async def leave() -> None:
        gate = threading.Event()
        tasks = [asyncio.ensure_future(lane.run(lambda: gate.wait(10))) for _ in range(2)]
        await asyncio.sleep(0.01)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with pytest.raises(asyncio.CancelledError):
                await task
        gate.set()

    asyncio.run(leave())
    for _ in range(3):
        assert run(lane) == 7


def test_when_it_closes_what_waits_is_told(lane: Lane) -> None:
    async def close() -> None:
        gate = threading.Event()
        begun = asyncio.ensure_future(lane.run(lambda: gate.wait(10)))
        waiting = asyncio.ensure_future(lane.run(lambda: True))
        await asyncio.sleep(0.01)
        lane.close()
        gate.set()
        assert await begun is True
        with pytest.raises(Unavailable):
            await waiting
        for _ in range(3):
            with pytest.raises(Unavailable):
                await lane.run(lambda: True)

    asyncio.run(close())
