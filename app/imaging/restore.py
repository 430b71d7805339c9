"""Contrast that a faded picture has lost, given back gently: one curve for all of it, nothing cut off."""

import numpy as np
from numpy.typing import NDArray

from app.imaging.color import Samples
from app.imaging.frame import Frame

DARKEST, LIGHTEST = 0.02, 0.98
"""Where the ends of the tones go, as encoded gray 0..1; what is beyond already stays."""
BEYOND = 0.005
"""Share of the samples at either end that may be dust and scratches and do not count."""
STRENGTH = 0.85
"""How much of the way the ends are moved."""
STEEPEST = 2.5
"""Contrast grows at most so much, lest grain and JPEG's blocks stand out."""
FLAT = 0.04
"""Tones that span less are a plain surface and not a faded picture."""


def restored(gray: Samples, *, alpha: Samples | None = None, frame: Frame | None = None) -> Samples:
    """Encoded gray (H, W), uint8 or uint16, with its tones spread over the range; of the same dtype.

    Fully transparent samples do not count; of a print with a border the picture's tones count, and the paper
    is its white.
    """
    curve = tone_curve(_histogram(gray, alpha, frame), None if frame is None else _paper(gray, frame))
    return curve.astype(gray.dtype)[gray]


def tone_curve(counts: NDArray[np.int64], paper: float | None = None) -> NDArray[np.float64]:
    """What becomes of each sample value, by how often each occurs: rising, of the same range.

    `paper` is the lightness of unexposed paper, 0..1, where it is known.
    """
    peak = len(counts) - 1
    samples = np.arange(peak + 1) / peak
    total = counts.sum()
    if not total:
        return samples * peak
    below = counts.cumsum()
    dark = int(np.searchsorted(below, BEYOND * total, side="right")) / peak
    light = int(np.searchsorted(below, (1 - BEYOND) * total)) / peak
    if paper is not None:
        light = max(light, paper)
    if light - dark < FLAT:
        return samples * peak
    to_dark = dark + STRENGTH * (min(dark, DARKEST) - dark)
    to_light = light + STRENGTH * (max(light, LIGHTEST) - light)
    if (gain := (to_light - to_dark) / (light - dark)) > STEEPEST:
        part = (STEEPEST - 1) / (gain - 1)
        to_dark, to_light = dark + part * (to_dark - dark), light + part * (to_light - light)
    # Dust darker than the darkest tone and light brighter than the paper keep their order beyond the ends.
    curve = np.interp(samples, [0, dark, light, 1], [0, to_dark, to_light, 1])
    return np.rint(curve * peak)


def _histogram(gray: Samples, alpha: Samples | None, frame: Frame | None) -> NDArray[np.int64]:
    inside = np.s_[:] if frame is None else np.s_[frame.top : frame.bottom, frame.left : frame.right]
    counted = gray[inside] if alpha is None else gray[inside][alpha[inside] > 0]
    return np.bincount(counted.ravel(), minlength=int(np.iinfo(gray.dtype).max) + 1)


def _paper(gray: Samples, frame: Frame) -> float:
    return float(np.median(gray[: frame.top])) / float(np.iinfo(gray.dtype).max)
