"""How many cores a network's pass may take: all if no other runs, else a fair part of them.

Threads of a pass meet after every layer. Two passes that both take every core wait for each other's threads
to be scheduled at each meeting, and take many times as long as one after the other.
"""

import mmap
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.serving.place import Place


class Crew:
    """The cores that the passes of all models share, those of the service's other web processes included."""

    def __init__(self, threads: int, place: Place | None = None) -> None:
        place = place or Place()
        self._threads, self._index = threads, place.index
        self._lock = threading.Lock()
        self._passes: mmap.mmap | bytearray = bytearray(place.count)
        if place.folder is not None:
            with (place.folder / "passes").open("a+b") as file:
                file.truncate(place.count)
                self._passes = mmap.mmap(file.fileno(), place.count)
        self._passes[self._index] = 0  # what one that was killed here had under way is not any more

    @contextmanager
    def at_work(self) -> Iterator[int]:
        """Count a pass while it runs; how many threads it may take."""
        self._add(1)
        try:
            yield max(1, self._threads // max(1, sum(self._passes[:])))
        finally:
            self._add(-1)

    def _add(self, count: int) -> None:
        with self._lock:  # each process writes its own byte only
            self._passes[self._index] += count
