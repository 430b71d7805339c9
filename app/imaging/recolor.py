"""Full-size gray joined with small chroma: luminance kept, colour fitted into the gamut around it."""

import numpy as np

from app.imaging.chroma import Upsampling, chroma_field
from app.imaging.color import Floats, Samples
from app.imaging.lookup import LookedUpColors
from app.imaging.paint import UNITS, TileColors
from app.imaging.resample import spans
from app.imaging.tiles import in_parallel

FAR = 1000.0
"""Chroma far beyond any colour's: more would only overflow on its way into the gamut."""
LOOK_UP_PIXELS = 3_000_000
"""From this size on, filling the table of colours pays."""
TILE_ROWS, TILE_COLUMNS = 256, 256
"""A tile's arrays fit in a processor's second-level cache."""


def recolor(
    gray: Samples,
    ab: Floats,
    guide: Floats,
    *,
    saturation: float = 1.0,
    upsampling: Upsampling = "guided",
    threads: int | None = None,
) -> Samples:
    """sRGB (H, W, 3) of gray's dtype with gray's luminance and chroma from `ab`.

    gray (H, W), uint8 or uint16 sRGB; ab (h, w, 2), CIE ab; guide (h, w), the gray 0..1 at ab's size.
    Chroma outside sRGB is reduced at constant lightness and hue; luminance stays within half a step of gray.
    """
    _check(gray, ab, guide, saturation)
    height, width = gray.shape
    wanted = np.clip(np.asarray(ab, np.float32) * np.float32(saturation), -FAR, FAR)
    field = chroma_field(wanted, guide, width, height, upsampling)
    look_up = gray.dtype == np.uint8 and gray.size >= LOOK_UP_PIXELS
    if not look_up:
        field = field.scaled(*UNITS)
    rgb = np.empty((height, width, 3), gray.dtype)
    columns = [field.columns(*span) for span in spans(width, TILE_COLUMNS)]

    def fill(span: tuple[int, int]) -> None:
        pixels = (span[1] - span[0]) * min(width, TILE_COLUMNS)
        colors = LookedUpColors(pixels) if look_up else TileColors(gray.dtype, pixels)
        rows = field.rows(*span)
        for across in columns:
            here = (rows.outputs, across.outputs)
            unit, chroma = colors.start(gray[here])
            field.evaluate(rows, across, unit, chroma)
            colors.finish(rgb[here])

    in_parallel(fill, spans(height, max(TILE_ROWS, TILE_ROWS * TILE_COLUMNS // width)), threads)
    return rgb


def _check(gray: Samples, ab: Floats, guide: Floats, saturation: float) -> None:
    if gray.dtype not in (np.uint8, np.uint16) or gray.ndim != 2 or 0 in gray.shape:
        raise ValueError("gray is (height, width) of uint8 or uint16, at least one pixel")
    if guide.ndim != 2 or 0 in guide.shape or ab.shape != (*guide.shape, 2):
        raise ValueError("guide is (h, w) and ab (h, w, 2)")
    if not (np.isfinite(ab).all() and np.isfinite(guide).all() and np.isfinite(saturation)):
        raise ValueError("chroma, guide and saturation must be finite numbers")
