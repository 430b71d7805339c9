"""The keys of a running service: read again whenever their file changes, and when each was last used."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from app.keys import Key, KeysError, digest, read_keys

NOTED_EVERY = 60.0
"""Seconds in which a key's use is noted once by a process, and not once a request."""
FOLDER = "keys-used"
"""Where that is kept, in the data folder."""

log = structlog.get_logger(__name__)


class LastUses:
    """When keys were last used, to the minute: an empty file for each, whose time of change tells.

    Processes that share the folder need no lock: touching a file is one step, and the latest is right.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder, self._clock = folder, clock
        self._noted: dict[str, float] = {}
        self._told = False

    def note(self, key: Key) -> None:
        """Note that a key was used, if that was not noted within the last minute."""
        now = self._clock()
        if 0 <= now - self._noted.get(key.digest, float("-inf")) < NOTED_EVERY:
            return
        self._noted[key.digest] = now
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file(key).touch(mode=0o600)
            os.utime(self._file(key), (now, now))
        except OSError as error:  # a full or read-only disk keeps nobody out
            if not self._told:
                log.warning("it cannot be noted when keys are used", reason=str(error))
            self._told = True

    def of(self, key: Key) -> datetime | None:
        """When a key was last used; None if never, as far as this folder knows."""
        try:
            return datetime.fromtimestamp(self._file(key).stat().st_mtime, UTC)
        except OSError:
            return None

    def _file(self, key: Key) -> Path:
        return self._folder / key.digest[:32]  # no name of a person, and a good file name on every system


class KeyRing:
    """The keys of a file, read again whenever the file changes, so that a revoked key stops at once."""

    def __init__(self, path: Path, uses: LastUses | None = None) -> None:
        self._path, self._uses = path, uses
        self._stamp = self._stat()
        self._keys = read_keys(path)
        self._warn()

    def find(self, shown: str) -> Key | None:
        """The key that somebody shows, expired ones too; None if it is unknown."""
        if (stamp := self._stat()) != self._stamp:
            self._stamp = stamp
            self._reload()
        key = self._keys.get(digest(shown))
        if key is not None and self._uses is not None and not key.has_expired:
            self._uses.note(key)
        return key

    def _reload(self) -> None:
        try:
            self._keys = read_keys(self._path)
        except KeysError as error:
            log.error(
                "the changed file of API keys is not used; the keys read before stay", reason=str(error)
            )
        self._warn()

    def _warn(self) -> None:
        """Who may write to the file may let anybody in."""
        if os.name == "posix" and self._stamp is not None and self._stamp[3] & 0o022:
            log.warning("others than its owner may write to the file of API keys", file=str(self._path))

    def _stat(self) -> tuple[int, int, int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino, stat.st_mode
