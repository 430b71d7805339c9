"""The colours an `ab` model chooses among: a grid in the CIE ab plane, and how a colour is told in it."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from app.imaging.color import rgb_to_lab

GRID = 10
"""Distance of neighbouring bins in CIE ab (Zhang, Isola & Efros 2016)."""
REACH = 128
"""|a| and |b| of every sRGB colour are below this."""
_RGB_STEP = 3

Floats = NDArray[np.float32]


@cache
def bins_in_gamut() -> tuple[tuple[float, float], ...]:
    """Every grid point that is the nearest to some sRGB colour, by a, then by b."""
    levels = np.append(np.arange(0, 255, _RGB_STEP), 255).astype(np.float32) / np.float32(255)
    rgb = np.stack(np.meshgrid(levels, levels, levels, indexing="ij"), axis=-1).reshape(-1, 3)
    nearest = np.rint(rgb_to_lab(rgb)[:, 1:] / GRID).astype(int)
    return tuple((float(a * GRID), float(b * GRID)) for a, b in np.unique(nearest, axis=0))


class SoftEncoding:
    """A colour as a mixture of its nearest bins, weighted by a Gaussian (Zhang et al. 2016, section 2.1).

    Looked up for whole units of a and b, a tenth of the grid, so that encoding a batch is two table reads.
    """

    def __init__(self, bins: NDArray[np.float32], neighbours: int = 5, sigma: float = 5.0) -> None:
        axis = np.arange(-REACH, REACH + 1, dtype=np.float32)
        plane = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 1, 2)
        squared = ((plane - bins) ** 2).sum(axis=2)
        nearest = np.argsort(squared, axis=1, kind="stable")[:, :neighbours]
        near = np.take_along_axis(squared, nearest, axis=1)
        weights = np.exp((near[:, :1] - near) / np.float32(2 * sigma**2))
        self._bins = nearest.astype(np.int64)
        self._weights: Floats = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)

    def __call__(self, ab: Floats) -> tuple[NDArray[np.int64], Floats]:
        """Bins, nearest first, and their weights, both (..., neighbours), of ab (..., 2)."""
        whole = np.rint(ab).astype(np.int64).clip(-REACH, REACH) + REACH
        place = whole[..., 0] * (2 * REACH + 1) + whole[..., 1]
        return self._bins[place], self._weights[place]


def rebalancing(
    counts: NDArray[np.float64],
    bins: NDArray[np.float32],
    *,
    uniform: float,
    power: float,
    sigma: float = 5.0,
) -> Floats:
    """Weight of each bin in the loss, its mean over the pixels 1: rare colours count more.

    The empirical distribution is smoothed over neighbouring bins, mixed with `uniform` of the uniform one and
    inverted (Zhang et al. 2016, eq. 4); `power` below 1 moderates that.
    """
    distance = ((bins[:, None] - bins) ** 2).sum(axis=2)
    kernel = np.exp(-distance / (2 * sigma**2))
    smooth = (kernel / kernel.sum(axis=1, keepdims=True)).T @ (counts / counts.sum())
    weights = ((1 - uniform) * smooth + uniform / len(bins)) ** -power
    found: Floats = (weights / ((counts / counts.sum()) @ weights)).astype(np.float32)
    return found
