"""Jobs: their list, and the page of any of them, which refreshes itself until the job has ended."""

from base64 import b64decode
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.guards import client_name
from app.jobs.job import BATCH
from app.pages.lab.rows import rows
from app.pages.lab.view import STATES, view
from app.pages.render import CHART_POLICY, PICTURE_POLICY, render
from app.problems import NotFound
from app.services import Services, services

router = APIRouter(prefix="/lab/jobs")

PAGE = 25
REFRESH_AFTER = 2
"""Seconds after which a page without script looks again."""
_LARGEST = 2**53

Parts = Annotated[Services, Depends(services)]


@router.get("")
def job_list(
    request: Request,
    parts: Parts,
    state: str = "",
    demo: str = "",
    before: Annotated[int | None, Query(ge=1, le=_LARGEST)] = None,
) -> Response:
    """Jobs, newest first, of one state or demo if asked; a name that there is not lists none."""
    state, demo = (text.replace("\0", "")[:100] for text in (state, demo))  # PostgreSQL takes no NUL
    found, following = parts.jobs.page(state or None, demo or None, PAGE, before)
    chosen = {name: value for name, value in (("state", state), ("demo", demo)) if value}
    context = {
        "rows": rows(parts.jobs, found),
        "states": STATES,
        "demos": parts.jobs.demos,
        "state": state,
        "demo": demo,
        "first": None if before is None else f"/lab/jobs?{urlencode(chosen)}",
        "following": None if following is None else f"/lab/jobs?{urlencode({**chosen, 'before': following})}",
        "moving": any(not job.is_finished for job in found),
    }
    return render(request, "lab/jobs.html", context)


@router.get("/{job_id}")
def job_page(request: Request, parts: Parts, job_id: str) -> Response:
    """A job: live with script, refreshed without."""
    job = parts.jobs.job(job_id)
    if job.demo == BATCH:
        return RedirectResponse(f"/batch/{job.id}")
    run = view(parts.jobs, job)
    context = {"run": run, "refresh": None if job.is_finished else REFRESH_AFTER}
    headers = {"Content-Security-Policy": CHART_POLICY} if run.figures else None
    return render(request, "lab/job.html", context, headers=headers)


@router.get("/{job_id}/run")
def run_part(request: Request, parts: Parts, job_id: str) -> Response:
    """What a page shows of a job, for the script to put in place."""
    return render(
        request,
        "lab/run.html",
        {"run": view(parts.jobs, parts.jobs.job(job_id))},
        headers={"Content-Security-Policy": CHART_POLICY, "Cache-Control": "no-store"},
    )


@router.get("/{job_id}/pictures/{name}")
def picture(parts: Parts, job_id: str, name: str) -> Response:
    """The newest picture of this name that the job has shown."""
    found = {one.name: one for one in parts.jobs.pictures(parts.jobs.job(job_id))}
    if (one := found.get(name)) is None:
        raise NotFound(f"This job has no picture {name[:64]!r}.")
    content = one.data.encode() if one.media_type == "image/svg+xml" else b64decode(one.data)
    headers = {"Content-Security-Policy": PICTURE_POLICY, "Cache-Control": "no-cache"}
    return Response(content, media_type=one.media_type, headers=headers)


@router.post("/{job_id}/cancel")
def cancel(parts: Parts, job_id: str) -> Response:
    """Stop it; without script."""
    parts.jobs.cancel(job_id)
    return RedirectResponse(f"/lab/jobs/{job_id}", 303)


@router.post("/{job_id}/resume")
def resume(request: Request, parts: Parts, job_id: str) -> Response:
    """Go on with it as a new job; without script."""
    return RedirectResponse(f"/lab/jobs/{parts.jobs.resume(job_id, client_name(request.scope)).id}", 303)


@router.post("/{job_id}/delete")
def delete(parts: Parts, job_id: str) -> Response:
    """Remove it with all it gave."""
    parts.jobs.delete(job_id)
    return RedirectResponse("/lab/jobs", 303)
