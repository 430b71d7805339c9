"""A gray picture in, the same picture in colour out."""

from typing import Annotated, Any, get_args
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.colorizing.extras import result_json
from app.colorizing.inbox import Upload, refusal
from app.colorizing.options import Hint, Options
from app.colorizing.pipeline import Order, Part, Result
from app.colorizing.presence import while_connected
from app.imaging.tone import Tone
from app.networks.card import Card
from app.problems import FieldError, UnsupportedMedia, responses
from app.services import Services, services

router = APIRouter(tags=["Colorizing"])

CLIENT_GONE = 499  # nobody reads it; the log and the metrics do
INCLUDABLE = ("classes", "uncertainty", "candidates")
_ENDINGS = {"jpeg": "jpg"}


class HintShown(Hint):
    """A hint as it was given, and the colour that stands for it."""

    shown: str = Field(
        description="The hint's colour, or the nearest that its place is not too dark or light for.",
        examples=["#3a6ea5"],
    )


class ColorizedPicture(BaseModel):
    """A coloured picture and what the network knew besides."""

    model: str = Field(description="Id of the model that coloured it.", examples=["horses"])
    width: int = Field(description="Width of the upright picture in pixels.", examples=[32])
    height: int = Field(description="Height of the upright picture in pixels.", examples=[32])
    source: Tone = Field(
        "gray",
        description="`toned` (sepia and the like) or `color`; left out where the upload was gray. Its "
        "luminance was coloured in every case.",
    )
    image: str = Field(
        "", description="The coloured picture as a data URI; left out when only classes were asked for."
    )
    uncertainty: str = Field(
        "",
        description="Data URI of an 8-bit gray PNG at the network's resolution: normalised entropy of the "
        "colours, black where the network was certain, white where every colour was as likely.",
    )
    classes: list[list[int]] = Field(
        [], description="Index of the most likely palette colour, rows at the network's own resolution."
    )
    palette: list[Annotated[list[float], Field(min_length=3, max_length=3)]] = Field(
        [], description="RGB 0..1 of each class, for models whose task is `palette`."
    )
    hints: list[HintShown] = Field([], description="The hints that were given; left out if there were none.")
    candidates: int = Field(
        0,
        description="The last `candidate` of this picture, 0 if it has but one; left out unless asked for.",
        examples=[3],
    )


def form_schema() -> dict[str, Any]:
    """JSON Schema of the form that every question about one picture takes."""
    schema = Options.model_json_schema()
    fields = {name: schema["properties"][name] for name in Options.model_fields}
    fields["hints"] = {
        "type": "string",
        "contentMediaType": "application/json",
        "description": fields["hints"]["description"],
        "examples": ['[{"x": 0.5, "y": 0.25, "color": "#3a6ea5"}]'],
    }
    image = {
        "type": "string",
        "format": "binary",
        "description": "One still picture: JPEG, PNG, WebP or TIFF. Colour in it is taken as luminance.",
    }
    model = {
        "type": "string",
        "description": "Id of a model; the default one unless given.",
        "examples": ["horses"],
    }
    return {
        "type": "object",
        "properties": {"image": image, "model": model, **fields},
        "required": ["image"],
        "additionalProperties": False,
    }


_PICTURE = {"schema": {"type": "string", "format": "binary"}}
_ANSWER = {
    "description": "The picture in colour, as large as the upright upload; or JSON if that was asked for.",
    "content": {
        "image/png": _PICTURE,
        "image/jpeg": _PICTURE,
        "image/webp": _PICTURE,
        "application/json": {"schema": {"$ref": "#/components/schemas/ColorizedPicture"}},
    },
    "headers": {
        "X-Model": {
            "description": "Id of the model that coloured the picture.",
            "schema": {"type": "string"},
        },
        "Server-Timing": {
            "description": "Milliseconds spent in queue, decode, network, join and encode.",
            "schema": {"type": "string"},
            "example": "queue;dur=0.21, decode;dur=4.70, network;dur=2.05, join;dur=11.90, encode;dur=38.20",
        },
    },
}


