"""Whether workers live: each has a heartbeat in the database and a locked file on its machine."""

import os
import socket
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock, Timeout

from app.jobs.database import Database
from app.jobs.schema import workers
from app.jobs.store import DEAD_AFTER

BEAT_EVERY = 1.0


class Heart:
    """One worker's own signs of life."""

    def __init__(self, database: Database, worker: str, locks: Path) -> None:
        self._database, self._worker = database, worker
        locks.mkdir(parents=True, exist_ok=True)
        self._path = locks / f"{worker}.lock"
        self._lock = FileLock(self._path)

    def start(self) -> None:
        """Sign on; the lock first, so that nobody sees a worker without one."""
        self._lock.acquire(blocking=False)
        with self._database.engine.begin() as connection:
            now = self._database.now
            row = {"id": self._worker, "host": socket.gethostname()[:255], "pid": os.getpid(), "gone": False}
            connection.execute(sa.insert(workers).values(**row, started=now, seen=now))

    def beat(self) -> bool:
        """Tell that this worker lives; False if it was taken for dead, and its jobs are others'."""
        mine = workers.c.id == self._worker
        with self._database.engine.begin() as connection:
            update = sa.update(workers).where(mine).values(seen=self._database.now)
            return bool(connection.execute(update).rowcount)

    def is_known(self) -> bool:
        """Whether nobody has taken this worker for dead."""
        with self._database.engine.connect() as connection:
            mine = sa.select(workers.c.id).where(workers.c.id == self._worker)
            return connection.execute(mine).first() is not None

    def stop(self) -> None:
        """Sign off: others need not wait for the silence."""
        with self._database.engine.begin() as connection:
            connection.execute(sa.update(workers).where(workers.c.id == self._worker).values(gone=True))
        self._lock.release()
        self._path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Dead:
    """A worker that does no more."""

    id: str
    signed_off: bool
    """Whether it was told to stop and did, and nothing went wrong."""


class Observer:
    """Tells which other workers are dead, by what it has seen itself.

    One that signed off, or whose file on this machine is no longer locked, is dead for certain. Any other is
    dead when its heart has not beaten for DEAD_AFTER by this process's own clock, while this process kept
    looking: after its start or a gap, in which a stopped database may have kept all hearts from beating, it
    first looks for that long.
    """

    def __init__(self, database: Database, worker: str, locks: Path) -> None:
        self._database, self._worker, self._locks = database, worker, locks
        self._beats: dict[str, tuple[float, float]] = {}
        self._looked: float | None = None

    def dead(self) -> list[Dead]:
        """Workers that are dead now. To be asked about every BEAT_EVERY."""
        with self._database.engine.connect() as connection:
            others = sa.select(workers.c.id, workers.c.seen, workers.c.gone).where(
                workers.c.id != self._worker
            )
            rows = connection.execute(others).all()
        now = time.monotonic()
        if self._looked is None or now - self._looked > 3 * BEAT_EVERY:
            self._beats.clear()
        self._looked = now
        before, self._beats = self._beats, {}
        found = []
        for row in rows:
            seen, since = before.get(row.id, (row.seen, now))
            self._beats[row.id] = (row.seen, since if seen == row.seen else now)
            if row.gone or self._is_unlocked(row.id) or now - self._beats[row.id][1] > DEAD_AFTER:
                found.append(Dead(row.id, signed_off=row.gone))
        return found

    def strangers(self, ids: Collection[str]) -> list[str]:
        """Those of the ids that are no worker's: it was buried, and took another job before it knew."""
        known = sa.select(workers.c.id).where(workers.c.id.in_(ids))
        with self._database.engine.connect() as connection:
            return sorted({*ids} - {self._worker} - set(connection.execute(known).scalars()))

    def bury(self, worker: str) -> None:
        """Forget a dead worker, after its jobs have gone back into the queue."""
        with self._database.engine.begin() as connection:
            connection.execute(sa.delete(workers).where(workers.c.id == worker))
        (self._locks / f"{worker}.lock").unlink(missing_ok=True)

    def _is_unlocked(self, worker: str) -> bool:
        """Whether a worker of this machine has ended: the system lets its lock go, however it ended."""
        path = self._locks / f"{worker}.lock"
        if not path.exists():
            return False  # on another machine, for all that can be told
        try:
            with FileLock(path).acquire(blocking=False):
                return True
        except Timeout:
            return False
