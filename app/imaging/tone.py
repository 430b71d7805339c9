"""What kind of picture an upload is: gray, one tone all over (sepia, cyanotype, a tinted scan), or in colour.

Its gray is its luminance in every case; people are told what was taken for what.
"""

from typing import Literal

import numpy as np

from app.imaging.color import Samples, rgb_to_lab

Tone = Literal["gray", "toned", "color"]

NEUTRAL = 2.5
"""Mean chroma up to which a picture counts as gray: scanners and JPEG are not quite neutral."""
ASTRAY = 2.0
"""How far colours of one lightness stray from their mean, root mean square, in a picture of one tone."""
STEPS = 20
"""Lightnesses are told apart in so many steps."""


def tone_of(rgb: Samples) -> Tone:
    """The kind of an sRGB picture (H, W, 3), best made small by averaging.

    In a toned picture colour is a function of lightness: dye, silver and paper mix in one way only.
    """
    lab = rgb_to_lab(rgb).reshape(-1, 3).astype(np.float64)
    ab = lab[:, 1:]
    if np.hypot(*ab.T).mean() <= NEUTRAL:
        return "gray"
    step = np.clip(lab[:, 0] * STEPS / 100, 0, STEPS - 1).astype(np.intp)
    count = np.maximum(np.bincount(step, minlength=STEPS), 1)
    mean = np.stack([np.bincount(step, weights=each, minlength=STEPS) / count for each in ab.T], axis=1)
    astray = np.sqrt(((ab - mean[step]) ** 2).sum(axis=1).mean())
    return "toned" if astray <= ASTRAY else "color"
