"""Batches as the two faces use them: handed in, looked at, taken away. Every failure is a problem."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from secrets import token_hex

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from app.batches.archive import archive
from app.batches.painting import problem_json
from app.batches.receiving import Limits, Received, drain, no_room, out_of_order, receive
from app.batches.record import (
    BATCH_OPTIONS,
    BatchParams,
    Entry,
    Upload,
    entries,
    read_index,
    stored_as,
    write_index,
)
from app.colorizing.colorizer import read_options
from app.colorizing.inbox import refusal
from app.colorizing.registry import Registry, UnknownModel
from app.guards import client_name
from app.jobs.desk import Order
from app.jobs.job import BATCH, Job
from app.jobs.service import Jobs, no_result
from app.jobs.storage import MissingFile, StorageError
from app.lab.shown import Json
from app.problems import Conflict, FieldError, NotFound, Problem, TooLarge, Unavailable
from app.settings import Settings

FIELDS = ("model", *BATCH_OPTIONS)


class Batches:
    """The batches of one service: jobs whose pictures lie in the storage of jobs."""

    def __init__(self, jobs: Jobs, registry: Registry, settings: Settings) -> None:
        self._jobs, self._registry, self._settings = jobs, registry, settings
        self._storage = jobs.storage
        self._receiving = 0
        self._uploads = lru_cache(maxsize=64)(lambda origin: tuple(read_index(self._storage, origin)))

    async def submit(self, request: Request, key: str | None = None) -> tuple[Job, bool]:
        """The job of a request's pictures, stored; or that of the same key's earlier request, and True.

        Nothing of a request stays that does not come to a job. Raises Problem.
        """
        job_id, client = token_hex(16), client_name(request.scope)
        limits = Limits(self._settings.batch_max_files, self._settings.max_body_bytes, self._file_too_large)
        storing = False
        with self._holding(request) as held:
            try:
                if await run_in_threadpool(self._is_full, held):
                    await drain(request)
                    raise no_room()
                found = await receive(
                    request, self._storage, job_id, files="images", texts=FIELDS, limits=limits
                )
                params = self._params(found)
                storing = True
                job, replayed = await run_in_threadpool(self._store, job_id, found, params, client, key)
                storing = not replayed
                return job, replayed
            except Problem:
                storing = storing and await run_in_threadpool(self._may_be_stored, job_id)
                raise
            finally:
                if not storing:
                    with anyio.CancelScope(shield=True):
                        await run_in_threadpool(self._storage.remove, job_id)

    def job(self, job_id: str) -> Job:
        """A batch's job; raises NotFound."""
        job = self._jobs.job(job_id)
        if job.demo != BATCH:
            raise NotFound(f"The job {job_id!r} is no batch of pictures.")
        return job

    def entries(self, job: Job) -> list[Entry]:
        """Every picture in order, as far as it has come."""
        told = self._jobs.told(job, "file")
        with _as_problems():
            uploads: tuple[Upload, ...] = self._uploads(job.origin)
        return entries(uploads, told)

    def entry(self, job: Job, index: int) -> Entry:
        """One picture, the first being 1; raises NotFound."""
        found = self.entries(job)
        if not 1 <= index <= len(found):
            raise NotFound(f"This batch has pictures 1 to {len(found)}.")
        return found[index - 1]

    def picture(self, job: Job, index: int, *, small: bool = False) -> tuple[Entry, Iterator[bytes]]:
        """A finished picture's bytes. Raises NotFound, and Conflict for one that is not coloured."""
        entry = self.entry(job, index)
        if entry.status != "ok":
            why = entry.problem["detail"] if entry.problem else "It has not been coloured yet."
            raise Conflict(f"Picture {index} is not there: {why}")
        return entry, self._opened(
            self._storage.pieces(job.origin, stored_as("small" if small else "out", index))
        )

    def archive(self, job: Job) -> Iterator[bytes]:
        """The ZIP of a batch that has succeeded. Raises Conflict for any other."""
        if job.state != "succeeded":
            raise Conflict(no_result(job))
        settings = {name: value for name, value in job.params.items() if name in ("model", "options")}
        return self._opened(archive(self._storage, job.origin, settings, self.entries(job)))

    def _opened(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces, the first of them read: whether they are there is known before any is sent."""
        with _as_problems():
            first = next(pieces, b"")
        return chain((first,), pieces)

    def _store(
        self, job_id: str, found: Received, params: BatchParams, client: str, key: str | None
    ) -> tuple[Job, bool]:
        with _as_problems():
            write_index(self._storage, job_id, found.uploads)
        order = Order(BATCH, params.to_json(), 0, client, key, content=found.digest, id=job_id)
        return self._jobs.submit(order)

    def _may_be_stored(self, job_id: str) -> bool:
        """Whether a job whose storing has failed is there all the same, or that cannot be told now."""
        try:
            self._jobs.job(job_id)
        except NotFound:
            return False
        except Unavailable:  # what is there for nothing is swept later
            return True
        return True

    def _params(self, found: Received) -> BatchParams:
        errors = list(found.errors)
        options = read_options(found.texts, errors)
        model = found.texts.get("model") or self._registry.default_id
        if model is None:
            raise Unavailable("There is no model to colour with.", retry_after=10)
        try:
            self._registry.card(model)
        except UnknownModel:
            known = ", ".join(self._registry.cards)
            errors.append(FieldError("/model", f"there is no model {model[:64]!r}; known are {known}"))
        if errors or options is None:
            raise refusal(errors)
        return BatchParams(model=model, options=options, files=len(found.uploads), bytes=found.bytes)

    def _file_too_large(self, size: int) -> Json:
        most = self._settings.max_body_bytes
        return problem_json(TooLarge(f"The file has {size:,} bytes; at most {most:,} are taken."))

    def _is_full(self, receiving: int) -> bool:
        return self._jobs.batch_bytes() + receiving > self._settings.batch_storage_bytes

    @contextmanager
    def _holding(self, request: Request) -> Iterator[int]:
        """Count a request's bytes in, as declared or as many as there may be; all that are being received."""
        declared = request.headers.get("content-length", "")
        size = int(declared) if declared.isascii() and declared.isdigit() else self._settings.batch_max_bytes
        self._receiving += size
        try:
            yield self._receiving
        finally:
            self._receiving -= size


@contextmanager
def _as_problems() -> Iterator[None]:
    try:
        yield
    except MissingFile:
        raise NotFound("The pictures of this batch are no longer there.") from None
    except StorageError as error:
        raise out_of_order(error) from error