@router.post(
    "/colorize",
    summary="Colour a picture",
    response_class=Response,
    responses={200: _ANSWER, **responses(UnsupportedMedia)},
    openapi_extra={
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": form_schema()}}}
    },
)
async def colorize(
    request: Request,
    parts: Annotated[Services, Depends(services)],
    include: Annotated[
        list[str],
        Query(
            description="Answer with JSON that holds, besides the picture, `classes` (alone: without the "
            "picture), `uncertainty` or `candidates`, how many there are; repeated or comma-separated for "
            "more than one.",
            examples=[["uncertainty"]],
        ),
    ] = [],  # noqa: B006 - FastAPI copies it
    preview: Annotated[
        int | None,
        Query(
            ge=16,
            le=4096,
            description="Most pixels of the longer side of the answer, for one that is only looked at; the "
            "colours are those of the full picture.",
            examples=[320],
        ),
    ] = None,
) -> Response:
    """Colour an uploaded gray picture and answer with it at full size; luminance, alpha and depth are kept.

    With `include`, or `Accept: application/json`, the answer is JSON with the extras.
    """
    try:
        async with parts.colorizer.receive(request) as commission:
            extras = _extras(include)
            as_json = bool(extras) or _prefers_json(request.headers.get("accept", ""))
            ordered = _parts(extras, as_json, commission.card)
            order = Order(commission.options, ordered, preview=preview)
            result = await while_connected(
                request, parts.colorizer.colorize(commission.upload, commission.card, order)
            )
            headers = {
                "X-Model": result.card.id,
                "Server-Timing": result.timings.server_timing(),
                "Vary": "Accept",
            }
            if as_json:
                content = await run_in_threadpool(result_json, result)
                return parts.colorizer.answer(commission.upload, content, "application/json", headers)
            headers["Content-Disposition"] = _disposition(commission.upload, result)
            assert result.image is not None
            return parts.colorizer.answer(commission.upload, result.image, f"image/{result.format}", headers)
    except ClientDisconnect:
        return Response(status_code=CLIENT_GONE)


def _extras(include: list[str]) -> frozenset[Part]:
    named = [name.strip() for value in include for name in value.split(",") if name.strip()]
    for name in named:
        if name not in INCLUDABLE:
            detail = (
                f"{name[:40]!r} cannot be included; {', '.join(INCLUDABLE[:-1])} and {INCLUDABLE[-1]} can"
            )
            raise refusal([FieldError("/include", detail)])
    return frozenset(part for part in get_args(Part) if part in named)


def _parts(extras: frozenset[Part], as_json: bool, card: Card) -> frozenset[Part]:
    if "classes" in extras and card.task != "palette":
        raise refusal([FieldError("/include", f"classes are of palette models; {card.id!r} has none")])
    if extras == {"classes"}:
        return extras
    if as_json and not extras:
        return frozenset({"image", "uncertainty"})
    return extras | {"image"}


def _prefers_json(accept: str) -> bool:
    """Whether an Accept header names JSON, and no picture that it likes as much (RFC 9110, 12.5.1)."""
    json, picture = 0.0, 0.0
    for item in accept.split(","):
        media_range, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = next((text[2:] for text in parameters if text.startswith("q=")), "1")
        try:
            weight = float(quality)
        except ValueError:
            continue
        if media_range == "application/json":
            json = max(json, weight)
        elif media_range.startswith("image/"):
            picture = max(picture, weight)
    return json > picture


def _disposition(upload: Upload, result: Result) -> str:
    name = f"{upload.stem or 'picture'}-colorized.{_ENDINGS.get(result.format, result.format)}"
    if all(char.isascii() and (char.isalnum() or char in " -_.()") for char in name):
        return f'inline; filename="{name}"'
    return f"inline; filename*=UTF-8''{quote(name, safe='')}"
