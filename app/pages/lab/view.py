"""A job with everything its page shows of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.jobs.job import Job
from app.jobs.service import Findings, Jobs
from app.lab import Check, Demo, InvalidParams, Picture
from app.lab.shown import Json, Table
from app.pages.lab.settings import address, changed
from app.pages.lab.tables import series_tables

STATES = ("queued", "running", "succeeded", "failed", "cancelled")


@dataclass(frozen=True)
class Claims:
    """A certificate, and how many of its claims hold."""

    checks: tuple[Check, ...]

    @property
    def holding(self) -> int:
        """How many hold."""
        return sum(check.holds for check in self.checks)

    @property
    def all_hold(self) -> bool:
        """Whether none fails."""
        return self.holding == len(self.checks)


@dataclass(frozen=True)
class RunView:
    """A job; without `demo` it is one whose demo is not installed here any more."""

    job: Job
    demo: Demo[Any] | None
    address: str | None = None
    """Link to its settings, which outlives the job."""
    changed: Mapping[str, str] = field(default_factory=dict)
    figures: tuple[str, ...] = ()
    """Their names, the main one first."""
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    found: Findings | None = None
    resumed_as: str | None = None

    @property
    def title(self) -> str:
        """The demo's title, or what it was called."""
        return self.demo.title if self.demo else self.job.demo

    @property
    def claims(self) -> Claims:
        """The certificate."""
        return Claims(self.found.outcome.certificate if self.found else ())

    @property
    def facts(self) -> dict[str, Any]:
        """The result's single values and short lists; longer ones are in the JSON."""
        result: Json = self.found.outcome.result if self.found else {}
        return dict(_flat(result))

    @property
    def pauses(self) -> bool:
        """Whether stopping it is a pause: its work is kept in a folder and goes on from there."""
        return self.demo is not None and self.demo.needs_folder

    @property
    def model(self) -> str | None:
        """Id of the network that it has trained."""
        return self.found.outcome.result.get("model") if self.found and self.pauses else None


def view(jobs: Jobs, job: Job) -> RunView:
    """Read all that a job's page shows. Blocks. Raises NotFound for a job that was just deleted."""
    demo = jobs.demos.get(job.demo)
    if demo is None:
        return RunView(job, None)
    resumed_as = jobs.resumed_as(job)
    try:
        params = demo.read(job.params)
    except InvalidParams:  # of an older version, with other settings
        return RunView(job, None, resumed_as=resumed_as)
    found = jobs.findings(job) if job.state == "succeeded" else None
    series = found.series if found else jobs.series(job)
    pictures = found.pictures if found else tuple(jobs.pictures(job))
    return RunView(
        job,
        demo,
        address(demo, job.params, job.seed),
        changed(demo, job.params),
        tuple(demo.figures(params, series, found.outcome if found else None)),
        tuple(series_tables(demo.series(params), series)),
        pictures,
        found,
        resumed_as,
    )


def _flat(part: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in part.items():
        title = f"{prefix}{name.replace('_', ' ')}"
        if isinstance(value, Mapping):
            if not prefix:
                found += _flat(value, f"{title}, ")
        elif isinstance(value, list):
            if len(value) <= 6 and all(isinstance(item, str | int | float) for item in value):
                found.append((title, value))
        else:
            found.append((title, value))
    return found
