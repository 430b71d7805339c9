"""Windows and spreads: where a map of weights lies."""

from dataclasses import dataclass

import numpy as np

from app.lab.packing import Array
from app.shapes.receptive import Field

MASS = 0.9545
"""Share of the map that its effective size holds: two standard deviations of a Gaussian."""

Box = tuple[int, int, int, int]
"""Top, left, height, width."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How a map of weights lies around its middle."""

    sigma: tuple[float, float]
    """Standard deviation along y and x, in input pixels."""
    side: int
    """Side of the smallest square around the middle that holds `MASS` of the weight."""


def theoretical_box(field: Field, output: tuple[int, int]) -> Box:
    """The window that an output position of a layer with this field sees by arithmetic, not clipped."""
    found: list[tuple[int, int]] = []
    for track, index in zip(field, output, strict=True):
        span = None if track is None or track.windows is None else track.windows.at(index)
        if span is None:
            return 0, 0, 0, 0
        start, size = span
        if not isinstance(start, int) or not isinstance(size, int):
            raise ValueError("network: the receptive field has symbols in it")
        found.append((start, size))
    (top, height), (left, width) = found
    return top, left, height, width


def reached_box(weights: Array) -> Box:
    """The smallest box that holds every nonzero weight."""
    rows, columns = np.flatnonzero(weights.any(axis=1)), np.flatnonzero(weights.any(axis=0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(rows[0]), int(columns[0]), int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)


def clipped(box: Box, height: int, width: int) -> Box:
    """The part of a box inside the picture."""
    top, left = max(box[0], 0), max(box[1], 0)
    bottom, right = min(box[0] + box[2], height), min(box[1] + box[3], width)
    return (top, left, bottom - top, right - left) if bottom > top and right > left else (0, 0, 0, 0)


def part(weights: Array, box: Box) -> Array:
    """The weights inside a box."""
    top, left, height, width = box
    return weights[top : top + height, left : left + width]


def spread(weights: Array) -> Spread:
    """Standard deviations and effective side of a map of weights."""
    share = weights / weights.sum()
    y, x = np.indices(share.shape)
    middle = float((share * y).sum()), float((share * x).sum())
    sigma = tuple(
        float(np.sqrt((share * (axis - at) ** 2).sum())) for axis, at in zip((y, x), middle, strict=True)
    )
    away = np.maximum(np.abs(y - middle[0]), np.abs(x - middle[1])).ravel()
    order = np.argsort(away, kind="stable")
    within = np.searchsorted(np.cumsum(share.ravel()[order]), MASS)
    side = int(2 * np.ceil(away[order[min(int(within), len(order) - 1)]] - 1e-9) + 1)
    return Spread((sigma[0], sigma[1]), side)
