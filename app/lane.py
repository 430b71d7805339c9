"""Threads of their own for arithmetic: few, lest it starve what else runs, and with a short queue."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Semaphore
from typing import TypeVar

from app.problems import Unavailable

Result = TypeVar("Result")


class Lane:
    """Runs functions in `threads` threads; takes no more than `most` at a time, those that wait included."""

    def __init__(self, threads: int, most: int) -> None:
        self._places = Semaphore(most)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="lane")

    async def run(self, function: Callable[[], Result]) -> Result:
        """What the function returns; raises Unavailable when every place is taken, or when it is closed.

        Whoever stops waiting leaves a function that has begun to itself: it is short and bounds its own work.
        The function runs in a copy of the caller's context, so that what it logs is told apart by request.
        """
        if not self._places.acquire(blocking=False):
            raise Unavailable("Too much is being computed at the moment.", retry_after=1)
        try:
            job = self._threads.submit(copy_context().run, function)
        except RuntimeError:
            self._places.release()
            raise _closing() from None
        job.add_done_callback(lambda _: self._places.release())
        try:
            return await asyncio.wrap_future(job)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise _closing() from None  # the function was dropped, not the one who waits for it

    def close(self) -> None:
        """Take nothing more; what has begun comes to its end."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _closing() -> Unavailable:
    return Unavailable("The service is about to stop.", retry_after=1)
