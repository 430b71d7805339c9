"""Memory back to the system: the C library keeps freed pieces for itself, and after a rush those are many."""

import asyncio
import ctypes
import time
from collections.abc import Callable

EVERY = 15.0
WORKED = 0.3
"""Seconds of processor time since the last time below which there is nothing new to give back."""


def _find_trim() -> Callable[[int], object]:
    try:
        found: Callable[[int], object] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # not glibc
        return lambda _: None
    return found


_trim = _find_trim()


def give_back() -> None:
    """Give back the pages of freed memory; takes milliseconds, and does nothing where it is not known how."""
    _trim(0)


async def keep_giving_back(every: float = EVERY, worked: float = WORKED) -> None:
    """Give back again and again, on a thread, whenever something has been done since; until cancelled."""
    spent = -worked
    while True:
        await asyncio.sleep(every)
        if time.process_time() - spent >= worked:
            await asyncio.to_thread(give_back)
            spent = time.process_time()
