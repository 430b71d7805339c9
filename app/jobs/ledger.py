"""What a worker writes about the jobs it has claimed.

Every claim has a token, the number of the attempt. Whoever claims a job anew makes the old token worthless,
so that a worker which was frozen, taken for dead and wakes again can write nothing more.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa

from app.jobs.database import Database
from app.jobs.job import COLUMNS, UNFINISHED, Job, State, document
from app.jobs.schema import checkpoints, jobs, outcomes, pictures
from app.jobs.writing import Told, end, write_events
from app.lab.shown import Json, Picture


class Superseded(Exception):
    """The job was deleted, has ended, or is another worker's by now: leave it."""


class _Repeated(Exception):
    """This very step is written already: the answer to the write before was lost on its way."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A job in the hands of one worker."""

    job: Job
    token: int
    worked: float
    """Seconds that the steps taken so far took."""
    step: int
    told: int
    state: str | None
    """JSON of the state to go on from; None to start."""
    stalls: int = 1
    """Claims since the last step was taken, this one included."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A step as it is written down."""

    step: int
    """Its number, from 0."""
    state: str
    progress: float
    told: Sequence[Told]
    pictures: Sequence[Picture]
    seconds: float = 0.0
    """What it took, by the clock of the machine that took it: no clock that is put right counts."""


class Ledger:
    """Writes in the name of one worker."""

    def __init__(self, database: Database, worker: str, max_attempts: int) -> None:
        self._database, self._worker, self._max_attempts = database, worker, max_attempts

    def claim(self, job_id: str, because: str = "") -> Claim | None:
        """Take a job over; None if there is nothing to do, or if this was one attempt too many.

        `because` is how the attempt before ended, where that is known.
        """
        waiting = (jobs.c.id == job_id, jobs.c.state.in_(UNFINISHED))
        with self._database.engine.begin() as connection:
            now = self._database.now
            values = {
                "state": "running",
                "worker": self._worker,
                "attempts": jobs.c.attempts + 1,
                "stalls": jobs.c.stalls + 1,
                "started": sa.func.coalesce(jobs.c.started, now),
                "last_event": jobs.c.last_event + sa.case((jobs.c.attempts == 0, 1), else_=0),
            }
            update = sa.update(jobs).where(*waiting, ~jobs.c.cancelling).values(**values)
            row = connection.execute(update.returning(*COLUMNS, jobs.c.stalls)).one_or_none()
            if row is None:
                end(connection, now, waiting, "cancelled")
                return None
            job = Job.of(row)
            if row.stalls > self._max_attempts:
                end(connection, now, waiting, "failed", self._gave_up(because))
                return None
            if job.attempts == 1:
                write_events(connection, job.number, job.last_event, [("state", {"state": "running"})])
            kept = connection.execute(sa.select(checkpoints).where(checkpoints.c.job == job.number)).one()
            return Claim(job, job.attempts, kept.worked, kept.step, kept.told, kept.state, row.stalls)

    def take(self, claim: Claim, taken: Taken) -> bool:
        """Write a step down; True if the job is to be cancelled. Raises Superseded."""
        try:
            with self._writing(claim, taken.told, stalls=0, progress=taken.progress) as (connection, row):
                self._advance(connection, claim.job.number, taken)
                return bool(row.cancelling)
        except _Repeated:
            return False

    def restart(self, claim: Claim) -> None:
        """Have the job begin again from the start, without telling twice. Raises Superseded."""
        with self._writing(claim, ()) as (connection, _):
            mine = checkpoints.c.job == claim.job.number
            connection.execute(sa.update(checkpoints).where(mine).values(step=0, state=None))

    def succeed(self, claim: Claim, taken: Taken, outcome: Json, versions: dict[str, str]) -> None:
        """Write the last step and the outcome down. Raises Superseded."""
        number = claim.job.number
        with self._database.engine.begin() as connection:
            kept = {"outcome": document(outcome), "versions": document(versions)}
            self._end(connection, claim, "succeeded", told=taken.told, progress=1.0)
            self._advance(connection, number, taken)
            connection.execute(sa.insert(outcomes).values(job=number, **kept))

    def fail(self, claim: Claim, reason: str) -> None:
        """End the job with the reason. Raises Superseded."""
        with self._database.engine.begin() as connection:
            self._end(connection, claim, "failed", reason)

    def cancel(self, claim: Claim) -> None:
        """End the job as cancelled. Raises Superseded."""
        with self._database.engine.begin() as connection:
            self._end(connection, claim, "cancelled")

    def is_cancelled(self, claim: Claim) -> bool:
        """Whether the job is to be cancelled. Raises Superseded."""
        with self._database.engine.connect() as connection:
            query = sa.select(jobs.c.cancelling).where(*self._fence(claim))
            row = connection.execute(query).one_or_none()
        if row is None:
            raise Superseded
        return bool(row.cancelling)

    def hand_back(self) -> None:
        """Stopping: that none of this worker's jobs went on was no fault of theirs."""
        with self._database.engine.begin() as connection:
            connection.execute(sa.update(jobs).where(jobs.c.worker == self._worker).values(stalls=0))

    def _fence(self, claim: Claim) -> tuple[sa.ColumnElement[bool], ...]:
        return (
            jobs.c.number == claim.job.number,
            jobs.c.state == "running",
            jobs.c.attempts == claim.token,
        )

    @contextmanager
    def _writing(
        self, claim: Claim, told: Sequence[Told], **values: float
    ) -> Iterator[tuple[sa.Connection, sa.Row[tuple[bool, int]]]]:
        """A transaction in which the job is this claim's, with `told` written as its next events."""
        with self._database.engine.begin() as connection:
            row = connection.execute(
                sa.update(jobs)
                .where(*self._fence(claim))
                .values(last_event=jobs.c.last_event + len(told), **values)
                .returning(jobs.c.cancelling, jobs.c.last_event)
            ).one_or_none()
            if row is None:
                raise Superseded
            write_events(connection, claim.job.number, row.last_event, told)
            yield connection, row

    def _end(
        self,
        connection: sa.Connection,
        claim: Claim,
        state: State,
        error: str | None = None,
        told: Sequence[Told] = (),
        **values: float,
    ) -> None:
        now, fence = self._database.now, self._fence(claim)
        if end(connection, now, fence, state, error, told, **values) is None:
            raise Superseded

    def _advance(self, connection: sa.Connection, number: int, taken: Taken) -> None:
        told = sa.case((checkpoints.c.told > taken.step, checkpoints.c.told), else_=taken.step + 1)
        moved = connection.execute(
            sa.update(checkpoints)
            .where(checkpoints.c.job == number, checkpoints.c.step == taken.step)
            .values(
                step=taken.step + 1,
                told=told,
                state=taken.state,
                worked=checkpoints.c.worked + taken.seconds,
            )
        )
        if not moved.rowcount:
            raise _Repeated
        for picture in taken.pictures:
            row = {name: getattr(picture, name) for name in ("title", "alt", "media_type", "data")}
            mine = (pictures.c.job == number, pictures.c.name == picture.name)
            if not connection.execute(sa.update(pictures).where(*mine).values(**row)).rowcount:
                connection.execute(sa.insert(pictures).values(job=number, name=picture.name, **row))

    def _gave_up(self, because: str) -> str:
        how = f" ({because})" if because else ""
        return f"Its process died {self._max_attempts} times in a row at the same step{how}; not tried again."
