"""The lab's front: every demo with a picture, and the latest jobs."""

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from app.pages.lab.drawings import drawing
from app.pages.lab.rows import rows
from app.pages.render import render
from app.problems import Unavailable
from app.services import Services, services

router = APIRouter(prefix="/lab")

LATEST = 8


@router.get("")
def overview(request: Request, parts: Annotated[Services, Depends(services)]) -> Response:
    """All demos, and the latest jobs; the demos are there even while the database of jobs is not."""
    try:
        found, _ = parts.jobs.page(None, None, LATEST, None)
        latest, away = rows(parts.jobs, found), None
    except Unavailable as error:
        latest, away = [], error.detail
    demos = [(one, drawing(one.name)) for one in parts.jobs.demos.values()]
    return render(request, "lab/index.html", {"demos": demos, "rows": latest, "away": away})
