"""Jobs as lines of a table."""

from collections.abc import Iterable
from dataclasses import dataclass

from app.jobs.job import Job
from app.jobs.service import Jobs
from app.pages.lab.settings import changed


@dataclass(frozen=True)
class Row:
    """A job, its demo's title, and what sets it apart from other jobs of that demo."""

    job: Job
    title: str
    settings: str


def rows(jobs: Jobs, found: Iterable[Job]) -> list[Row]:
    """A line for each job."""
    return [_row(jobs, job) for job in found]


def _row(jobs: Jobs, job: Job) -> Row:
    demo = jobs.demos.get(job.demo)
    if demo is None:
        return Row(job, job.demo, "")
    settings = {title: value for title, value in changed(demo, job.params).items()}
    if job.seed:
        settings["Seed"] = str(job.seed)
    told = ", ".join(f"{title} {value}" for title, value in settings.items())
    return Row(job, demo.title, told)
