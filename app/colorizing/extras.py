"""A result as JSON: the picture and what the network knew besides, as data URIs and numbers."""

import base64
import io
import json
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.colorizing.pipeline import Result


def result_json(result: Result) -> bytes:
    """A UTF-8 JSON object with `model`, `width`, `height` and each part that was ordered.

    `source` says what an upload was that was not gray. `image` and `uncertainty` are data URIs,
    `classes` rows of palette indices, `palette` RGB 0..1.
    """
    content: dict[str, Any] = {"model": result.card.id, "width": result.width, "height": result.height}
    if result.tone != "gray":
        content["source"] = result.tone
    if result.image is not None:
        content["image"] = data_uri(result.image, f"image/{result.format}")
    if result.uncertainty is not None:
        content["uncertainty"] = data_uri(gray_png(result.uncertainty), "image/png")
    if result.hints:
        content["hints"] = [
            hint.model_dump(exclude_none=True) | {"shown": shown} for hint, shown in result.hints
        ]
    if result.candidates is not None:
        content["candidates"] = result.candidates
    if result.suggestions is not None:
        content["suggestions"] = [asdict(each) for each in result.suggestions]
    if result.classes is not None:
        content["classes"] = result.classes.tolist()
    if result.card.palette is not None:
        content["palette"] = result.card.palette
    return json.dumps(content, separators=(",", ":")).encode()


def gray_png(values: NDArray[np.float32]) -> bytes:
    """An 8-bit gray PNG of values 0..1, (h, w)."""
    file = io.BytesIO()
    Image.fromarray(np.rint(255 * values).astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def data_uri(content: bytes, media_type: str) -> str:
    """Content as a `data:` URI (RFC 2397)."""
    return f"data:{media_type};base64,{base64.b64encode(content).decode('ascii')}"
