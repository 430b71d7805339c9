"""Executes batches in the calling process: the worker's own execution over the runner's own answers."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np
from PIL import Image

from app.batches.tasks import colorize
from app.jobs.database import Database, database_url
from app.jobs.folders import Folders
from app.jobs.job import BATCH
from app.jobs.ledger import Ledger
from app.jobs.worker.execution import Executor, Means
from app.jobs.worker.pool import Pool
from app.jobs.worker.runner import answer
from app.lab.shown import Json
from app.settings import Settings, as_variables

Ask = Callable[[Json], Json]


def gray_picture(seed: int = 0, size: tuple[int, int] = (40, 30), format: str = "PNG") -> bytes:
    """A gray picture of its own for each seed, width x height."""
    width, height = size
    rows = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(rows).save(out, format)
    return out.getvalue()


def ask_here(asked: Json) -> Json:
    """A step's answer, as a runner gives it."""
    return answer({BATCH: colorize.ColorizeBatch()}, asked)


class _Here:
    """A pool of one runner, which is this process."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    @contextmanager
    def lend(self, look: Callable[[], None]) -> Iterator["_Here"]:
        yield self

    def ask(self, asked: Json, state: str | None, seconds: float, look: Callable[[], None]) -> Json:
        given = self._ask({**asked, "state": None if state is None else json.loads(state)})
        return dict(json.loads(json.dumps(given)))


def work(settings: Settings, job_id: str, monkeypatch: Any, ask: Ask = ask_here, **changes: Any) -> None:
    """Take a job to its end, as a worker with these settings does."""
    for name, value in as_variables(
        settings, ("data_dir", "models_dir", "storage_url", "max_body_bytes", "max_pixels")
    ).items():
        monkeypatch.setenv(name, value)
    for cached in (colorize._settings, colorize._storage, colorize._index):
        cached.cache_clear()
    database = Database(database_url(settings))
    try:
        means = Means(
            settings.model_copy(update=changes),
            Ledger(database, "worker", settings.max_attempts),
            cast(Pool, _Here(ask)),
            Folders(settings.data_dir),
            threading.Event(),
            threading.Event(),
        )
        Executor(means).execute(job_id)
    finally:
        database.close()
