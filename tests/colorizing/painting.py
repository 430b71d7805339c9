"""Pictures through the whole pipeline, and what they are held against."""

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from app.colorizing.backends import Backend
from app.colorizing.options import Options
from app.colorizing.pipeline import Order, Part, Result, colorize
from app.networks.card import Card

MAX_PIXELS = 10_000_000


def saved(samples: NDArray[Any], format: str = "PNG", **how: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(samples).save(file, format, **how)
    return file.getvalue()


def opened(data: bytes | None) -> Image.Image:
    assert data is not None
    return Image.open(io.BytesIO(data))


def scene(height: int, width: int, dtype: type = np.uint8, seed: int = 0) -> NDArray[Any]:
    """A gray picture with edges and slopes."""
    rows, columns = np.mgrid[0:height, 0:width]
    values = 0.25 + 0.4 * columns / width + 0.2 * (rows > height / 2)
    values += 0.1 * np.random.default_rng(seed).random((height, width))
    peak = np.iinfo(dtype).max
    samples: NDArray[Any] = (values.clip(0, 1) * peak).astype(dtype)
    return samples


def paint(data: bytes, model: tuple[Backend, Card], *parts: Part, **options: Any) -> Result:
    order = Order(Options(**options), frozenset(parts or ("image",)))
    return colorize(data, *model, order, max_pixels=MAX_PIXELS, threads=1)
