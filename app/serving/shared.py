"""The folder that the web processes of one service share, gone with them however they end."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

PREFIX = "chromalab-"
_LOCK = "in-use"
"""Held by the first process; the system lets it go when that ends, by kill -9 too."""


@contextmanager
def shared_folder() -> Iterator[Path]:
    """A new folder among the temporary files; those of services that were killed whole are removed."""
    sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with FileLock(folder / _LOCK):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(root: Path) -> None:
    """Remove our folders that nobody uses any more; another user's, or one that is a link, is left alone."""
    if not hasattr(os, "getuid"):  # Windows, which serves from one process
        return
    for folder in root.glob(f"{PREFIX}*"):
        with suppress(OSError, Timeout):
            if folder.is_symlink() or folder.lstat().st_uid != os.getuid():
                continue
            lock = folder / _LOCK
            if lock.is_file() and not lock.is_symlink():
                with FileLock(lock, blocking=False):
                    shutil.rmtree(folder, ignore_errors=True)
