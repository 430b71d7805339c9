"""From a distribution over colours at each place to one colour, one class or one figure of doubt.

Arrays of probabilities are float32 (C, h, w), C classes, summing to 1 over the first axis.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from app.imaging.color import rgb_to_lab
from app.networks.card import Card

Floats = NDArray[np.float32]

COLDEST = 1e-3
"""Temperatures below this are the arg-max: the limit, without dividing by nothing."""

_SMALLEST = np.float32(1e-37)  # stands for probability 0, so that its logarithm is finite


def centres_ab(card: Card) -> Floats:
    """CIE ab of each class, (C, 2): an `ab` model's bins, or the palette's colours converted (D65)."""
    return _bins(tuple(card.bins or ())) if card.task == "ab" else _palette(tuple(card.palette or ()))


@lru_cache
def _bins(bins: tuple[tuple[float, float], ...]) -> Floats:
    return np.array(bins, dtype=np.float32)


@lru_cache
def _palette(palette: tuple[tuple[float, float, float], ...]) -> Floats:
    lab = rgb_to_lab(np.array(palette, dtype=np.float32))
    return np.ascontiguousarray(lab[:, 1:])


def annealed_ab(probabilities: Floats, centres: Floats, temperature: float) -> Floats:
    """Annealed mean of the classes' colours, (h, w, 2): softmax(log p / T) averages `centres` (C, 2).

    T = 1 is the mean of the distribution, T = 0 its most likely colour (Zhang, Isola & Efros 2016, eq. 5).
    """
    if temperature < COLDEST:
        likeliest: Floats = centres[classes(probabilities)]
        return likeliest
    count, height, width = probabilities.shape
    weights = np.log(np.maximum(probabilities.reshape(count, -1), _SMALLEST))
    weights -= weights.max(axis=0)
    weights /= np.float32(temperature)
    np.exp(weights, out=weights)
    mean: Floats = (weights.T @ centres) / weights.sum(axis=0)[:, None]
    return mean.reshape(height, width, 2)


def classes(probabilities: Floats) -> NDArray[np.intp]:
    """Most likely class of each place, (h, w); the first of equals."""
    likeliest: NDArray[np.intp] = probabilities.argmax(axis=0)
    return likeliest


def uncertainty(probabilities: Floats) -> Floats:
    """Normalised entropy of each place, (h, w): 0 is certain, 1 is every colour alike."""
    count = probabilities.shape[0]
    if count == 1:
        return np.zeros(probabilities.shape[1:], dtype=np.float32)
    information = probabilities * np.log(np.maximum(probabilities, _SMALLEST))
    entropy: Floats = -information.sum(axis=0) / np.float32(np.log(count))
    return np.clip(entropy, 0.0, 1.0)
