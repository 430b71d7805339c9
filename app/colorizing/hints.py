"""Colours that are known at some places, as the input planes that a network takes beside gray."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.colorizing.options import Hint
from app.imaging.color import gray_to_lightness, lab_to_rgb, rgb_to_lab
from app.imaging.gamut import fit_chroma

Floats = NDArray[np.float32]

PLANES = 3
"""a and b in UNIT, and 1 where a colour is known; 0 elsewhere (`app.networks.photo_unet`)."""
UNIT = 100.0
STRIDE = 4
"""Hints are drawn on squares of so many pixels, as the network was trained: its own places."""
RADIUS = 0.02
"""Reach of a hint that names none, as a share of the shorter side."""


@dataclass(frozen=True, slots=True)
class Spot:
    """CIE a and b at x, y (shares of width and height) and within a radius (share of the shorter side)."""

    x: float
    y: float
    a: float
    b: float
    radius: float = RADIUS


def spot(hint: Hint) -> Spot:
    """A hint's place and the chroma of its colour."""
    red, green, blue = bytes.fromhex(hint.color[1:])
    _, a, b = rgb_to_lab(np.array([red, green, blue], dtype=np.uint8)).tolist()
    return Spot(hint.x, hint.y, a, b, RADIUS if hint.radius is None else hint.radius)


def with_hints(gray: Floats, spots: Sequence[Spot], aspect: float) -> Floats:
    """Input planes (4, H, W): gray (H, W) and the spots, the later above the earlier.

    H and W are multiples of STRIDE; `aspect` is the picture's width by its height, which theirs only
    comes near to.
    """
    rows, columns = gray.shape[0] // STRIDE, gray.shape[1] // STRIDE
    known = np.zeros((PLANES, rows, columns), dtype=np.float32)
    across, down = (np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows
    wide, high = max(1.0, aspect), max(1.0, 1 / aspect)  # in units of the shorter side
    for each in spots:
        far = np.hypot((across - each.x) * wide, ((down - each.y) * high)[:, None])
        inside = far <= each.radius
        inside[min(int(each.y * rows), rows - 1), min(int(each.x * columns), columns - 1)] = True
        known[:, inside] = np.array([[each.a / UNIT], [each.b / UNIT], [1.0]], dtype=np.float32)
    return np.concatenate([gray[None], known.repeat(STRIDE, axis=1).repeat(STRIDE, axis=2)])


def color_at(gray: Floats, each: Spot) -> str:
    """The colour nearest to a spot's that can be shown there, as `#rrggbb`; gray (H, W), 0..1."""
    height, width = gray.shape
    level = gray[min(int(each.y * height), height - 1), min(int(each.x * width), width - 1)]
    lightness = gray_to_lightness(level)
    a, b = fit_chroma(lightness, each.a, each.b)
    rgb = np.clip(lab_to_rgb(np.array([lightness, a, b], dtype=np.float32)), 0, 1)
    return "#{:02x}{:02x}{:02x}".format(*np.rint(255 * rgb).astype(int))
