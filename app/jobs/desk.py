"""Where jobs are handed in, stopped, resumed and deleted: each of it whole, or not at all."""

import hashlib
import json
from dataclasses import dataclass, field
from secrets import token_hex

import sqlalchemy as sa

from app.jobs.database import Database
from app.jobs.job import COLUMNS, UNFINISHED, Job, document
from app.jobs.queue import Queue
from app.jobs.schema import checkpoints, events, jobs, keys, pictures
from app.jobs.writing import end, write_events
from app.lab.shown import Json
from app.problems import Conflict, FieldError, NotFound, TooManyRequests, Unavailable, Unprocessable

RETRY_AFTER = 10
_RESUMABLE = ("cancelled", "failed")


def new_id() -> str:
    """A job's id: 128 random bits, for it opens the job to whoever has it."""
    return token_hex(16)


@dataclass(frozen=True, slots=True)
class Order:
    """A job asked for: settings that its demo has read, and who asks."""

    demo: str
    params: Json
    seed: int
    client: str
    key: str | None = None
    """The request's Idempotency-Key."""
    content: str = ""
    """Digest of what is asked for beside the settings, such as pictures."""
    id: str = field(default_factory=new_id)
    """Id of the job, should it come to one."""

    @property
    def fingerprint(self) -> str:
        """The same for the same demo, settings, seed and content."""
        content = [self.content] if self.content else []
        asked = json.dumps([self.demo, self.params, self.seed, *content], sort_keys=True)
        return hashlib.sha256(asked.encode()).hexdigest()


