"""The colours that a network thinks likely at one place, for somebody who is about to say which it was."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.colorizing.candidates import modes
from app.colorizing.hints import Spot, color_at

Floats = NDArray[np.float32]

MOST = 8
"""So many can be looked over; the likelier come first."""
AROUND = 1
"""The place is judged with so many of the network's own places on each side of it."""


@dataclass(frozen=True, slots=True)
class Likely:
    """A colour as it would be shown at the place, `#rrggbb`, and its share of the network's belief, 0..1."""

    color: str
    share: float


def suggestions(
    probabilities: Floats, centres: Floats, gray: Floats, x: float, y: float
) -> tuple[Likely, ...]:
    """Likely colours at x, y (shares of width and height), likeliest first, told apart by eye.

    Probabilities (C, h, w), `centres` (C, 2) the classes' CIE ab, gray (H, W) 0..1. Every class counts
    towards the suggestion nearest to it. Colours that look alike there, as all do in black, are one.
    """
    _, height, width = probabilities.shape
    row, column = min(int(y * height), height - 1), min(int(x * width), width - 1)
    rows = slice(max(0, row - AROUND), row + AROUND + 1)
    columns = slice(max(0, column - AROUND), column + AROUND + 1)
    mean = probabilities[:, rows, columns].mean(axis=(1, 2))
    found = centres[modes(mean, centres)[:MOST]]
    if not len(found):
        return ()
    nearest = np.square(centres[:, None] - found).sum(axis=-1).argmin(axis=1)
    shares = np.bincount(nearest, weights=mean, minlength=len(found))
    shown: dict[str, float] = {}
    for (a, b), share in zip(found.tolist(), shares.tolist(), strict=True):
        color = color_at(gray, Spot(x, y, a, b))
        shown[color] = shown.get(color, 0.0) + share
    likely = (Likely(color, share) for color, share in shown.items())
    return tuple(sorted(likely, key=lambda each: -each.share))
