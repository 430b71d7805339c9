"""The edge of the sRGB gamut at constant lightness and hue.

Colours are given as the CIE's f values: fy for lightness and (u, v) = (a/500, b/200) for chroma, so that
X/Xn = f⁻¹(fy + u), Y = f⁻¹(fy) and Z/Zn = f⁻¹(fy - v). Here white is the RGB matrix's own, so that u = v = 0
is exactly R = G = B (the six-digit matrix and the published white differ by 7e-5, under 0.005 in a and b).
"""

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.imaging.color import (
    LUMINANCE,
    RGB_FROM_XYZ,
    XYZ_FROM_RGB,
    Floats,
    cie_f,
    cie_f_inverse,
    linear_table,
)

RGB_FROM_RATIOS = (RGB_FROM_XYZ * XYZ_FROM_RGB.sum(axis=1)).astype(np.float32)
"""Linear RGB from (X/Xn, Y, Z/Zn); each row sums to one."""
TOLERANCE = 2.5e-7
"""Linear light beyond 0..1 that is left alone: float32 rounding, a fifth of the narrowest 16-bit step."""
DIRECTIONS = 1024
"""Hues in the table of limits."""
DENT = 0.03
"""How far linear red may pass 1 in the dent before yellow."""
GREEN_PER_RED = np.float32(LUMINANCE[0] / LUMINANCE[1])
"""How much green has the luminance of one unit of red."""
SLACK_8BIT = 0.0038
"""Green beyond 1 in the dent: a third of an 8-bit step of luminance; pure yellow needs most of it."""


def linear_rgb(fy: Floats, u: Floats, v: Floats) -> tuple[Floats, Floats, Floats]:
    """Linear R, G and B, unclipped."""
    x, y, z = cie_f_inverse(fy + u), cie_f_inverse(fy), cie_f_inverse(fy - v)
    red, green, blue = (row[0] * x + row[1] * y + row[2] * z for row in RGB_FROM_RATIOS)
    return red, green, blue


def outside(
    red: Floats, green: Floats, blue: Floats, full: float = 1.0, tolerance: float = TOLERANCE
) -> NDArray[np.bool_]:
    """True where a colour in linear light, 0..`full`, leaves the gamut."""
    top = np.maximum(np.maximum(red, green), blue)
    bottom = np.minimum(np.minimum(red, green), blue)
    return (top > full * (1 + tolerance)) | (bottom < -full * tolerance)


def chroma_scale(fy: Floats, u: Floats, v: Floats, slack: float = 0.0) -> Floats:
    """The largest factor in 0..1 that brings (u, v) into the gamut; one-dimensional arrays of one length.

    `slack` is how far green may pass 1 beside pure yellow.
    """
    scale = np.ones_like(fy)
    wrong = np.flatnonzero(_beyond(fy, u, v, TOLERANCE, slack))
    if wrong.size:
        fy, u, v = fy[wrong], u[wrong], v[wrong]
        low, high = np.zeros_like(fy), np.ones_like(fy)
        for _ in range(20):
            middle = (low + high) * np.float32(0.5)
            beyond = _beyond(fy, u * middle, v * middle, 0.0, slack)
            low, high = np.where(beyond, low, middle), np.where(beyond, middle, high)
        scale[wrong] = low
    return scale


def _beyond(fy: Floats, u: Floats, v: Floats, tolerance: float, slack: float) -> NDArray[np.bool_]:
    """True where a colour cannot be shown.

    Rays from the neutral axis leave the gamut once, but at L 93..98 those of hues 99..107 graze it: red
    passes 1 by up to 0.03 and comes back before pure yellow. Cut there, vivid yellow would turn pale; so this
    dent counts as inside as far as green, up to 1 + `slack`, can make up for the red that is clipped: such
    colours keep lightness and nearly hue.
    """
    red, green, blue = linear_rgb(fy, u, v)
    grazing = (fy > 0.937) & (fy < 0.985) & (-u > np.float32(0.056) * v) & (-u < np.float32(0.13) * v)
    excess = np.where(grazing & (red > 1), np.minimum(red - 1, np.float32(DENT)), np.float32(0))
    red -= excess
    green += GREEN_PER_RED * excess
    green -= np.where(grazing, np.clip(green - 1, 0, np.float32(slack)), np.float32(0))
    return outside(red, green, blue, tolerance=tolerance)


def fit_chroma(lightness: ArrayLike, a: ArrayLike, b: ArrayLike) -> tuple[Floats, Floats]:
    """The ab nearest to the given one at its own L and hue that sRGB can show; inside, itself."""
    arrays = np.broadcast_arrays(*(np.asarray(array, np.float32) for array in (lightness, a, b)))
    light, red_green, yellow_blue = (array.ravel() for array in arrays)
    fy = (np.clip(light, 0, 100) + 16) / np.float32(116)
    scale = chroma_scale(fy, red_green * np.float32(1 / 500), yellow_blue * np.float32(1 / 200))
    shape = arrays[0].shape
    return (red_green * scale).reshape(shape), (yellow_blue * scale).reshape(shape)


@cache
def chroma_limits() -> Floats:
    """The largest |u| + |v| in the gamut by 8-bit gray level and direction; (256, DIRECTIONS + 1), read-only.

    Directions go round the diamond |u| + |v| = 1: from v = -1 over u = 1, v = 1 and u = -1, one unit an edge.
    """
    turn = np.linspace(0, 4, DIRECTIONS + 1, dtype=np.float32)
    v = np.where(turn <= 2, turn - 1, 3 - turn)
    u = np.copysign(1 - np.abs(v), 2 - turn)
    fy = cie_f(linear_table(255))
    shape = (fy.size, turn.size)
    light, across, along = (np.broadcast_to(array, shape).ravel() for array in (fy[:, None], u, v))
    limits = chroma_scale(light, across, along, SLACK_8BIT).reshape(shape)
    limits.flags.writeable = False
    return limits


@cache
def _limits_and_steps() -> NDArray[np.complex64]:
    """The limits, flat, and as imaginary parts the steps to the next direction: one look-up finds both."""
    limits = chroma_limits()
    return (limits + 1j * np.diff(limits, append=limits[:, -1:])).astype(np.complex64).ravel()


def chroma_scale_8bit(level: NDArray[np.integer], u: Floats, v: Floats) -> Floats:
    """`chroma_scale` for gray levels 0..255, from a table: within 1e-3 of it."""
    size = np.abs(u)
    size += np.abs(v)
    np.maximum(size, np.float32(1e-12), out=size)
    place = v / size
    np.subtract(1, place, out=place)
    np.copysign(place, u, out=place)
    np.subtract(2, place, out=place)
    place *= np.float32(DIRECTIONS / 4)
    before = place.astype(np.intp)
    place -= before
    before += np.multiply(level, DIRECTIONS + 1, dtype=np.intp)
    found = _limits_and_steps().take(before, mode="clip")
    place *= found.imag
    place += found.real
    place /= size
    return np.minimum(place, 1, out=place)
