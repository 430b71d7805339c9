"""Jobs: runs of the lab's demos, handed in, watched, stopped, and asked for what came out."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Header, Path, Query
from fastapi.exceptions import RequestValidationError
from pydantic import BeforeValidator, Field, ValidationError, WithJsonSchema
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from app.api.computed import CLIENT_GONE, read_body, unprocessable
from app.api.job_schemas import JOBS, FigureBody, JobBody, JobPage, JobResult, NewJob
from app.api.schemas import gives, takes
from app.guards import client_name, sees_lab
from app.jobs.job import BATCH, Job, State
from app.lab.export import series_csv
from app.problems import Conflict, NotFound, responses
from app.services import Services, services
from app.shapes import ShapeError
from app.shapes.json_text import parse_json

router = APIRouter(prefix="/jobs", tags=["Lab"])

MAX_BYTES = 2**18
"""Of a request for a job: more than any demo's settings take."""
LOOK_AGAIN_AFTER = 1
ZIP = "application/zip"
PAGE, LARGEST_PAGE = 20, 100

Parts = Annotated[Services, Depends(services)]
IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=255,
        description="Any text of yours, new for each job: a request that is sent again with the same key "
        "and body gives the same job; with another body it is refused.",
    ),
]
JobId = Annotated[str, Path(examples=["0123456789abcdef0123456789abcdef"])]


def _empty_means_none(**schema: Any) -> tuple[BeforeValidator, WithJsonSchema]:
    """A parameter that is left empty counts as left out, and its schema says so."""
    nothing = BeforeValidator(lambda value: None if value == "" else value)
    return nothing, WithJsonSchema({"anyOf": [schema, {"const": ""}, {"type": "null"}]})


_COUNTEREXAMPLE = {"demo": "rmsprop-counterexample", "params": {"learning_rate": "91/410"}, "seed": 0}
_MIN_NORM = {"demo": "min-norm", "params": {"n": 10, "d": 30, "optimizer": "adam"}, "seed": 7}
_JOB = {
    "id": "0123456789abcdef0123456789abcdef",
    "demo": "rmsprop-counterexample",
    "params": {"x": ["2", "1"], "target": "2", "learning_rate": "91/410"},
    "seed": 0,
    "state": "queued",
    "progress": 0.0,
    "created": "2026-03-01T09:30:00.250000Z",
    "started": None,
    "finished": None,
    "attempts": 0,
    "error": None,
    "resumed_from": None,
    "links": {
        "self": f"{JOBS}/0123456789abcdef0123456789abcdef",
        "events": f"{JOBS}/0123456789abcdef0123456789abcdef/events",
        "cancel": f"{JOBS}/0123456789abcdef0123456789abcdef/cancel",
        "result": f"{JOBS}/0123456789abcdef0123456789abcdef/result",
    },
}
_RESULT = {
    "result": {"w": ["28/41", "26/41"], "loss": "0"},
    "certificate": [{"claim": "The loss is exactly 0", "measured": "0", "bound": "0", "holds": True}],
    "series": {"rmsprop/distance": {"x": [0, 1], "y": [1.0, 0.31]}},
    "versions": {"chromalab": "1.0.0", "python": "3.11.2", "numpy": "2.3.0"},
    "tables": [],
    "notes": [],
}


