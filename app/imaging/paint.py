"""The inner loop of colorizing: a tile's gray and chroma to sRGB samples, in buffers that fit the cache."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from app.imaging.color import (
    DELTA,
    ENCODING_STEPS,
    LUMINANCE,
    Floats,
    Samples,
    cie_f,
    encoding_table,
    linear_table,
    linear_to_samples,
)
from app.imaging.gamut import RGB_FROM_RATIOS, chroma_scale, chroma_scale_8bit, linear_rgb, outside

RED, GREEN, BLUE = (np.float32(weight) for weight in LUMINANCE)


@dataclass(frozen=True)
class _Levels:
    """What is needed of each gray sample: 0..1, its linear light, and the CIE's f of that."""

    unit: Floats
    linear: Floats
    f: Floats


@cache
def _levels(dtype: np.dtype[Any]) -> _Levels:
    peak = np.iinfo(dtype).max
    linear = linear_table(peak)
    return _Levels(np.arange(peak + 1, dtype=np.float32) / np.float32(peak), linear, cie_f(linear))


class TileColors:
    """Colours one tile after another in the same memory: `start`, fill in the chroma, `finish`."""

    def __init__(self, dtype: np.dtype[Any], pixels: int) -> None:
        self._levels = _levels(dtype)
        self._memory = np.empty(8 * pixels, np.float32)
        self._index = np.empty(pixels, np.intp)

    def start(self, gray: Samples) -> tuple[Floats, Floats]:
        """Take a tile's gray samples; returns them as 0..1 and four planes whose first two await a and b."""
        self._gray = gray
        self._planes = self._memory[: 8 * gray.size].reshape(8, *gray.shape)
        unit = self._planes[4]
        self._levels.unit.take(gray, mode="clip", out=unit)
        return unit, self._planes[:4]

    def finish(self, out: Samples) -> None:
        """Write the tile's sRGB samples (rows, columns, 3)."""
        gray, levels = self._gray, self._levels
        u, v, red, blue, f, luminance, green, spare = self._planes
        levels.f.take(gray, mode="clip", out=f)
        levels.linear.take(gray, mode="clip", out=luminance)
        u *= np.float32(1 / 500)
        v *= np.float32(1 / 200)
        x, z = _cubed(np.add(f, u, out=red), green, spare), _cubed(np.subtract(f, v, out=blue), green, spare)
        _mix(x, luminance, z, green, spare)
        wrong = np.flatnonzero(outside(red, green, blue))
        if wrong.size:
            at_fault = (array.reshape(-1)[wrong] for array in (gray, f, u, v))
            red.reshape(-1)[wrong], blue.reshape(-1)[wrong] = _fitted(*at_fault)
        # Red and blue are rounded first, then green makes up for what that did to the luminance.
        for channel, light, weight in ((0, red, RED), (2, blue, BLUE)):
            rounded = self._encode(light)
            out[..., channel] = rounded
            levels.linear.take(rounded, mode="clip", out=spare)
            spare *= weight
            luminance -= spare
        luminance *= 1 / GREEN
        out[..., 1] = self._encode(luminance)

    def _encode(self, light: Floats) -> Samples:
        """Samples of linear light, which is overwritten: `linear_to_samples` without allocations."""
        if self._gray.dtype != np.uint8:
            return linear_to_samples(light, self._gray.dtype)
        light *= np.float32(ENCODING_STEPS)
        light += np.float32(0.5)
        index = self._index[: light.size].reshape(light.shape)
        np.copyto(index, light, casting="unsafe")
        return encoding_table().take(index, mode="clip")


def _cubed(value: Floats, upper: Floats, spare: Floats) -> Floats:
    """`color.cie_f_inverse` in place."""
    np.maximum(value, np.float32(DELTA), out=upper)
    value -= upper
    value *= np.float32(3 * DELTA**2)
    np.multiply(upper, upper, out=spare)
    spare *= upper
    value += spare
    return value


def _mix(x: Floats, y: Floats, z: Floats, green: Floats, spare: Floats) -> None:
    """Linear R into x, B into z, and into `green` the G that completes the luminance y."""
    (red_x, red_y, red_z), _, (blue_x, blue_y, blue_z) = RGB_FROM_RATIOS
    np.multiply(x, blue_x, out=green)
    x *= red_x
    x += np.multiply(z, red_z, out=spare)
    x += np.multiply(y, red_y, out=spare)
    z *= blue_z
    z += green
    z += np.multiply(y, blue_y, out=spare)
    np.multiply(y, 1 / GREEN, out=green)
    green -= np.multiply(x, RED / GREEN, out=spare)
    green -= np.multiply(z, BLUE / GREEN, out=spare)


def _fitted(gray: Samples, f: Floats, u: Floats, v: Floats) -> tuple[Floats, Floats]:
    """Linear R and B of colours brought to the edge of the gamut."""
    scale = chroma_scale_8bit(gray, u, v) if gray.dtype == np.uint8 else chroma_scale(f, u, v)
    red, _, blue = linear_rgb(f, u * scale, v * scale)
    return red, blue
