"""What clients have asked for lately, counted by all web processes of a service together.

A SQLite file that no disk needs to keep: it lies in the processes' shared folder, is never synced, and goes
with the service. Counting takes tens of microseconds, so it is done where the request is.
"""

import sqlite3
import time
from pathlib import Path

import structlog
from limits.aio.storage import MovingWindowSupport, Storage

_TABLE = """
CREATE TABLE IF NOT EXISTS hits (client TEXT NOT NULL, at REAL NOT NULL, until REAL NOT NULL);
CREATE INDEX IF NOT EXISTS hits_of_client ON hits (client, at);
CREATE INDEX IF NOT EXISTS hits_that_end ON hits (until);
"""
_PATIENCE = 1.0
"""Seconds to wait for another process to have counted; it takes microseconds."""
log = structlog.get_logger(__name__)

SWEEP_AFTER = 256
"""Hits after which those that count no more are removed, whoever made them."""


class SharedWindows(Storage, MovingWindowSupport):
    """Moving windows of `limits`, exact across processes. Used from one thread at a time."""

    STORAGE_SCHEME = None

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._connection = sqlite3.connect(
            file, isolation_level=None, timeout=_PATIENCE, check_same_thread=False
        )
        self._connection.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; {_TABLE}")
        self._since_sweep = 0

    @property
    def base_exceptions(self) -> type[Exception]:
        """What the database raises."""
        return sqlite3.Error

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` hits, unless more than `limit` would lie within the last `expiry` seconds.

        Where hits cannot be counted, as on a full disk, all are let through: rates protect, they are no lock.
        """
        if amount > limit:
            return False
        try:
            return self._acquire(key, limit, expiry, amount)
        except sqlite3.OperationalError as error:
            log.warning("rates cannot be counted", reason=str(error))
            return True

    def _acquire(self, key: str, limit: int, expiry: int, amount: int) -> bool:
        self._connection.execute("BEGIN IMMEDIATE")  # nobody counts between the look and the hit
        try:
            now = time.time()
            full = self._connection.execute(
                "SELECT 1 FROM hits WHERE client = ? AND at > ? ORDER BY at DESC LIMIT 1 OFFSET ?",
                (key, now - expiry, limit - amount),
            ).fetchone()
            if not full:
                self._connection.executemany(
                    "INSERT INTO hits VALUES (?, ?, ?)", [(key, now, now + expiry)] * amount
                )
            self._sweep(now)
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            self._connection.rollback()
            raise
        return not full

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest hit within the last `expiry` seconds was, and how many there are."""
        now = time.time()
        oldest, count = self._connection.execute(
            "SELECT min(at), count(*) FROM hits WHERE client = ? AND at > ?", (key, now - expiry)
        ).fetchone()
        return (now if oldest is None else oldest, count)

    async def clear_window(self, key: str, limit: int, expiry: int) -> None:
        """Forget a client."""
        await self.clear(key)

    async def clear(self, key: str) -> None:
        """Forget a client."""
        self._connection.execute("DELETE FROM hits WHERE client = ?", (key,))

    async def reset(self) -> int | None:
        """Forget everyone; how many hits that were."""
        return self._connection.execute("DELETE FROM hits").rowcount

    async def check(self) -> bool:
        """Whether the file can be used."""
        return bool(self._connection.execute("SELECT count(*) >= 0 FROM hits").fetchone()[0])

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Not for moving windows."""
        raise NotImplementedError

    async def get(self, key: str) -> int:
        """Not for moving windows."""
        raise NotImplementedError

    async def get_expiry(self, key: str) -> float:
        """Not for moving windows."""
        raise NotImplementedError

    def _sweep(self, now: float) -> None:
        self._since_sweep += 1
        if self._since_sweep >= SWEEP_AFTER:
            self._connection.execute("DELETE FROM hits WHERE until <= ?", (now,))
            self._since_sweep = 0
