"""Full-size work cut into pieces that fit in the cache and spread over the processors."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from app.imaging.resample import spans

Item = TypeVar("Item")
STRIP_SAMPLES = 1 << 18
"""Pixels of a strip."""


def processors() -> int:
    """How many processors this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def strips(width: int, height: int) -> list[tuple[int, int]]:
    """Spans of rows with about STRIP_SAMPLES pixels each."""
    return list(spans(height, max(1, STRIP_SAMPLES // width)))


def in_parallel(work: Callable[[Item], object], items: Iterable[Item], threads: int | None = None) -> None:
    """Call `work` on every item, in threads: NumPy and Pillow release the interpreter while they compute."""
    todo = list(items)
    threads = min(threads or processors(), len(todo))
    if threads <= 1:
        for item in todo:
            work(item)
        return
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, todo):
            pass
