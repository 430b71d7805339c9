"""Room and turns: who works, who waits, who is sent away."""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from app.colorizing.lanes import Lane, LaneFull

SECONDS = 20.0


def in_lane(test: Callable[[Lane], Coroutine[Any, Any, None]]) -> None:
    """Run a test on a lane for 100 pixels, two threads, three in line."""
    lane = Lane("test", capacity=100, threads=2, waiting=3)

    async def in_time() -> None:
        await asyncio.wait_for(test(lane), SECONDS)

    try:
        asyncio.run(in_time())
    finally:
        lane.close()


class Guest:
    """Takes room, says so, and stays until told to leave."""

    def __init__(self, lane: Lane, pixels: int, client: str = "") -> None:
        self.leave, self.inside = asyncio.Event(), False
        self.task = asyncio.create_task(self._stay(lane, pixels, client))

    async def _stay(self, lane: Lane, pixels: int, client: str) -> None:
        async with lane.room(pixels, client):
            self.inside = True
            await self.leave.wait()

    async def out(self) -> None:
        self.leave.set()
        await self.task


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_small_ones_share_and_the_next_wait_their_turn() -> None:
    async def test(lane: Lane) -> None:
        guests = [Guest(lane, pixels) for pixels in (60, 40, 30, 10)]
        await settle()
        assert [guest.inside for guest in guests] == [True, True, False, False]
        await guests[1].out()
        await settle()
        assert [guest.inside for guest in guests] == [True, True, True, True]
        for guest in guests:
            await guest.out()

    in_lane(test)


def test_a_large_one_in_line_is_not_overtaken() -> None:
    async def test(lane: Lane) -> None:
        first, large, small = Guest(lane, 50), Guest(lane, 90), Guest(lane, 1)
        await settle()
        assert (first.inside, large.inside, small.inside) == (True, False, False)
        await first.out()
        await settle()
        assert (large.inside, small.inside) == (True, True)
        await large.out()
        await small.out()

    in_lane(test)


def test_one_larger_than_the_lane_is_alone_in_it() -> None:
    async def test(lane: Lane) -> None:
        giant, small = Guest(lane, 10_000), Guest(lane, 1)
        await settle()
        assert (giant.inside, small.inside) == (True, False)
        await giant.out()
        await small.out()

    in_lane(test)


def test_too_long_a_line_sends_away_and_loses_nobody() -> None:
    async def test(lane: Lane) -> None:
        guests = [Guest(lane, 100) for _ in range(4)]
        await settle()
        with pytest.raises(LaneFull, match="3 pictures already wait") as caught:
            async with lane.room(1):
                pass
        assert caught.value.retry_after >= 1
        for guest in guests:
            await guest.out()
        assert all(guest.inside for guest in guests)
        async with lane.room(100):
            pass

    in_lane(test)


def test_those_who_give_up_in_line_leave_no_gap() -> None:
    async def test(lane: Lane) -> None:
        first, second, third = (Guest(lane, 100) for _ in range(3))
        await settle()
        second.task.cancel()
        await settle()
        await first.out()
        await settle()
        assert (second.inside, third.inside) == (False, True)
        await third.out()
        async with lane.room(100):
            pass

    in_lane(test)


def test_one_cancelled_in_the_moment_of_its_turn_gives_the_room_back() -> None:
    async def test(lane: Lane) -> None:
        first, second, third = (Guest(lane, 100) for _ in range(3))
        await settle()
        first.leave.set()
        while not first.task.done():
            await asyncio.sleep(0)
        second.task.cancel()
        await settle()
        assert second.task.cancelled()
        await settle()
        assert third.inside
        await third.out()
        async with lane.room(100):
            pass

    in_lane(test)


def test_failures_inside_give_the_room_back() -> None:
    async def test(lane: Lane) -> None:
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                async with lane.room(100):
                    await lane.run(lambda: 1 // 0)
        async with lane.room(100):
            assert await lane.run(divmod, 7, 2) == (3, 1)

    in_lane(test)


def test_work_runs_on_the_lane_s_threads_and_not_on_more() -> None:
    async def test(lane: Lane) -> None:
        names = await asyncio.gather(*(lane.run(lambda: threading.current_thread().name) for _ in range(20)))
        assert len(set(names)) <= 2
        assert all(name.startswith("test") for name in names)

    in_lane(test)


def test_a_cancelled_caller_keeps_its_room_until_the_thread_is_done() -> None:
    async def test(lane: Lane) -> None:
        begun, finish = threading.Event(), threading.Event()

        def work() -> None:
            begun.set()
            finish.wait(SECONDS)
            raise ValueError("nobody hears this")

        async def paint() -> None:
            async with lane.room(100):
                await lane.run(work)

        painting = asyncio.create_task(paint())
        await asyncio.to_thread(begun.wait, SECONDS)
        painting.cancel()
        waiting = Guest(lane, 100)
        await settle()
        assert not painting.done()
        assert not waiting.inside
        finish.set()
        with pytest.raises(asyncio.CancelledError):
            await painting
        await settle()
        assert waiting.inside
        await waiting.out()

    in_lane(test)


def test_work_not_yet_begun_is_dropped_when_its_caller_is_cancelled() -> None:
    async def test(lane: Lane) -> None:
        done: list[str] = []
        finish = threading.Event()
        busy = [asyncio.create_task(lane.run(finish.wait, SECONDS)) for _ in range(2)]
        late = asyncio.create_task(lane.run(done.append, "late"))
        await settle()
        late.cancel()
        with pytest.raises(asyncio.CancelledError):
            await late
        finish.set()
        await asyncio.gather(*busy)
        assert done == []

    in_lane(test)


def test_clients_take_turns_and_the_greediest_gives_way() -> None:
    async def test(lane: Lane) -> None:
        greedy = [Guest(lane, 100, "greedy") for _ in range(4)]  # one inside, three in line
        await settle()
        modest = Guest(lane, 100, "modest")
        await settle()
        with pytest.raises(LaneFull):
            await greedy[3].task
        await greedy[0].out()
        await settle()
        assert (greedy[1].inside, modest.inside) == (True, False)
        await greedy[1].out()
        await settle()
        assert (greedy[2].inside, modest.inside) == (False, True)
        await modest.out()
        await greedy[2].out()
        async with lane.room(100):
            pass

    in_lane(test)


def test_one_who_gives_way_and_is_cancelled_at_once_takes_no_room_along() -> None:
    async def test(lane: Lane) -> None:
        greedy = [Guest(lane, 100, "greedy") for _ in range(4)]
        await settle()
        modest = Guest(lane, 100, "modest")
        await asyncio.sleep(0)
        greedy[3].task.cancel()
        await settle()
        assert greedy[3].task.done()
        for guest in (*greedy[:3], modest):
            guest.leave.set()
        await settle()
        async with lane.room(100):
            pass

    in_lane(test)