def accepted(description: str, **headers: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that answers 202 with a job."""
    told = {"Location": "Where the job is.", "Retry-After": "Seconds after which to look at it.", **headers}
    body = gives(JobBody, description, _JOB)[200]
    named = {name: {"description": text, "schema": {"type": "string"}} for name, text in told.items()}
    return {202: {**body, "headers": named}}


def _with_zip(answers: dict[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    answers[200]["content"][ZIP] = {"schema": {"type": "string", "format": "binary"}}
    return answers


@router.post(
    "",
    status_code=202,
    summary="Run a demo",
    response_class=Response,
    responses=accepted(
        "The job; it is stored, and outlives any restart.",
        **{"Idempotent-Replayed": "`true` where an earlier request with this key handed the job in."},
    ),
    openapi_extra=takes(
        NewJob, examples={"The write-up's counterexample": _COUNTEREXAMPLE, "Minimum norm": _MIN_NORM}
    ),
)
async def submit(
    request: Request,
    parts: Parts,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Hand a job in: a demo, its settings and a seed. The same three give the same numbers."""
    try:
        asked = _read(await read_body(request, MAX_BYTES))
    except ClientDisconnect:
        return Response(status_code=CLIENT_GONE)
    client = client_name(request.scope)

    def store() -> tuple[Job, bool]:
        order = parts.jobs.order(asked.demo, asked.params, asked.seed, client, idempotency_key)
        return parts.jobs.submit(order)

    job, replayed = await run_in_threadpool(store)
    return accept(job, {"Idempotent-Replayed": "true"} if replayed else {})


@router.get("", summary="List jobs")
def list_jobs(
    request: Request,
    parts: Parts,
    state: Annotated[
        State | None,
        *_empty_means_none(enum=list(get_args(State))),
        Query(description="Only those in this state."),
    ] = None,
    demo: Annotated[
        str | None, Query(max_length=100, pattern=r"^[^\x00]*$", description="Only those of this demo.")
    ] = None,
    limit: Annotated[
        Annotated[int, Field(ge=1, le=LARGEST_PAGE)] | None,
        *_empty_means_none(type="integer", minimum=1, maximum=LARGEST_PAGE),
        Query(description="Jobs a page."),
    ] = PAGE,
    cursor: Annotated[
        str | None,
        Query(pattern=r"^[0-9]{0,18}$", description="`next_cursor` of the page before."),
    ] = None,
) -> JobPage:
    """Jobs, the newest first, a page at a time; of batches of pictures only the client's own."""
    if not sees_lab(request.scope):  # its key is for batches only
        if demo not in (None, "", BATCH):
            return JobPage(jobs=[], next_cursor=None)
        demo = BATCH
    before = int(cursor) if cursor else None
    viewer = client_name(request.scope)
    found, following = parts.jobs.page(state, demo or None, limit or PAGE, before, viewer)
    return JobPage(
        jobs=[JobBody.of(job) for job in found], next_cursor=None if following is None else str(following)
    )


@router.get("/{job_id}", summary="Show a job", responses=responses(NotFound))
def show_job(job_id: JobId, parts: Parts) -> JobBody:
    """A job: its settings, its state, and how far it has come."""
    return JobBody.of(parts.jobs.job(job_id))


@router.post(
    "/{job_id}/cancel",
    status_code=202,
    summary="Cancel a job",
    response_class=Response,
    responses={
        **accepted("The job; a running one ends within a second of its next step."),
        **responses(NotFound, Conflict),
    },
)
def cancel(job_id: JobId, parts: Parts) -> Response:
    """Stop a job, queued or running. What it has shown stays; it can be resumed."""
    return accept(parts.jobs.cancel(job_id))


@router.post(
    "/{job_id}/resume",
    status_code=202,
    summary="Resume a job",
    response_class=Response,
    responses={**accepted("A new job that goes on where that one was."), **responses(NotFound, Conflict)},
)
def resume(request: Request, job_id: JobId, parts: Parts) -> Response:
    """Go on with a job that was cancelled or has failed, as a new job that keeps all it had shown.

    A job is resumed once; 409 for any other.
    """
    return accept(parts.jobs.resume(job_id, client_name(request.scope)))


@router.delete("/{job_id}", status_code=204, summary="Delete a job", responses=responses(NotFound))
def delete(job_id: JobId, parts: Parts) -> None:
    """Remove a job and all it gave, a trained model included; a running one stops."""
    parts.jobs.delete(job_id)


@router.get(
    "/{job_id}/result",
    summary="What a job has found",
    response_class=Response,
    responses={
        **_with_zip(gives(JobResult, "Result, certificate and series; or a batch's ZIP.", _RESULT)),
        **responses(NotFound, Conflict),
    },
)
def show_result(job_id: JobId, parts: Parts) -> Response:
    """Result, certificate, series and versions of a job that has succeeded; 409 for any other.

    Of a batch of pictures it is a ZIP: the outputs in the order of the inputs, and `manifest.json`.
    """
    job = parts.jobs.job(job_id)
    if job.demo == BATCH:
        name = f'attachment; filename="chromalab-{job.id[:8]}.zip"'
        zipped = parts.batches.archive(job)
        return StreamingResponse(zipped, media_type=ZIP, headers={"Content-Disposition": name})
    found = parts.jobs.findings(job)
    body = {
        "result": found.outcome.result,
        "certificate": [asdict(check) for check in found.outcome.certificate],
        "series": found.series,
        "versions": found.versions,
        "tables": [asdict(table) for table in found.outcome.tables],
        "notes": found.outcome.notes,
    }
    return _json(body)


@router.get(
    "/{job_id}/figure",
    summary="Draw a job",
    response_class=Response,
    responses={
        **gives(
            FigureBody,
            "The figure.",
            {"data": [{"type": "scatter", "x": [0, 1], "y": [1, 0.31]}], "layout": {}},
        ),
        **responses(NotFound),
    },
)
def show_figure(
    job_id: JobId,
    parts: Parts,
    name: Annotated[
        str | None,
        Query(max_length=100, description="Of a demo with several figures; the main one unless given."),
    ] = None,
) -> Response:
    """A figure of the job as far as it has come, as Plotly's JSON."""
    figures = parts.jobs.figures(parts.jobs.job(job_id))
    chosen = name or next(iter(figures), "")
    if chosen not in figures:
        raise NotFound(f"This job has no figure {chosen!r}; there are {', '.join(figures) or 'none'}.")
    return _json(figures[chosen])


@router.get(
    "/{job_id}/series.csv",
    summary="A job's series as CSV",
    response_class=Response,
    responses={
        200: {
            "description": "A line for each point so far, every digit kept.",
            "content": {
                "text/csv": {
                    "schema": {"type": "string"},
                    "example": "series,x,y\r\nrmsprop/distance,0,1.0\r\n",
                }
            },
        },
        **responses(NotFound),
    },
)
def show_series(job_id: JobId, parts: Parts) -> Response:
    """Every point so far: series, x, y."""
    job = parts.jobs.job(job_id)
    headers = {"Content-Disposition": f'attachment; filename="{job.demo}-{job.id[:8]}.csv"'}
    return Response(series_csv(parts.jobs.series(job)), media_type="text/csv", headers=headers)


def _read(raw: bytes) -> NewJob:
    """The job asked for; raises Unprocessable and RequestValidationError, which point at what is wrong."""
    try:
        body = parse_json(raw) if raw.strip() else None
        if not isinstance(body, dict):
            raise ShapeError('expected an object such as {"demo": "min-norm"}')
    except ShapeError as error:
        raise unprocessable(error) from None
    try:
        return NewJob.model_validate(body)
    except ValidationError as error:
        told = [{**item, "loc": ("body", *item["loc"])} for item in error.errors(include_url=False)]
        raise RequestValidationError(told, body=body) from None


def accept(job: Job, headers: Mapping[str, str] | None = None) -> Response:
    """The answer 202 with a job."""
    told = {"Location": f"{JOBS}/{job.id}", "Retry-After": str(LOOK_AGAIN_AFTER), **(headers or {})}
    body = JobBody.of(job).model_dump_json()
    return Response(body, 202, headers=told, media_type="application/json")


def _json(body: object) -> Response:
    return Response(json.dumps(body, allow_nan=False), media_type="application/json")
