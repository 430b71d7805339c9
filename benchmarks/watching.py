"""What a service's processes hold while something is done to it: memory, files, threads (Linux)."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

ROLES = (("runner", "worker process"), ("worker", "worker"), ("serve", "web"))
"""A word of a process's command, and what it is then called."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What one process holds at one time."""

    pid: int
    role: str
    memory: int
    """Resident bytes; what processes share counts in each."""
    files: int
    threads: int


def family(root: int) -> list[int]:
    """A process and all that it and its own have started."""
    found = [root]
    for pid in found:
        for file in Path(f"/proc/{pid}/task").glob("*/children"):
            with suppress(OSError):
                found += map(int, file.read_text().split())
    return found


def holdings(root: int) -> list[Holding]:
    """Of each process of a family that is there."""
    found = []
    for pid in family(root):
        with suppress(OSError):  # it has ended meanwhile
            found.append(_holding(pid))
    return [each for each in found if each.memory]  # without those that have ended


def _holding(pid: int) -> Holding:
    process = Path(f"/proc/{pid}")
    status = (process / "status").read_text()
    command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    role = next((name for word, name in ROLES if word in command), "other")
    found = [re.search(rf"{each}:\s+(\d+)", status) for each in ("VmRSS", "Threads")]
    memory, threads = (int(each[1]) if each else 0 for each in found)  # one that has just ended holds nothing
    return Holding(pid, role, 1024 * memory, len(list((process / "fd").iterdir())), threads)


@dataclass
class Watch:
    """The most that was held while it was watched, by role, added up over the role's processes."""

    root: int
    memory: dict[str, int] = field(default_factory=dict)
    files: int = 0
    threads: int = 0
    pids: set[tuple[int, str]] = field(default_factory=set)

    def look(self) -> dict[str, int]:
        """Memory by role now."""
        found = holdings(self.root)
        now: dict[str, int] = {}
        for each in found:
            now[each.role] = now.get(each.role, 0) + each.memory
        self.memory = {role: max(now.get(role, 0), self.memory.get(role, 0)) for role in {*now, *self.memory}}
        self.files = max(self.files, sum(each.files for each in found))
        self.threads = max(self.threads, sum(each.threads for each in found))
        self.pids |= {(each.pid, each.role) for each in found}
        return now


@asynccontextmanager
async def watching(root: int, every: float = 0.5) -> AsyncIterator[Watch]:
    """Look again and again while the block runs."""
    watch = Watch(root)

    async def look() -> None:
        while True:
            watch.look()
            await asyncio.sleep(every)

    looking = asyncio.create_task(look())
    try:
        yield watch
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        watch.look()
