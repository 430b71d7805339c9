"""Folders for what is too large for the database: one for a job and those that resume it."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from app.jobs.job import origin_of

_YOUNG = 3600.0
"""Seconds for which a folder without a job is left alone: its job may be stored in a moment."""


class Folders:
    """The work folders of one machine, or of several that share `data_dir`."""

    def __init__(self, data_dir: Path) -> None:
        self.root = data_dir.absolute() / "jobs"

    def of(self, origin: str) -> Path:
        """The folder of a job's origin; made by whoever writes to it."""
        return self.root / origin

    def remove(self, origin: str) -> None:
        """Remove a folder, if it is there; what cannot be removed now is swept later."""
        shutil.rmtree(self.of(origin), ignore_errors=True)

    def sweep(self, origins: Callable[[], set[str]]) -> None:
        """Remove the folders of jobs that are no more; `origins` gives those that are."""
        old = [path for path in self._all() if time.time() - _changed(path) > _YOUNG]
        kept = origins() if old else set()
        for path in old:
            if path.name not in kept:
                self.remove(path.name)

    def model(self, model_id: str) -> Path | None:
        """Folder of a network that a job has trained, while it is there."""
        if (origin := origin_of(model_id)) is None:
            return None
        folder = self.of(origin) / "models" / model_id
        return folder if (folder / "config.json").is_file() else None

    def _all(self) -> list[Path]:
        try:
            return sorted(path for path in self.root.iterdir() if path.is_dir())
        except OSError:
            return []


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()
