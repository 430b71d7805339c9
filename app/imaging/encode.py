"""RGB samples to PNG, JPEG or WebP bytes."""

from io import BytesIO
from typing import Literal

import numpy as np
from PIL import Image

from app.imaging.color import Samples
from app.imaging.containers import Format
from app.imaging.errors import UnsupportedPicture
from app.imaging.png16 import encode_png16
from app.imaging.tiles import in_parallel, strips

OutputFormat = Literal["png", "jpeg", "webp"]

LARGEST_SIDE = {"png": 2**31 - 1, "jpeg": 65500, "webp": 16383}
PNG_LEVEL = 3
"""zlib's effort: level 6 takes twice as long and saves a tenth."""


def output_format(uploaded: Format) -> OutputFormat:
    """The format of the answer to an upload when none is asked for: its own, PNG for TIFF."""
    return "png" if uploaded == "tiff" else uploaded


def encode_picture(
    rgb: Samples,
    *,
    format: OutputFormat,
    alpha: Samples | None = None,
    icc_profile: bytes | None = None,
    quality: int = 92,
) -> bytes:
    """Write (height, width, 3) samples, uint8 or uint16.

    PNG keeps 16 bits and alpha, WebP alpha; JPEG puts transparent pixels on white. `quality` is that of the
    lossy formats, 1..100. Raises UnsupportedPicture for a picture too long for the format.
    """
    height, width = rgb.shape[:2]
    limit = LARGEST_SIDE[format]
    if max(width, height) > limit:
        size = f"{width} x {height}"
        raise UnsupportedPicture(
            f"{format.upper()} holds at most {limit} pixels a side, this has {size}; use PNG."
        )
    if rgb.dtype == np.uint16:
        if format == "png":
            return encode_png16(rgb, alpha, icc_profile, PNG_LEVEL)
        rgb = _to_8_bit(rgb)
        alpha = None if alpha is None else _to_8_bit(alpha)
    if alpha is not None and format == "jpeg":
        rgb, alpha = _on_white(rgb, alpha), None
    image = Image.fromarray(rgb)
    if alpha is not None:
        image.putalpha(Image.fromarray(alpha))
    out = BytesIO()
    if format == "png":
        image.save(out, "PNG", icc_profile=icc_profile, compress_level=PNG_LEVEL)
    elif format == "jpeg":
        # Full chroma resolution: half of it would blur the colour that was just brought up along the edges.
        image.save(out, "JPEG", icc_profile=icc_profile, quality=quality, subsampling=0)
    else:
        image.save(out, "WEBP", icc_profile=icc_profile or b"", quality=quality, exact=True)
    return out.getvalue()


def _to_8_bit(samples: Samples) -> Samples:
    """uint16 samples rounded to uint8, in strips."""
    reduced = np.empty(samples.shape, np.uint8)

    def reduce(rows: tuple[int, int]) -> None:
        # x / 257 rounded, in integers: 65535 is 255 times 257.
        part = samples[slice(*rows)].astype(np.uint32)
        reduced[slice(*rows)] = (part + 128) // 257

    in_parallel(reduce, strips(samples.shape[1], samples.shape[0]))
    return reduced


def _on_white(rgb: Samples, alpha: Samples) -> Samples:
    """uint8 samples seen on white, in strips."""
    flat = np.empty_like(rgb)

    def flatten(rows: tuple[int, int]) -> None:
        here = slice(*rows)
        weight = alpha[here, :, None].astype(np.uint32)
        flat[here] = (rgb[here] * weight + 255 * (255 - weight) + 127) // 255

    in_parallel(flatten, strips(rgb.shape[1], rgb.shape[0]))
    return flat
