"""One picture of a batch: its bytes in; out comes its colour, or the problem in words."""

import io
import logging
from functools import cache
from pathlib import Path

from PIL import Image

from app.batches.record import BatchParams
from app.colorizing.backends import Backend, limit_threads
from app.colorizing.options import UnsupportedOption
from app.colorizing.pipeline import Order, Result, colorize
from app.colorizing.registry import Registry, UnknownModel, UnusableModel
from app.imaging.errors import PictureError, PictureTooLarge, UnsupportedPicture
from app.jobs.folders import Folders
from app.lab.demo import DemoError
from app.lab.shown import Json
from app.networks.card import Card
from app.problems import InternalError, Problem, TooLarge, Unavailable, Unprocessable, UnsupportedMedia
from app.settings import Settings

SMALL = 480
"""Longer side of the picture that a gallery shows."""

log = logging.getLogger(__name__)


def paint(data: bytes, params: BatchParams, settings: Settings) -> Result:
    """The picture in colour. Raises Problem for this one, DemoError where none can be coloured."""
    backend, card = _model(params.model, settings)
    try:
        return colorize(data, backend, card, Order(params.options), max_pixels=settings.max_pixels, threads=1)
    except Exception as error:
        raise as_problem(error) from error


def as_problem(error: Exception) -> Problem:
    """What went wrong with one picture, in words for whoever sent it."""
    match error:
        case PictureTooLarge():
            return TooLarge(_sentence(error))
        case UnsupportedPicture():
            return UnsupportedMedia(_sentence(error))
        case PictureError() | UnsupportedOption():
            return Unprocessable(_sentence(error))
    if isinstance(error, MemoryError) or "allocate memory" in str(error):  # torch's way to say it
        return Unavailable("There is not enough memory for this picture.")
    log.error("a picture of a batch could not be coloured", exc_info=error)
    return InternalError("This picture could not be coloured; the fault is the service's.")


def problem_json(problem: Problem) -> Json:
    """A problem as the manifest has it: without an instance, for it was no request of its own."""
    return problem.body("").model_dump(include={"type", "title", "status", "detail"})


def small_picture(image: bytes) -> bytes:
    """A JPEG, or PNG where there is alpha, to look at; of a coloured picture's bytes."""
    with Image.open(io.BytesIO(image), formats=("PNG", "JPEG", "WEBP")) as picture:
        picture.draft("RGB", (2 * SMALL, 2 * SMALL))
        clear = picture.mode.endswith("A") or "transparency" in picture.info
        small = picture.convert("RGBA" if clear else "RGB")
        small.thumbnail((SMALL, SMALL))
    out = io.BytesIO()
    small.save(out, "PNG" if clear else "JPEG", **({} if clear else {"quality": 85}))
    return out.getvalue()


def _model(model_id: str, settings: Settings) -> tuple[Backend, Card]:
    registry = _registry(settings.models_dir, settings.data_dir)
    try:
        return registry.load(model_id), registry.card(model_id)
    except (UnknownModel, UnusableModel) as error:
        raise DemoError(str(error)) from None


@cache
def _registry(models_dir: Path, data_dir: Path) -> Registry:
    limit_threads(1)
    return Registry(models_dir, Folders(data_dir).model)


def _sentence(error: Exception) -> str:
    text = str(error).strip().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
