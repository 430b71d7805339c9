"""Files of jobs that every host can reach: a folder by default, any address that fsspec knows by a setting.

Nothing half-written is ever seen under a file's name. What goes wrong, of whatever kind, is a StorageError.
"""

import errno
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import fsspec  # type: ignore[import-untyped]

from app.settings import Settings

_YOUNG = 3600.0
"""Seconds for which files without a job are left alone: their job may be stored in a moment."""
_BLOCK = 5 << 20
"""Bytes held of a file that is being written to an object store: the least of S3's parts."""


class StorageError(Exception):
    """The storage does not take or give a file now; the message is a reason to be logged."""

    full = False


class StorageFull(StorageError):
    """There is no room left."""

    full = True


class MissingFile(StorageError):
    """There is no such file."""


class Storage:
    """Files by the origin of the job they belong to, and a name. Every call blocks."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._found: tuple[Any, str] | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Storage":
        """As the settings say."""
        return cls(settings.storage_url or str(settings.data_dir.absolute() / "batches"))

    def begin(self, origin: str, name: str) -> "Writing":
        """A file to write to piece by piece."""
        with self.reaching() as (files, root):
            return Writing(self, files, f"{root}/{origin}/{name}")

    def write(self, origin: str, name: str, content: bytes) -> None:
        """Write a whole file; one of that name is replaced."""
        file = self.begin(origin, name)
        try:
            file.write(content)
            file.keep()
        except BaseException:
            file.drop()
            raise

    def read(self, origin: str, name: str) -> bytes:
        """All bytes of a file. Raises MissingFile."""
        with self.reaching() as (files, root), files.open(f"{root}/{origin}/{name}", "rb") as file:
            content: bytes = file.read()
            return content

    def pieces(self, origin: str, name: str, size: int = 1 << 18) -> Iterator[bytes]:
        """A file's bytes, `size` at a time. Raises MissingFile."""
        with self.reaching() as (files, root), files.open(f"{root}/{origin}/{name}", "rb") as file:
            while piece := file.read(size):
                yield piece

    def remove(self, origin: str) -> None:
        """Remove all files of an origin; what cannot be removed now is swept later."""
        with suppress(StorageError), self.reaching() as (files, root):
            files.rm(f"{root}/{origin}", recursive=True)

    def drop(self, origin: str, name: str) -> None:
        """Remove one file, if it is there."""
        with suppress(StorageError), self.reaching() as (files, root):
            files.rm_file(f"{root}/{origin}/{name}")

    def sweep(self, origins: Callable[[], set[str]]) -> None:
        """Remove the files of jobs that are no more; `origins` gives those that are."""
        with suppress(StorageError), self.reaching() as (files, root):
            files.invalidate_cache()
            if not files.isdir(root):
                return
            there = [str(path).rstrip("/").rpartition("/")[2] for path in files.ls(root, detail=False)]
            gone = set(there) - origins() if there else set()
            for origin in gone:
                if time.time() - _changed(files, f"{root}/{origin}") > _YOUNG:
                    files.rm(f"{root}/{origin}", recursive=True)

    @contextmanager
    def reaching(self) -> Iterator[tuple[Any, str]]:
        """The file system and the path of everything in it; its failures become StorageErrors."""
        try:
            if self._found is None:
                files, root = fsspec.core.url_to_fs(self._url, use_listings_cache=False)
                self._found = files, root.rstrip("/")
            yield self._found
        except (StorageError, GeneratorExit, KeyboardInterrupt):
            raise
        except FileNotFoundError as error:
            raise MissingFile(str(error)) from error
        except Exception as error:  # each kind of storage has its own
            full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
            reason = f"{type(error).__name__}: {error}"[:300]
            raise (StorageFull if full else StorageError)(reason) from error


class Writing:
    """A file on its way: it is there after `keep`, and never was after `drop`."""

    def __init__(self, storage: Storage, files: Any, path: str) -> None:
        self._storage, self._path, self._part = storage, path, None
        if "file" in ((files.protocol,) if isinstance(files.protocol, str) else files.protocol):
            self._part = Path(f"{path}.{secrets.token_hex(4)}.part")
            self._part.parent.mkdir(parents=True, exist_ok=True)
            self._file: Any = self._part.open("xb")
        else:
            self._file = files.open(path, "wb", autocommit=False, block_size=_BLOCK)

    def write(self, piece: bytes) -> None:
        """Add some bytes."""
        with self._storage.reaching():
            self._file.write(piece)

    def keep(self) -> None:
        """Have the file be there, whole, whatever happens to the machine."""
        with self._storage.reaching():
            if self._part is None:
                self._file.close()
                self._file.commit()
                return
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._part.replace(self._path)

    def drop(self) -> None:
        """Forget what was written."""
        with suppress(Exception):
            if self._part is None:
                self._file.discard()
                self._file.closed = True  # or it would be sent when it is collected
            else:
                self._file.close()
        if self._part is not None:
            with suppress(OSError):
                self._part.unlink(missing_ok=True)


def _changed(files: Any, path: str) -> float:
    """When the newest of an origin's files was written; now, if that cannot be told."""
    times = []
    for info in files.find(path, detail=True).values():
        written = info.get("mtime") or info.get("LastModified") or info.get("created")
        times.append(written.timestamp() if hasattr(written, "timestamp") else float(written or time.time()))
    return max(times, default=0.0)
