"""The home page: a picture in, its colours out; by script through REST, or by a plain form posted here."""

import io
from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.colorizing.inbox import Form, Upload
from app.colorizing.options import MOST_HINTS, UnsupportedOption
from app.colorizing.pipeline import Order, Result
from app.colorizing.presence import while_connected
from app.colorizing.support import check_supported
from app.pages import samples
from app.pages.panel import ACCEPT, Choice, Panel, Said, beside, read_choice
from app.pages.render import render
from app.pages.result import result_page
from app.pages.samples import SAMPLES
from app.problems import FieldError, Problem, Unavailable, Unprocessable
from app.services import Services, services

router = APIRouter(include_in_schema=False)

FORM_TEXTS = ("model", "temperature", "saturation", "restore", "candidate", "hints", "format", "sample")
CLIENT_GONE = 499  # nobody reads it; the log and the metrics do
MIB = 1024 * 1024


@router.get("/")
def home(request: Request, parts: Annotated[Services, Depends(services)]) -> Response:
    """The home page; its query sets the panel."""
    choice, errors = read_choice(request.query_params, parts.registry)
    return _studio(request, parts, choice, beside(errors, "The link could not be followed"))


@router.post("/colorize")
async def colorize(request: Request, parts: Annotated[Services, Depends(services)]) -> Response:
    """Colour the form's picture and show it; or the form again, with the problem beside its cause."""
    choice, _ = read_choice({}, parts.registry)
    try:
        async with parts.colorizer.inbox.receive(request, files="image", texts=FORM_TEXTS) as form:
            choice, errors = read_choice(form.texts, parts.registry)
            upload = _upload(form, choice, errors)
            result = await while_connected(request, _colorize(parts, upload, choice, errors))
            return await run_in_threadpool(result_page, request, upload, result, choice)
    except ClientDisconnect:
        return Response(status_code=CLIENT_GONE)
    except Problem as problem:
        said = beside(problem.errors or [FieldError("", problem.detail)], problem.title)
        return _studio(request, parts, choice, said, status=problem.status, headers=problem.headers)


def _upload(form: Form, choice: Choice, errors: list[FieldError]) -> Upload:
    """The sample that was pressed, or the picture that was chosen; what is wrong is added to `errors`."""
    if choice.sample:
        return Upload(f"{choice.sample}.jpg", io.BytesIO(samples.gray(choice.sample)))
    errors += form.errors
    return form.files[0] if form.files else Upload("", io.BytesIO())


async def _colorize(parts: Services, upload: Upload, choice: Choice, errors: list[FieldError]) -> Result:
    if choice.card is None:
        raise Unavailable("There is no model to colour with.", retry_after=10)
    try:
        check_supported(choice.card, choice.options)
    except UnsupportedOption as error:
        errors.append(FieldError(f"/{error.field}", str(error)))
    if errors:
        raise Unprocessable("Some values cannot be used.", errors=errors)
    return await parts.colorizer.colorize(upload, choice.card, Order(choice.options))


def _studio(
    request: Request,
    parts: Services,
    choice: Choice,
    problems: Mapping[str, Said],
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response:
    context = {
        "panel": Panel.of(parts.registry, choice, problems),
        "samples": SAMPLES.values(),
        "most_hints": MOST_HINTS,
        "accept": ACCEPT,
        "max_bytes": parts.settings.max_body_bytes,
        "max_megabytes": parts.settings.max_body_bytes // MIB,
    }
    return render(request, "home.html", context, status=status, headers=headers)
