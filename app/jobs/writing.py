"""What every writer of a job's row needs: events with their ids, and an end that comes once."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.jobs.job import UNFINISHED, Kind, State, document
from app.jobs.schema import events, jobs

Told = tuple[Kind, Any]
"""An event to write: its kind and its data, not yet JSON."""


def write_events(connection: sa.Connection, number: int, last: int, told: Sequence[Told]) -> None:
    """Write events whose last id is `last`, which the job's row already has."""
    if told:
        first = last - len(told) + 1
        rows = [
            {"job": number, "id": first + place, "kind": kind, "data": document(data)}
            for place, (kind, data) in enumerate(told)
        ]
        connection.execute(sa.insert(events), rows)


def end(
    connection: sa.Connection,
    now: sa.ColumnElement[float],
    where: Sequence[sa.ColumnElement[bool]],
    state: State,
    error: str | None = None,
    told: Sequence[Told] = (),
    **values: Any,
) -> int | None:
    """Give an unfinished job its final state and its last event, after `told`; its number, None if none met.

    However many try, one ends it: the row's state is part of the condition.
    """
    told = [*told, ("end", {"state": state, "error": error})]
    row = connection.execute(
        sa.update(jobs)
        .where(jobs.c.state.in_(UNFINISHED), *where)
        .values(
            state=state,
            error=error,
            finished=now,
            worker=None,
            cancelling=False,
            last_event=jobs.c.last_event + len(told),
            **values,
        )
        .returning(jobs.c.number, jobs.c.last_event)
    ).one_or_none()
    if row is None:
        return None
    write_events(connection, row.number, row.last_event, told)
    return int(row.number)
