"""A job's events as a stream (SSE): from the first or from any later one on, live or long after."""

import contextlib
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from app.jobs.job import Event, Job
from app.problems import FieldError, NotFound, Unprocessable, responses
from app.services import Services, services

router = APIRouter(prefix="/jobs", tags=["Lab"])

SILENCE = 15.0
"""Seconds without an event after which a comment tells everyone on the way that the stream is alive."""
RECONNECT_AFTER = 1000
"""Milliseconds after which a reader that lost its connection is to come back."""
_LARGEST = 2**31 - 1
_EXAMPLE = (
    f"retry: {RECONNECT_AFTER}\n\n"
    'id: 1\nevent: state\ndata: {"state":"queued"}\n\n'
    'id: 2\nevent: state\ndata: {"state":"running"}\n\n'
    'id: 3\nevent: point\ndata: {"series":"gd/distance","x":0,"y":1.0}\n\n'
    'id: 4\nevent: progress\ndata: {"progress":1.0}\n\n'
    'id: 5\nevent: end\ndata: {"state":"succeeded","error":null}\n\n'
)


@router.get(
    "/{job_id}/events",
    summary="Follow a job",
    response_class=Response,
    responses={
        200: {
            "description": "Ids grow by one from 1; the last event is `end`, and ends the stream.",
            "content": {"text/event-stream": {"schema": {"type": "string"}, "example": _EXAMPLE}},
        },
        **responses(NotFound),
    },
)
async def follow(
    parts: Annotated[Services, Depends(services)],
    job_id: Annotated[str, Path(examples=["0123456789abcdef0123456789abcdef"])],
    last_event_id: Annotated[
        str | None, Header(description="Id of the last event that was received; the next one comes first.")
    ] = None,
    after: Annotated[
        int,
        Query(ge=0, le=_LARGEST, description="The same, for a first request; a Last-Event-ID goes before."),
    ] = 0,
) -> Response:
    """Everything that happens to a job, as server-sent events: state, point, progress, and at the end end.

    `state` tells the job's new state, `point` a sample of a series, `progress` the share that is done and
    the names of pictures that are new, `end` the final state and the error. A stream that breaks loses
    nothing: come back with the last id. A finished job is replayed.
    """
    seen = after if last_event_id is None else _read_id(last_event_id)
    job = await run_in_threadpool(parts.jobs.job, job_id)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_stream(parts, job, seen), media_type="text/event-stream", headers=headers)


async def _stream(parts: Services, job: Job, seen: int) -> AsyncIterator[bytes]:
    yield f"retry: {RECONNECT_AFTER}\n\n".encode()
    async with contextlib.aclosing(parts.jobs.feed.follow(job, seen, SILENCE)) as found:
        async for events in found:
            yield b"".join(map(_encoded, events)) or b": still here\n\n"


def _encoded(event: Event) -> bytes:
    return f"id: {event.id}\nevent: {event.kind}\ndata: {event.data}\n\n".encode()


def _read_id(text: str) -> int:
    """The number in a Last-Event-ID; raises Unprocessable."""
    digits = text.strip()
    if digits.isascii() and digits.isdigit() and len(digits) < 20:
        return min(int(digits), _LARGEST)
    detail = "is not the id of an event: a whole number"
    raise Unprocessable(f"/Last-Event-ID {detail}.", errors=[FieldError("/Last-Event-ID", detail)])
