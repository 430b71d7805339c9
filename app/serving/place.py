"""Which of a service's web processes this is, and what is its share of what all of them may take."""

import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

LEAVING = "leaving"
"""File in the shared folder that is there once the service is about to stop."""
REQUESTS_MAY_TAKE = 25
"""Seconds that requests under way at shutdown get to finish."""


@dataclass(frozen=True, slots=True)
class Place:
    """One web process among `count`; the first has started the others, and they share `folder`."""

    index: int = 0
    count: int = 1
    folder: Path | None = None
    _left: threading.Event = field(default_factory=threading.Event, init=False, repr=False, compare=False)

    @property
    def is_first(self) -> bool:
        """Whether this is the process that was started from outside."""
        return self.index == 0

    def share(self, amount: int, least: int = 1) -> int:
        """This process's part of an amount that all processes may take together."""
        return max(least, amount // self.count)

    def leave(self) -> None:
        """Have every process tell that no new requests are wanted."""
        self._left.set()
        if self.folder is not None:
            with suppress(OSError):  # the folder is gone, or full: then each process tells for itself
                (self.folder / LEAVING).touch()

    @property
    def is_leaving(self) -> bool:
        """Whether the service is about to stop."""
        return self._left.is_set() or (self.folder is not None and (self.folder / LEAVING).exists())
