"""Many pictures: the form that takes them, and the gallery that fills up as they are coloured."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from app.batches.record import BATCH_OPTIONS, BatchParams, Entry, Tally
from app.guards import client_name
from app.jobs.job import Job
from app.pages.panel import ACCEPT, Choice, Panel, Said, beside, read_choice
from app.pages.render import render
from app.problems import FieldError, NotFound, Problem
from app.services import Services, services

router = APIRouter(prefix="/batch")

REFRESH_AFTER = 3
"""Seconds after which a page without script looks again."""
CLIENT_GONE = 499  # nobody reads it; the log and the metrics do
MIB = 1024 * 1024
_FIELDS = ("model", *BATCH_OPTIONS)
_TITLES = {
    "queued": "Waiting for a worker",
    "running": "Colouring",
    "succeeded": "Done",
    "failed": "Stopped by a failure",
    "cancelled": "Cancelled",
}

Parts = Annotated[Services, Depends(services)]


@dataclass(frozen=True)
class Gallery:
    """A batch as its page shows it."""

    job: Job
    entries: list[Entry]
    tally: Tally
    settings: Mapping[str, str]
    resumed_as: str | None

    @property
    def title(self) -> str:
        """Its state in words."""
        return _TITLES[self.job.state]

    @property
    def is_moving(self) -> bool:
        """Whether pictures may still come."""
        return not self.job.is_finished


@router.get("")
def new_batch(request: Request, parts: Parts) -> Response:
    """The form for many pictures; its query sets the panel."""
    choice, errors = read_choice(request.query_params, parts.registry)
    return _form(request, parts, choice, _beside(errors, "The link could not be followed"))


@router.post("")
async def submit(request: Request, parts: Parts) -> Response:
    """Hand the form's pictures in, and go on to their gallery; or the form again, with what is wrong."""
    try:
        job, _ = await parts.batches.submit(request)
        return RedirectResponse(f"/batch/{job.id}", 303)
    except ClientDisconnect:
        return Response(status_code=CLIENT_GONE)
    except Problem as problem:
        choice, _ = read_choice({}, parts.registry)
        title = "Nothing was begun" if problem.status == 422 else problem.title
        said = _beside(problem.errors or [FieldError("", problem.detail)], title)
        return _form(request, parts, choice, said, status=problem.status, headers=problem.headers)


@router.get("/{job_id}")
def gallery(request: Request, parts: Parts, job_id: str) -> Response:
    """A batch: live with script, refreshed without; its address is the link to share."""
    shown = _gallery(parts, job_id)
    context = {
        "batch": shown,
        "refresh": REFRESH_AFTER if shown.is_moving else None,
        "keeps_days": parts.settings.job_retention_days,
    }
    return render(request, "batches/gallery.html", context, headers={"Cache-Control": "no-store"})


@router.post("/{job_id}/cancel")
def cancel(parts: Parts, job_id: str) -> Response:
    """Stop it; what is coloured stays."""
    parts.jobs.cancel(parts.batches.job(job_id).id)
    return RedirectResponse(f"/batch/{job_id}", 303)


@router.post("/{job_id}/resume")
def resume(request: Request, parts: Parts, job_id: str) -> Response:
    """Go on with a batch that was stopped, as a new job."""
    resumed = parts.jobs.resume(parts.batches.job(job_id).id, client_name(request.scope))
    return RedirectResponse(f"/batch/{resumed.id}", 303)


@router.post("/{job_id}/delete")
def delete(parts: Parts, job_id: str) -> Response:
    """Remove it with all its pictures."""
    parts.jobs.delete(parts.batches.job(job_id).id)
    return RedirectResponse("/batch", 303)


def _gallery(parts: Services, job_id: str) -> Gallery:
    job = parts.batches.job(job_id)
    found = parts.batches.entries(job)
    settings = _settings(parts, job)
    return Gallery(job, found, Tally.of(found), settings, parts.jobs.resumed_as(job))


def _settings(parts: Services, job: Job) -> dict[str, str]:
    """What was asked of all pictures, where it was not left as it is."""
    try:
        params = BatchParams.model_validate(job.params)
    except ValueError as error:  # of an older version
        raise NotFound("This batch was made by another version, and cannot be shown.") from error
    card = parts.registry.cards.get(params.model)
    told = {"Network": card.title if card else params.model}
    options = params.options
    if options.temperature is not None and not (card and card.temperature == options.temperature):
        told["Temperature"] = f"{options.temperature:.2f}"
    if options.saturation != 1:
        told["Saturation"] = f"{options.saturation:.2f}"
    if options.restore:
        told["Contrast"] = "restored"
    if options.format:
        told["Saved as"] = options.format.upper()
    return told


def _beside(errors: Iterable[FieldError], title: str) -> dict[str, Said]:
    return beside(errors, title, fields=_FIELDS, rest="images")


def _size(count: int) -> str:
    number, unit = (count / MIB / 1024, "GB") if count >= 1024 * MIB else (count / MIB, "MB")
    return f"{number:.3g}\N{NO-BREAK SPACE}{unit}"


def _form(
    request: Request,
    parts: Services,
    choice: Choice,
    problems: Mapping[str, Said],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    settings = parts.settings
    context = {
        "panel": Panel.of(parts.registry, choice, problems),
        "accept": ACCEPT,
        "max_files": settings.batch_max_files,
        "max_bytes": settings.batch_max_bytes,
        "together": _size(settings.batch_max_bytes),
        "max_file_bytes": settings.max_body_bytes,
        "each": _size(settings.max_body_bytes),
        "keeps_days": settings.job_retention_days,
    }
    return render(request, "batches/new.html", context, status=status, headers=headers)
