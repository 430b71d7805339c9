"""Jobs as the two faces use them. Every failure is a problem; every call blocks, but for the feed's."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlalchemy as sa
import structlog

from app.jobs.database import Database, database_url
from app.jobs.desk import Desk, Order
from app.jobs.feed import Feed
from app.jobs.folders import Folders
from app.jobs.job import Job, is_job_id
from app.jobs.queue import Queue
from app.jobs.storage import Storage
from app.jobs.store import Store
from app.lab import Demo, InvalidParams, Outcome, Picture, Run
from app.lab.registry import find_demos
from app.lab.shown import Figure, Json, Samples
from app.problems import Conflict, FieldError, NotFound, Unavailable, Unprocessable
from app.settings import Settings

log = structlog.get_logger(__name__)

RETRY_AFTER = 5
_UNUSABLE = (sa.exc.DBAPIError, sa.exc.TimeoutError, OSError)


@dataclass(frozen=True, slots=True)
class Health:
    """What jobs need: a database that takes writes, and workers."""

    writable: bool
    workers: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What a job that succeeded has to show."""

    outcome: Outcome
    series: dict[str, Samples]
    versions: dict[str, str]
    pictures: tuple[Picture, ...]
    """Those of its steps, then those of its outcome."""


class Jobs:
    """The jobs of one service; the database is opened when first needed."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._database = Database(database_url(settings))
        self._queue = Queue(self._database)
        self._desk = Desk(self._database, self._queue, settings.max_jobs, settings.max_jobs_per_client)
        self._store = Store(self._database)
        self._preparing = threading.Lock()
        self._prepared = False
        self.folders = Folders(settings.data_dir)
        self.storage = Storage.of(settings)
        self.feed = Feed(self._store)

    @cached_property
    def demos(self) -> Mapping[str, Demo[Any]]:
        """Every demo by name."""
        return find_demos(self._settings.demo_packages)

    def demo(self, name: str) -> Demo[Any]:
        """A demo; raises NotFound."""
        if (found := self.demos.get(name)) is None:
            raise NotFound(f"There is no demo {name[:64]!r}; there are {', '.join(self.demos)}.")
        return found

    def order(
        self, demo: str, params: Mapping[str, Any], seed: int, client: str, key: str | None = None
    ) -> Order:
        """A job to submit, its settings read by its demo and complete; raises Unprocessable."""
        if (known := self.demos.get(demo)) is None:
            names = ", ".join(self.demos)
            raise Unprocessable(
                f"There is no demo {demo[:64]!r}.",
                errors=[FieldError("/demo", f"is none of {names}")],
            )
        try:
            read = known.read(params)
        except InvalidParams as error:
            raise _refused(error, "/params") from None
        try:
            Run(read, seed)
        except InvalidParams as error:
            raise _refused(error, "") from None
        return Order(demo, read.model_dump(mode="json"), seed, client, key)

    def open(self) -> None:
        """Bring everything up that a first request would wait for."""
        with self._reaching():
            self._queue.open()
        _ = self.demos

    def submit(self, order: Order) -> tuple[Job, bool]:
        """The new job, stored; or that of the same key's earlier request, and True."""
        with self._reaching():
            job_id, replayed = self._desk.submit(order)
            return self._known(job_id), replayed

    def job(self, job_id: str) -> Job:
        """A job; raises NotFound."""
        with self._reaching():
            return self._known(job_id)

    def page(
        self, state: str | None, demo: str | None, limit: int, before: int | None, viewer: str | None = None
    ) -> tuple[list[Job], int | None]:
        """Jobs, newest first, and where the next page starts; of batches only the viewer's own."""
        with self._reaching():
            return self._store.page(state, demo, limit, before, viewer)

    def told(self, job: Job, name: str) -> list[Json]:
        """What the job's progress has told under a name, in order."""
        with self._reaching():
            return [data[name] for data in self._store.progress(job.number) if name in data]

    def batch_bytes(self) -> int:
        """Bytes of uploaded pictures that are kept for batches."""
        with self._reaching():
            return self._store.batch_bytes()

    def cancel(self, job_id: str) -> Job:
        """Cancel a job, or ask its worker to; raises NotFound, Conflict."""
        with self._reaching():
            self._known(job_id)
            self._desk.cancel(job_id)
            return self._known(job_id)

    def resume(self, job_id: str, client: str) -> Job:
        """A new job that goes on from a stopped one; raises NotFound, Conflict."""
        with self._reaching():
            self._known(job_id)
            return self._known(self._desk.resume(job_id, client))

    def delete(self, job_id: str) -> None:
        """Remove a job and all it gave; raises NotFound."""
        with self._reaching():
            job = self._known(job_id)
            self._desk.delete(job_id)
            if job.origin not in self._store.origins():
                self.folders.remove(job.origin)
                self.storage.remove(job.origin)

    def series(self, job: Job) -> dict[str, Samples]:
        """Every point so far, by series."""
        with self._reaching():
            return self._store.series(job.number)

    def figures(self, job: Job) -> dict[str, Figure]:
        """Charts of a job as far as it has come, by name, the main one first; raises NotFound."""
        demo = self.demo(job.demo)
        with self._reaching():
            found = self._store.outcome(job.number)
            series = self._store.series(job.number)
        return demo.figures(demo.read(job.params), series, found[0] if found else None)

    def pictures(self, job: Job) -> list[Picture]:
        """The pictures so far."""
        with self._reaching():
            found = self._store.outcome(job.number)
            return [*self._store.pictures(job.number), *(found[0].pictures if found else ())]

    def findings(self, job: Job) -> Findings:
        """What came out; raises Conflict for a job that has not succeeded."""
        if job.state != "succeeded":
            raise Conflict(no_result(job))
        with self._reaching():
            found = self._store.outcome(job.number)
            if found is None:  # deleted since
                raise NotFound(f"There is no job {job.id!r}.")
            outcome, versions = found
            pictures = (*self._store.pictures(job.number), *outcome.pictures)
            return Findings(outcome, self._store.series(job.number), versions, pictures)

    def resumed_as(self, job: Job) -> str | None:
        """Id of the job that goes on from this one."""
        with self._reaching():
            return self._store.resumed_as(job.id)

    def health(self) -> Health:
        """How things are, right now."""
        try:
            with self._reaching():
                return Health(self._database.writable(), self._store.live_workers())
        except Unavailable:
            return Health(writable=False, workers=0)

    def close(self) -> None:
        """Close every connection."""
        self._queue.close()
        self._database.close()

    def _known(self, job_id: str) -> Job:
        found = self._store.job(job_id) if is_job_id(job_id) else None
        if found is None:
            raise NotFound(f"There is no job {job_id[:64]!r}.")
        return found

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Prepare the database if that is still to be done, and tell a failure of it as a problem."""
        try:
            if not self._prepared:
                with self._preparing:
                    if not self._prepared:
                        self._database.prepare()
                    self._prepared = True
            yield
        except _UNUSABLE as error:
            cause = getattr(error, "__cause__", None) or error
            log.error("the database of jobs cannot be used", reason=str(cause)[:300])
            raise Unavailable(
                "The database of jobs cannot be used at the moment; nothing was changed.",
                retry_after=RETRY_AFTER,
            ) from error


def _refused(error: InvalidParams, where: str) -> Unprocessable:
    errors = [FieldError(f"{where}{pointer}", reason) for pointer, reason in error.errors]
    told = "; ".join(f"{item.pointer or 'params'}: {item.detail}" for item in errors[:3])
    return Unprocessable(f"{told}.", errors=errors)


def no_result(job: Job) -> str:
    """Why a job that has not succeeded has no result."""
    if job.is_finished:
        return f"This job has {job.state}, so it has no result{f': {job.error}' if job.error else '.'}"
    return f"This job is {job.state}; its result comes when it has succeeded."
