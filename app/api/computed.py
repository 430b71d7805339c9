"""Questions in JSON that arithmetic answers: read within bounds, computed beside the event loop."""

import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.problems import FieldError, TooLarge, Unprocessable
from app.services import Services
from app.shapes import ShapeError
from app.shapes.json_text import parse_json

MAX_BYTES = 4 * 2**20
CLIENT_GONE = 499  # nobody reads it; the log and the metrics do

Compute = Callable[[Any], Response | object]
"""Turns a JSON value into the answer: JSON, or a response of its own."""


async def computed(request: Request, parts: Services, compute: Compute) -> Response:
    """Answer with what `compute` makes of the request's JSON; a ShapeError becomes a 422 that says where."""
    try:
        raw = await read_body(request)
    except ClientDisconnect:
        return Response(status_code=CLIENT_GONE)
    return await parts.arithmetic.run(partial(_answer, raw, compute))


def unprocessable(error: ShapeError) -> Unprocessable:
    """The problem that says what an error of the library says."""
    return Unprocessable(f"{error.detail.rstrip('.')}.", errors=[FieldError(error.pointer, error.detail)])


async def read_body(request: Request, most: int = MAX_BYTES) -> bytes:
    """The request's body; raises TooLarge for more than `most` bytes, ClientDisconnect."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise TooLarge(f"What is asked here has at most {most} bytes.")
        chunks.append(chunk)
    return b"".join(chunks)


def _answer(raw: bytes, compute: Compute) -> Response:
    started = time.perf_counter()
    try:
        if not raw.strip():
            raise ShapeError("the request has no body; it needs one in JSON")
        answer = compute(parse_json(raw))
        if not isinstance(answer, Response):
            answer = Response(json.dumps(answer, allow_nan=False), media_type="application/json")
    except ShapeError as error:
        raise unprocessable(error) from None
    answer.headers["Server-Timing"] = f"arithmetic;dur={1e3 * (time.perf_counter() - started):.2f}"
    return answer
