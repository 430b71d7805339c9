"""Other colours that a picture may have had: one large doubtful place decided otherwise, the rest to suit.

Candidate k takes the place where the network is least sure, gives it the k-th of the colours that come into
question there as if somebody had known it, and lets the network colour the whole picture again: so each
candidate is of a piece, where choosing at every pixel anew would only be noise.
"""

import numpy as np
from numpy.typing import NDArray

from app.colorizing.decode import uncertainty
from app.colorizing.hints import Spot
from app.imaging.resample import area_band

Floats = NDArray[np.float32]

REACH = 0.08
"""Radius of the place that is decided otherwise, as a share of the shorter side."""
APART = 22.0
"""Least distance in CIE ab of two colours that count as different."""
CELLS = 8
"""The picture is searched for doubt in so many cells along its shorter side."""


def alternatives(probabilities: Floats, centres: Floats, aspect: float) -> list[Spot]:
    """The hints that make candidates 1, 2 ... ; none where only one colour comes into question.

    Probabilities (C, h, w) are those of the first pass, `centres` (C, 2) the classes' CIE ab, `aspect` the
    picture's width by its height.
    """
    mean, y, x = _most_doubtful(probabilities, aspect)
    others = centres[modes(mean, centres)[1:]].tolist()
    return [Spot(x, y, a, b, REACH) for a, b in others]


def modes(distribution: Floats, centres: Floats) -> list[int]:
    """Classes that stand for the distribution's (C,) colours, likeliest first, each APART from the others.

    Classes that are less likely than if all were alike do not come into question.
    """
    found: list[int] = []
    for index in np.argsort(-distribution, kind="stable").tolist():
        if distribution[index] * len(distribution) < 1:
            break
        if all(np.hypot(*(centres[index] - centres[other])) >= APART for other in found):
            found.append(index)
    return found


def _most_doubtful(probabilities: Floats, aspect: float) -> tuple[Floats, float, float]:
    """Mean distribution (C,) of the cell with the largest entropy, and its middle as shares: y, x."""
    _, height, width = probabilities.shape
    rows = max(1, min(height, round(CELLS * max(1.0, 1 / aspect))))
    columns = max(1, min(width, round(CELLS * max(1.0, aspect))))
    doubt = _cells(uncertainty(probabilities)[None], rows, columns)[0]
    row, column = np.unravel_index(int(doubt.argmax()), doubt.shape)
    mean = _cells(probabilities, rows, columns)[:, row, column]
    return mean, (int(row) + 0.5) / rows, (int(column) + 0.5) / columns


def _cells(planes: Floats, rows: int, columns: int) -> Floats:
    """Planes (P, h, w) averaged over cells (P, rows, columns)."""
    down = area_band(planes.shape[1], rows, 0, rows).weights
    across = area_band(planes.shape[2], columns, 0, columns).weights
    return np.asarray(down @ planes @ across.T, dtype=np.float32)
