"""Colours that somebody knows, carried on to what is like the places they were given for.

The network takes hints as advice: what it answers at a hint's own place is still off by some residual. The
residuals are interpolated by simple kriging (Rasmussen & Williams 2006, eq. 2.25), places being alike where
they are near, as light, and the network thinks the same of them; one it is sure of moves less than others.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from app.colorizing.hints import Spot

Floats = NDArray[np.float32]

# Found on photographs beside the ones that are reported on; the optimum is flat.
NEAR = 0.8
"""Distance, in units of the shorter side, at which places are alike by exp(-1/2)."""
AS_LIGHT = 40.0
"""The same of CIE lightness."""
AGREEING = 1.2
"""The same of the Hellinger distance of the network's two distributions, times the square root of 2."""
DOUBT = 10.0
"""Standard deviation in CIE units at which a hint is believed five times as much as the network."""
NOISE = 0.2
"""Variance of a hint, in units of the doubt's."""
MOST = 256
"""Hints that are carried on: those where the network is furthest off."""


def carry_on(
    ab: Floats,
    probabilities: Floats,
    centres: Floats,
    lightness: Floats,
    spots: Sequence[Spot],
    aspect: float,
) -> Floats:
    """Chroma (h, w, 2) moved towards the spots' colours, and all that is like their places with it.

    `probabilities` (C, h, w) and the classes' ab `centres` (C, 2) are what `ab` was decoded from, `lightness`
    (h, w) is CIE L*, `aspect` the picture's width by its height. Of spots at one place the last counts.
    """
    height, width = ab.shape[:2]
    known = {
        min(int(each.y * height), height - 1) * width + min(int(each.x * width), width - 1): (each.a, each.b)
        for each in spots
    }
    flat = ab.reshape(-1, 2)
    places = np.fromiter(known, dtype=np.intp, count=len(known))
    residuals = np.array(list(known.values()), dtype=np.float64).reshape(-1, 2) - flat[places]
    if len(places) > MOST:
        kept = np.argsort(-np.hypot(*residuals.T), kind="stable")[:MOST]
        places, residuals = places[kept], residuals[kept]
    covariance = _covariance(probabilities, centres, lightness, places, aspect)
    weights = np.linalg.solve(covariance[places] + NOISE * np.eye(len(places)), residuals)
    moved: Floats = (flat + covariance @ weights).astype(np.float32).reshape(ab.shape)
    return moved


def _covariance(
    probabilities: Floats, centres: Floats, lightness: Floats, places: NDArray[np.intp], aspect: float
) -> NDArray[np.float64]:
    """Prior covariance of the residuals of all places with those of a few, (h w, n)."""
    height, width = lightness.shape
    down = (np.arange(height) + 0.5) / height * max(1.0, 1 / aspect) / NEAR
    across = (np.arange(width) + 0.5) / width * max(1.0, aspect) / NEAR
    light = lightness.ravel().astype(np.float64) / AS_LIGHT
    where = np.stack([np.repeat(down, width), np.tile(across, height), light], axis=1)
    each = probabilities.reshape(len(probabilities), -1)
    roots = np.sqrt(each)
    squares = _squared_distances(where, where[places]) + 2 / AGREEING**2 * (1 - roots.T @ roots[:, places])
    mean = centres.T @ each
    variance = (np.square(centres).sum(axis=1) @ each - np.square(mean).sum(axis=0)) / 2
    doubt = np.sqrt(np.maximum(variance, 1).astype(np.float64)) / DOUBT
    covariance: NDArray[np.float64] = np.exp(-squares / 2) * doubt[:, None] * doubt[places]
    return covariance


def _squared_distances(these: NDArray[np.float64], those: NDArray[np.float64]) -> NDArray[np.float64]:
    """Between rows, without an array of all differences."""
    squares: NDArray[np.float64] = (
        np.square(these).sum(axis=1)[:, None] + np.square(those).sum(axis=1) - 2 * these @ those.T
    )
    return np.maximum(squares, 0)
