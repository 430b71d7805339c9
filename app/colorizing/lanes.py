"""Threads for full-size work, and the room that bounds how much of it is in memory at once."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import ParamSpec, Protocol, TypeVar

from app.colorizing.turns import Turns

P = ParamSpec("P")
T = TypeVar("T")


class LaneFull(RuntimeError):
    """As many pictures wait as may; `retry_after` is a fair wait in seconds."""

    def __init__(self, waiting: int, retry_after: int) -> None:
        super().__init__(f"{waiting} pictures already wait to be worked on")
        self.retry_after = retry_after


class Runner(Protocol):
    """Where a picture is worked on."""

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function there."""


class Here:
    """On the caller's own thread, at once."""

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function here."""
        return function(*args, **kwargs)


class Lane:
    """Pictures up to `capacity` pixels altogether, worked on by `threads` threads, `waiting` more in line.

    Clients take turns, each with its own pictures in the order they came; when the line is full, the client
    with most in it gives up its newest place to one with fewer. A picture larger than the capacity is worked
    on alone, and smaller ones do not overtake the one whose turn it is. Used from one event loop.
    """

    def __init__(self, name: str, *, capacity: int, threads: int, waiting: int) -> None:
        self._capacity, self._waiting = capacity, waiting
        self._free = capacity
        self._line: Turns[tuple[int, asyncio.Future[None]]] = Turns()
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._threads = threads
        self._pace = 0.0  # seconds a picture keeps its room, smoothed

    @asynccontextmanager
    async def room(self, pixels: int, client: str = "") -> AsyncIterator[None]:
        """Hold room for a client's picture when its turn comes; raises LaneFull if too many wait."""
        cost = min(max(pixels, 1), self._capacity)
        await self._enter(cost, client)
        begun = time.perf_counter()
        try:
            yield
        finally:
            self._pace += 0.2 * (time.perf_counter() - begun - self._pace)
            self._free += cost
            self._admit()

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function on one of the lane's threads.

        When the caller is cancelled, this returns only once the thread is done with the picture, so that no
        room is given away while it is still used.
        """
        work: Future[T] = self._executor.submit(function, *args, **kwargs)
        waiter = asyncio.wrap_future(work)
        try:
            return await asyncio.shield(waiter)
        except asyncio.CancelledError:
            if not work.cancel():
                await asyncio.wait([waiter])
                waiter.exception()  # nobody is left to hear of it
            raise

    def close(self) -> None:
        """End the threads once they have finished what was given to them (blocking)."""
        self._executor.shutdown(wait=True)

    async def _enter(self, cost: int, client: str) -> None:
        if not self._line and cost <= self._free:
            self._free -= cost
            return
        if len(self._line) >= self._waiting:
            turns = (len(self._line) + 1) / self._threads
            full = LaneFull(len(self._line), max(1, math.ceil(self._pace * turns)))
            if (greedy := self._line.greediest(than=client)) is None:
                raise full
            _, given_up = self._line.last_of(greedy)
            if not given_up.done():
                given_up.set_exception(full)
        turn = asyncio.get_running_loop().create_future()
        self._line.add(client, (cost, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._line.remove(client, (cost, turn))  # unless `_admit` has dropped it already
            elif turn.exception() is None:  # admitted and cancelled at once
                self._free += cost
            self._admit()
            raise

    def _admit(self) -> None:
        while self._line and self._line.first()[0] <= self._free:
            cost, turn = self._line.take()
            if not turn.done():
                self._free -= cost
                turn.set_result(None)
