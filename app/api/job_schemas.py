"""What the routes of jobs take and give, as OpenAPI shows it."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.jobs.job import Job, State
from app.lab.demo import MAX_SEED

JOBS = "/api/v1/jobs"
Time = Annotated[datetime, Field(description="UTC.", examples=["2026-03-01T09:30:00.250000Z"])]


class NewJob(BaseModel):
    """A run of a demo that is asked for."""

    model_config = ConfigDict(extra="forbid")

    demo: Annotated[str, Field(min_length=1, max_length=100, description="Its name.")]
    params: Annotated[
        dict[str, Any], Field(description="Settings, as the demo's schema has them; the rest is default.")
    ] = {}
    seed: Annotated[
        int, Field(ge=0, le=MAX_SEED, strict=True, description="Of everything random in the run.")
    ] = 0


class JobLinks(BaseModel):
    """Where to go on."""

    self: str = Field(examples=[f"{JOBS}/0123456789abcdef0123456789abcdef"])
    events: str
    cancel: str
    result: str


class JobBody(BaseModel):
    """A run of a demo, as far as it has come."""

    id: str = Field(examples=["0123456789abcdef0123456789abcdef"])
    demo: str = Field(examples=["rmsprop-counterexample"])
    params: dict[str, Any] = Field(description="Every setting, defaults filled in.")
    seed: int = Field(examples=[0])
    state: State = Field(examples=["running"])
    progress: float = Field(ge=0, le=1, examples=[0.25])
    created: Time
    started: Time | None = Field(description="When a worker first took it.")
    finished: Time | None
    attempts: int = Field(
        description="Times that a worker took it: 1, and one more for each worker that died over it.",
        examples=[1],
    )
    error: str | None = Field(description="Why it failed.")
    resumed_from: str | None = Field(description="Id of the stopped job that this one went on from.")
    links: JobLinks

    @classmethod
    def of(cls, job: Job) -> "JobBody":
        """A job as REST shows it."""
        here = f"{JOBS}/{job.id}"
        links = {name: f"{here}/{name}" for name in ("events", "cancel", "result")}
        return cls(
            id=job.id,
            demo=job.demo,
            params=job.params,
            seed=job.seed,
            state=job.state,
            progress=job.progress,
            created=_time(job.created),
            started=None if job.started is None else _time(job.started),
            finished=None if job.finished is None else _time(job.finished),
            attempts=job.attempts,
            error=job.error,
            resumed_from=job.resumed_from,
            links=JobLinks(self=here, **links),
        )


class JobPage(BaseModel):
    """Some jobs, the newest first."""

    jobs: list[JobBody]
    next_cursor: str | None = Field(
        description="`cursor` of the next page; null on the last.", examples=["4711"]
    )


class CheckBody(BaseModel):
    """One line of a certificate."""

    claim: str
    measured: float | int | str | bool | None
    bound: float | int | str | bool | None = Field(description="What `measured` must meet.")
    holds: bool


class SamplesBody(BaseModel):
    """The points of one curve."""

    x: list[float]
    y: list[float]


class JobResult(BaseModel):
    """What a job that succeeded has found. The same demo, params, seed and versions give the same numbers."""

    result: dict[str, Any] = Field(description="The demo's own fields.")
    certificate: list[CheckBody]
    series: dict[str, SamplesBody] = Field(description="Every point of every curve, by name.")
    versions: dict[str, str] = Field(description="What the numbers depend on beside params and seed.")
    tables: list[dict[str, Any]] = Field(description="Each with name, title, columns and rows.")
    notes: list[str] = Field(description="What to know before concluding.")


class FigureBody(BaseModel):
    """A figure as Plotly takes it."""

    data: list[dict[str, Any]]
    layout: dict[str, Any]
    frames: list[dict[str, Any]] = Field([], description="Of figures that move.")


NAMED = (NewJob, JobBody, JobPage, JobResult, FigureBody)
"""What routes refer to by name."""


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
