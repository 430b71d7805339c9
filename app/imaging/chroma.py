"""Small chroma brought up to full size along the edges of the full-size gray.

`guided` models chroma near each small pixel as a straight line in gray, ab = slope * gray + offset, and
brings up slope and offset instead of chroma (He, Sun and Tang 2013, the fast variant of 2015), with three
changes that benchmarks/chroma_upsampling.py weighs: offsets are not averaged, so that chroma is not blurred;
slopes are held back where gray explains little of the chroma; and offsets are sharpened by as much as linear
interpolation will soften them, so that full-size chroma averages to the small one again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from app.imaging.color import Floats
from app.imaging.resample import Band, nearest_band, product, smooth_band

Upsampling = Literal["guided", "bilinear", "nearest"]

NOISE = 0.01
"""Variance of gray (0..1) below which it says nothing of chroma."""


@dataclass(frozen=True)
class ChromaField:
    """Chroma of a whole picture, evaluated a tile at a time."""

    planes: Floats
    """(2 or 4, h, w): offsets of a and b, then their slopes on gray."""
    width: int
    height: int
    band: Callable[[int, int, int, int], Band]

    def scaled(self, a: float, b: float) -> "ChromaField":
        """The same chroma in other units."""
        factors = np.array([a, b] * (len(self.planes) // 2), np.float32)
        return replace(self, planes=self.planes * factors[:, None, None])

    def rows(self, first: int, last: int) -> Band:
        """How full-size rows are made of small ones."""
        return self.band(self.planes.shape[1], self.height, first, last)

    def columns(self, first: int, last: int) -> Band:
        """How full-size columns are made of small ones."""
        return self.band(self.planes.shape[2], self.width, first, last)

    def evaluate(self, rows: Band, columns: Band, gray: Floats, out: Floats) -> Floats:
        """Chroma (2, rows, columns) where full-size gray is `gray` (rows, columns), 0..1.

        `out` (4, rows, columns) is written to; the result is its first half.
        """
        tall = np.empty((len(rows.weights), columns.weights.shape[1]), np.float32)
        for plane, full in zip(self.planes, out, strict=False):
            product(rows.weights, plane[rows.inputs, columns.inputs], tall)
            product(tall, columns.weights.T, full)
        chroma = out[:2]
        if len(self.planes) == 4:
            slopes = out[2:]
            slopes *= gray
            chroma += slopes
        return chroma


def chroma_field(ab: Floats, guide: Floats, width: int, height: int, upsampling: Upsampling) -> ChromaField:
    """Small chroma (h, w, 2) and gray (h, w) 0..1 made ready for a picture of `width` by `height`."""
    planes = np.ascontiguousarray(np.moveaxis(ab, -1, 0), np.float32)
    small_height, small_width = guide.shape
    grows = (max(1.0, height / small_height), max(1.0, width / small_width))
    if upsampling == "guided" and max(grows) > 1:
        slopes = _slopes(planes, guide.astype(np.float32, copy=False))
        offsets = planes - slopes * guide
        # Area averages of linear interpolation n times finer put (1 - 1/n²)/8 on each neighbour.
        offsets = 2 * offsets - _soften(offsets, [(1 - 1 / scale**2) / 8 for scale in grows])
        planes = np.concatenate([offsets, slopes])
    return ChromaField(planes, width, height, nearest_band if upsampling == "nearest" else smooth_band)


def _slopes(chroma: Floats, gray: Floats) -> Floats:
    """Slopes of chroma (2, h, w) on gray (h, w) in windows of 3 x 3 with binomial weights."""
    mean_gray, mean_chroma = _soften(gray), _soften(chroma)
    variance = np.maximum(_soften(gray * gray) - mean_gray**2, 0)
    covariance = _soften(gray * chroma) - mean_gray * mean_chroma
    spread = np.maximum(_soften(chroma * chroma) - mean_chroma**2, 0).sum(axis=0)
    explained = np.minimum((covariance**2).sum(axis=0) / (variance * spread + 1e-9), 1)
    return _soften(explained * covariance / (variance + np.float32(NOISE)))


def _soften(planes: Floats, shares: list[float] | tuple[float, float] = (0.25, 0.25)) -> Floats:
    """Give each neighbour above and below, then left and right, its share; the last two axes are those."""
    for axis, share in zip((-2, -1), shares, strict=True):
        size = planes.shape[axis]
        before = planes.take(np.maximum(np.arange(size) - 1, 0), axis)
        after = planes.take(np.minimum(np.arange(size) + 1, size - 1), axis)
        planes = np.float32(1 - 2 * share) * planes + np.float32(share) * (before + after)
    return planes
