"""Which of a service's web processes this is, and what is its share of what all of them may take."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from app.machine import available_cpus

MOST_BY_DEFAULT = 4
MEMORY_OF_ONE = 2**30
"""Bytes of memory that one more process is worth: PyTorch, a model, and a large picture in work."""


@dataclass(frozen=True, slots=True)
class Place:
    """One web process among `count`; the first has started the others, and they share `folder`."""

    index: int = 0
    count: int = 1
    folder: Path | None = None

    @property
    def is_first(self) -> bool:
        """Whether this is the process that was started from outside."""
        return self.index == 0

    def share(self, amount: int, least: int = 1) -> int:
        """This process's part of an amount that all processes may take together."""
        return max(least, amount // self.count)


def default_processes() -> int:
    """One web process a CPU, for Python keeps one busy; fewer where memory is short."""
    if sys.platform == "win32":  # a listening socket cannot be handed on there
        return 1
    return max(1, min(available_cpus(), MOST_BY_DEFAULT, _memory() // MEMORY_OF_ONE))


def _memory() -> int:
    """Bytes of memory this process may take: the container's limit (cgroup v2), else the machine's."""
    machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(machine, int(Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii")))
    except (OSError, ValueError):  # no cgroup v2, or "max": no limit
        return machine
