"""A job and its events, as they are read."""

import json
from dataclasses import dataclass, fields
from typing import Any, Literal

import sqlalchemy as sa

from app.jobs.schema import jobs
from app.lab.shown import Json

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
Kind = Literal["state", "progress", "point", "end"]
BATCH = "colorize-batch"
"""What stands for a demo in a job that colours uploaded pictures; every other runs a demo of the lab."""
_MODEL = "job-"
UNFINISHED: tuple[State, ...] = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Job:
    """A run of a demo, as far as it has come."""

    number: int
    id: str
    origin: str
    resumed_from: str | None
    demo: str
    params: Json
    seed: int
    client: str
    state: State
    progress: float
    created: float
    started: float | None
    finished: float | None
    attempts: int
    cancelling: bool
    error: str | None
    last_event: int

    @property
    def is_finished(self) -> bool:
        """Whether nothing will change any more."""
        return self.state not in UNFINISHED

    @property
    def model_id(self) -> str:
        """Id of a network that this job trains, kept when it is resumed."""
        return f"{_MODEL}{self.origin}"

    @classmethod
    def of(cls, row: sa.Row[Any]) -> "Job":
        """The job in a row that has all of `COLUMNS`."""
        found = {column.name: row._mapping[column] for column in COLUMNS}
        return cls(**found | {"params": json.loads(found["params"])})


def origin_of(model_id: str) -> str | None:
    """Origin of the job that trains a network of this id; None if no job does."""
    origin = model_id.removeprefix(_MODEL)
    return origin if origin != model_id and is_job_id(origin) else None


def is_job_id(text: str) -> bool:
    """Whether a text can be the id of a job."""
    return len(text) == 32 and all(digit in "0123456789abcdef" for digit in text)


COLUMNS = tuple(jobs.c[field.name] for field in fields(Job))


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a job; ids grow by one from 1."""

    id: int
    kind: Kind
    data: str
    """JSON."""


def document(value: Any) -> str:
    """A value as compact ASCII JSON with every digit; NaN is refused."""
    return json.dumps(value, allow_nan=False, separators=(",", ":"))
