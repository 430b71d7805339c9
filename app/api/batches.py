"""Many pictures at once: a job that colours them, each picture of it, and all of them as a ZIP."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse

from app.api.jobs import IdempotencyKey, JobId, accept, accepted
from app.batches.record import BATCH_OPTIONS, Entry, Status
from app.colorizing.options import Options
from app.problems import Conflict, NotFound, UnsupportedMedia, responses
from app.services import Services, services

router = APIRouter(tags=["Colorizing"])

CLIENT_GONE = 499  # nobody reads it; the log and the metrics do
Parts = Annotated[Services, Depends(services)]


class EntryProblem(BaseModel):
    """Why a picture could not be coloured, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str


class BatchEntry(BaseModel):
    """A picture of a batch."""

    index: int = Field(ge=1, description="Its place among the uploads, from 1.", examples=[1])
    name: str = Field(description="The upload's name, without folders.", examples=["grandmother.jpg"])
    bytes: int = Field(description="Of the upload.", examples=[48213])
    status: Status = Field(examples=["ok"])
    output: str | None = Field(description="Its name in the ZIP.", examples=["001-grandmother.jpg"])
    format: str | None = Field(examples=["jpeg"])
    width: int | None = Field(examples=[1024])
    height: int | None = Field(examples=[768])
    problem: EntryProblem | None = Field(description="Why it could not be coloured.")


class BatchFiles(BaseModel):
    """The pictures of a batch, as far as they have come: what the ZIP's `manifest.json` says at the end."""

    files: list[BatchEntry]


NAMED = (BatchEntry, BatchFiles)


def _form_schema() -> dict[str, Any]:
    known = Options.model_json_schema()["properties"]
    images = {
        "type": "array",
        "items": {"type": "string", "format": "binary"},
        "minItems": 1,
        "description": "The pictures: JPEG, PNG, WebP or TIFF, in any mixture.",
    }
    model = {"type": "string", "description": "Id of a model; the default one unless given."}
    properties = {"images": images, "model": model, **{name: known[name] for name in BATCH_OPTIONS}}
    return {
        "type": "object",
        "properties": properties,
        "required": ["images"],
        "additionalProperties": False,
    }


@router.post(
    "/colorize/batch",
    status_code=202,
    summary="Colour many pictures",
    response_class=Response,
    responses={
        **accepted(
            "The job; its pictures are stored. `demo` is `colorize-batch`, `params` are the settings.",
            **{"Idempotent-Replayed": "`true` where an earlier request with this key handed the job in."},
        ),
        **responses(UnsupportedMedia),
    },
    openapi_extra={
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _form_schema()}}}
    },
)
async def colorize_batch(request: Request, parts: Parts, idempotency_key: IdempotencyKey = None) -> Response:
    """Hand many pictures in: a job colours them one by one, and one that cannot be coloured fails alone.

    The job's result is a ZIP with the outputs in the order of the inputs and a `manifest.json`.
    """
    try:
        job, replayed = await parts.batches.submit(request, idempotency_key)
    except ClientDisconnect:
        return Response(status_code=CLIENT_GONE)
    return accept(job, {"Idempotent-Replayed": "true"} if replayed else {})


@router.get(
    "/jobs/{job_id}/files",
    summary="List a batch's pictures",
    responses=responses(NotFound),
)
def list_files(job_id: JobId, parts: Parts) -> BatchFiles:
    """Every picture of a batch in order: waiting, coloured, or what its problem is."""
    found = parts.batches.entries(parts.batches.job(job_id))
    return BatchFiles(files=[BatchEntry.model_validate(entry.to_json()) for entry in found])


_PICTURE = {"schema": {"type": "string", "format": "binary"}}


@router.get(
    "/jobs/{job_id}/files/{index}",
    summary="A picture of a batch",
    response_class=Response,
    responses={
        200: {
            "description": "The coloured picture.",
            "content": {"image/png": _PICTURE, "image/jpeg": _PICTURE, "image/webp": _PICTURE},
        },
        **responses(NotFound, Conflict),
    },
)
def show_file(
    job_id: JobId,
    index: Annotated[int, Path(ge=1, le=2**31 - 1, description="Its place, from 1.", examples=[1])],
    parts: Parts,
    small: Annotated[bool, Query(description="A small one, to look at.")] = False,
) -> Response:
    """One coloured picture of a batch, there as soon as it is done; 409 for one that is not."""
    entry, pieces = parts.batches.picture(parts.batches.job(job_id), index, small=small)
    headers = {"Cache-Control": "private, max-age=3600", "Content-Disposition": _disposition(entry)}
    if not small:
        return StreamingResponse(pieces, media_type=f"image/{entry.format}", headers=headers)
    content = b"".join(pieces)
    kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
    return Response(content, media_type=f"image/{kind}", headers=headers)


def _disposition(entry: Entry) -> str:
    return f"inline; filename*=UTF-8''{quote(entry.output or '', safe='')}"
