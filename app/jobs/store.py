"""Reads jobs and what they have given so far."""

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.jobs.database import Database
from app.jobs.job import BATCH, COLUMNS, Event, Job
from app.jobs.schema import events, jobs, outcomes, pictures, workers
from app.lab.shown import Json, Outcome, Picture, Point, Samples, collect

DEAD_AFTER = 8.0
"""Seconds without a heartbeat after which a worker is taken for dead."""


class Store:
    """What the database knows; every call is one short read."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def job(self, job_id: str) -> Job | None:
        """A job by its id."""
        row = self._one(sa.select(*COLUMNS).where(jobs.c.id == job_id))
        return None if row is None else Job.of(row)

    def page(
        self, state: str | None, demo: str | None, limit: int, before: int | None, viewer: str | None = None
    ) -> tuple[list[Job], int | None]:
        """Jobs, newest first, and the number before which the next page starts, None after the last.

        Of batches only the viewer's own: who has not been given the link to somebody's pictures, gets none.
        """
        query = sa.select(*COLUMNS).order_by(jobs.c.number.desc()).limit(limit + 1)
        query = query.where(sa.or_(jobs.c.demo != BATCH, jobs.c.client == viewer))
        for column, wanted in ((jobs.c.state, state), (jobs.c.demo, demo)):
            if wanted is not None:
                query = query.where(column == wanted)
        if before is not None:
            query = query.where(jobs.c.number < before)
        found = [Job.of(row) for row in self._all(query)]
        shown = found[:limit]
        return shown, shown[-1].number if len(found) > limit else None

    def heads(self, numbers: Sequence[int]) -> dict[int, int]:
        """Id of the last event of each of these jobs that still is there, by number."""
        query = sa.select(jobs.c.number, jobs.c.last_event).where(jobs.c.number.in_(numbers))
        return {row.number: row.last_event for row in self._all(query)}

    def events(self, number: int, after: int, limit: int) -> list[Event]:
        """Events of a job from the first after an id on."""
        query = (
            sa.select(events.c.id, events.c.kind, events.c.data)
            .where(events.c.job == number, events.c.id > after)
            .order_by(events.c.id)
            .limit(limit)
        )
        return [Event(row.id, row.kind, row.data) for row in self._all(query)]

    def series(self, number: int) -> dict[str, Samples]:
        """Every point so far, by series."""
        query = (
            sa.select(events.c.data)
            .where(events.c.job == number, events.c.kind == "point")
            .order_by(events.c.id)
        )
        return collect(Point(**json.loads(row.data)) for row in self._all(query))

    def progress(self, number: int) -> list[Json]:
        """What came with a job's progress, in order."""
        query = (
            sa.select(events.c.data)
            .where(events.c.job == number, events.c.kind == "progress")
            .order_by(events.c.id)
        )
        return [json.loads(row.data) for row in self._all(query)]

    def batch_bytes(self) -> int:
        """Bytes of uploaded pictures of all batches there are; resumed ones share theirs."""
        query = sa.select(jobs.c.origin, jobs.c.params).where(jobs.c.demo == BATCH)
        kept = {row.origin: json.loads(row.params)["bytes"] for row in self._all(query)}
        return sum(kept.values())

    def outcome(self, number: int) -> tuple[Outcome, dict[str, str]] | None:
        """What a job that succeeded says, and the versions it ran under."""
        query = sa.select(outcomes.c.outcome, outcomes.c.versions).where(outcomes.c.job == number)
        row = self._one(query)
        return None if row is None else (Outcome.from_json(json.loads(row.outcome)), json.loads(row.versions))

    def pictures(self, number: int) -> list[Picture]:
        """Pictures that steps have shown, by name."""
        return [
            Picture(row.name, row.title, row.alt, row.media_type, row.data)
            for row in self._all(
                sa.select(pictures).where(pictures.c.job == number).order_by(pictures.c.name)
            )
        ]

    def resumed_as(self, job_id: str) -> str | None:
        """Id of the job that goes on from this one."""
        row = self._one(sa.select(jobs.c.id).where(jobs.c.resumed_from == job_id))
        return None if row is None else str(row.id)

    def origins(self) -> set[str]:
        """Origins of all jobs there are: whose folders are still needed."""
        return {row.origin for row in self._all(sa.select(jobs.c.origin).distinct())}

    def counts(self) -> Json:
        """How many jobs are in each state."""
        query = sa.select(jobs.c.state, sa.func.count().label("jobs")).group_by(jobs.c.state)
        return {row.state: row.jobs for row in self._all(query)}

    def live_workers(self) -> int:
        """Workers whose heart beats."""
        alive = workers.c.seen > self._database.now - DEAD_AFTER
        row = self._one(sa.select(sa.func.count()).where(~workers.c.gone, alive))
        return 0 if row is None else int(row[0])

    def _all(self, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        with self._database.engine.connect() as connection:
            return connection.execute(query).all()

    def _one(self, query: sa.Select[Any]) -> sa.Row[Any] | None:
        with self._database.engine.connect() as connection:
            return connection.execute(query).one_or_none()