class Desk:
    """Writes what clients ask for; at most `most` jobs are unfinished, `most_of_one` of one client."""

    def __init__(self, database: Database, queue: Queue, most: int, most_of_one: int) -> None:
        self._database, self._queue = database, queue
        self._most, self._most_of_one = most, most_of_one

    def submit(self, order: Order) -> tuple[str, bool]:
        """A new job's id, or that of the same key's earlier job and True. Raises Problems."""
        if (before := self._replayed(order)) is not None:
            return before, True
        self._queue.open()
        job_id = order.id
        try:
            with self._database.engine.begin() as connection:
                number = self._insert(connection, job_id, order)
                if order.key is not None:
                    row = {"client": order.client, "key": order.key, "job": number}
                    connection.execute(sa.insert(keys).values(**row, fingerprint=order.fingerprint))
        except sa.exc.IntegrityError:
            # Another request with the same key was faster, and was waited for.
            if (before := self._replayed(order)) is None:
                raise
            return before, True
        return job_id, False

    def cancel(self, job_id: str) -> None:
        """End a queued job, have a running one stopped. Raises NotFound, Conflict."""
        with self._database.engine.begin() as connection:
            queued = (jobs.c.id == job_id, jobs.c.state == "queued")
            if end(connection, self._database.now, queued, "cancelled") is not None:
                return
            asked = connection.execute(
                sa.update(jobs)
                .where(jobs.c.id == job_id, jobs.c.state.in_(UNFINISHED))
                .values(cancelling=True)
            )
            if not asked.rowcount:
                job = self._known(connection, job_id)
                raise Conflict(f"This job has {job.state} already; there is nothing to cancel.")

    def resume(self, job_id: str, client: str) -> str:
        """Id of a new job that goes on where a stopped one was. Raises NotFound, Conflict."""
        self._queue.open()
        fresh = new_id()
        try:
            with self._database.engine.begin() as connection:
                old = self._known(connection, job_id)
                if old.state not in _RESUMABLE:
                    raise Conflict(f"This job is {old.state}; only one that was stopped can be resumed.")
                order = Order(old.demo, old.params, old.seed, client)
                self._copy(connection, old, self._insert(connection, fresh, order, old))
        except sa.exc.IntegrityError:
            raise Conflict("This job has been resumed already.") from None
        return fresh

    def delete(self, job_id: str) -> None:
        """Remove a job with all it gave; its worker, if it has one, finds it gone. Raises NotFound."""
        with self._database.engine.begin() as connection:
            if not connection.execute(sa.delete(jobs).where(jobs.c.id == job_id)).rowcount:
                raise NotFound(f"There is no job {job_id[:64]!r}.")
        self._queue.forget(job_id)

    def _insert(self, connection: sa.Connection, job_id: str, order: Order, old: Job | None = None) -> int:
        first = {
            "id": job_id,
            "origin": old.origin if old else job_id,
            "resumed_from": old.id if old else None,
            "demo": order.demo,
            "params": document(order.params),
            "seed": order.seed,
            "client": order.client,
            "state": "queued",
            "progress": old.progress if old else 0.0,
            "last_event": 1,
        }
        self._database.queue_up(connection)
        insert = sa.insert(jobs).values(**first, created=self._database.now).returning(jobs.c.number)
        number = int(connection.execute(insert).scalar_one())
        self._check_quotas(connection, order.client)
        connection.execute(sa.insert(checkpoints).values(job=number, step=0, told=0))
        write_events(connection, number, 1, [("state", {"state": "queued"})])
        self._queue.put(connection, job_id)
        return number

    def _check_quotas(self, connection: sa.Connection, client: str) -> None:
        """Counted after the insert, one request after the other: two at once cannot both be the last."""
        mine = sa.func.count().filter(jobs.c.client == client).label("mine")
        query = sa.select(sa.func.count().label("all"), mine).where(jobs.c.state.in_(UNFINISHED))
        counted = connection.execute(query).one()
        if counted.all > self._most:
            raise Unavailable(
                f"{self._most} jobs are queued or running, and no more are taken.", retry_after=RETRY_AFTER
            )
        if counted.mine > self._most_of_one:
            raise TooManyRequests(
                f"{self._most_of_one} of your jobs are queued or running; wait for some, or cancel them.",
                retry_after=RETRY_AFTER,
            )

    def _copy(self, connection: sa.Connection, old: Job, number: int) -> None:
        """Give a new job the checkpoint, points and pictures of an old one; its own first event stays."""
        place = sa.func.row_number().over(order_by=events.c.id) + 1
        told = sa.select(sa.literal(number), place, events.c.kind, events.c.data).where(
            events.c.job == old.number, events.c.kind.in_(("point", "progress"))
        )
        connection.execute(sa.insert(events).from_select(["job", "id", "kind", "data"], told))
        shown = [pictures.c[name] for name in ("name", "title", "alt", "media_type", "data")]
        connection.execute(
            sa.insert(pictures).from_select(
                ["job", *(column.name for column in shown)],
                sa.select(sa.literal(number), *shown).where(pictures.c.job == old.number),
            )
        )
        step = sa.select(checkpoints).where(checkpoints.c.job == old.number)
        kept = connection.execute(step).one()._asdict() | {"job": number}
        connection.execute(sa.update(checkpoints).where(checkpoints.c.job == number).values(**kept))
        newest = sa.select(sa.func.max(events.c.id)).where(events.c.job == number).scalar_subquery()
        connection.execute(sa.update(jobs).where(jobs.c.number == number).values(last_event=newest))

    def _replayed(self, order: Order) -> str | None:
        if order.key is None:
            return None
        query = (
            sa.select(jobs.c.id, keys.c.fingerprint)
            .join_from(keys, jobs, keys.c.job == jobs.c.number)
            .where(keys.c.client == order.client, keys.c.key == order.key)
        )
        with self._database.engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        if row.fingerprint != order.fingerprint:
            raise Unprocessable(
                "This Idempotency-Key came with another job before; take a new one.",
                errors=[FieldError("/Idempotency-Key", "was used for another job")],
            )
        return str(row.id)

    def _known(self, connection: sa.Connection, job_id: str) -> Job:
        row = connection.execute(sa.select(*COLUMNS).where(jobs.c.id == job_id)).one_or_none()
        if row is None:
            raise NotFound(f"There is no job {job_id[:64]!r}.")
        return Job.of(row)
