"""The inner loop of colorizing: a tile's gray and chroma to sRGB samples.

Everything happens in buffers that stay in the cache, and on red and blue (or X and Z) together: the fewer and
longer NumPy's steps are, the less threads wait for the interpreter.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
from app.imaging.gamut import RGB_FROM_RATIOS, chroma_scale, chroma_scale_8bit, outside


def _pair(first: float, second: float) -> Floats:
    """One factor for each of two planes."""
    return np.array([first, second], np.float32)[:, None, None]


UNITS = 1 / 500, -1 / 200
"""What a and b are to be multiplied with: the CIE's f of X and Z, beside that of Y."""
LIGHT = np.float32(ENCODING_STEPS)
"""Full linear light: it is counted in steps of the encoding table, to be looked up there without more ado."""
(_RED_X, _RED_Y, _RED_Z), _, (_BLUE_X, _BLUE_Y, _BLUE_Z) = (RGB_FROM_RATIOS * LIGHT).tolist()
OWN, OTHER, FROM_Y = _pair(_RED_X, _BLUE_Z), _pair(_RED_Z, _BLUE_X), _pair(_RED_Y, _BLUE_Y)
"""Shares of X, of Z (the other way round in blue), and of Y in red and blue."""
PER_GREEN = _pair(LUMINANCE[0] / LUMINANCE[1], LUMINANCE[2] / LUMINANCE[1])
"""How much green has the luminance of one unit of red, and of blue."""


@dataclass(frozen=True)
class _Levels:
    """Gray samples as 0..1, their linear light 0..1, and the CIE's f of that."""

    unit: Floats
    linear: Floats
    f: Floats


@cache
def _levels(dtype: np.dtype[Any]) -> _Levels:
    peak = np.iinfo(dtype).max
    linear = linear_table(peak)
    return _Levels(np.arange(peak + 1, dtype=np.float32) / np.float32(peak), linear, cie_f(linear))


@cache
def _rounded_light() -> Floats:
    """The light of the 8-bit sample that each entry of the encoding table stands for."""
    return linear_table(255).take(encoding_table()) * LIGHT


class TileColors:
    """Colours one tile after another in the same memory: `start`, fill in the chroma, `finish`."""

    def __init__(self, dtype: np.dtype[Any], pixels: int) -> None:
        self._levels = _levels(dtype)
        self._memory = np.empty(10 * pixels, np.float32)
        self._index = np.empty(2 * pixels, np.intp)

    def start(self, gray: Samples) -> tuple[Floats, Floats]:
        """Take a tile's gray samples; returns them as 0..1, and planes for a and b in UNITS and two more."""
        self._gray = gray
        self._planes = self._memory[: 10 * gray.size].reshape(10, *gray.shape)
        self._places = self._index[: 2 * gray.size].reshape(2, *gray.shape)
        np.copyto(self._places[0], gray)
        self._levels.unit.take(self._places[0], mode="clip", out=self._planes[8])
        return self._planes[8], self._planes[:4]

    def finish(self, out: Samples) -> None:
        """Write the tile's sRGB samples (rows, columns, 3)."""
        level, planes = self._places[0], self._planes
        uv, light, spare, more = planes[:2], planes[2:4], planes[4:6], planes[6:8]
        f, y = planes[8], planes[9]
        self._levels.f.take(level, mode="clip", out=f)
        self._levels.linear.take(level, mode="clip", out=y)
        np.add(uv, f, out=light)
        _cube(light, spare, more)
        _mix(light, y, spare)
        whole = np.multiply(y, LIGHT / np.float32(LUMINANCE[1]), out=y)
        green = _less(whole, np.multiply(light, PER_GREEN, out=spare), more[0])
        wrong = np.flatnonzero(outside(light[0], green, light[1], float(LIGHT)))
        if wrong.size:
            fitted = self._fitted(level.take(wrong), uv.reshape(2, -1).take(wrong, axis=1))
            for plane, values in zip(light, fitted, strict=True):
                plane.reshape(-1)[wrong] = values
        # Red and blue are rounded first, then green makes up for what that did to the luminance.
        out[..., 0], out[..., 2] = self._encode(light, rounded=spare)
        spare *= PER_GREEN
        out[..., 1] = self._encode(_less(whole, spare, more[0])[None])[0]

    def _fitted(self, level: NDArray[np.intp], uv: Floats) -> Floats:
        """Red and blue (2, pixels) of colours brought to the edge of the gamut."""
        f, y = self._levels.f.take(level), self._levels.linear.take(level)
        if self._gray.dtype == np.uint8:
            uv *= chroma_scale_8bit(level, uv[0], -uv[1])
        else:
            uv *= chroma_scale(f, uv[0], -uv[1])
        light = np.add(uv, f, out=uv)[:, None]
        _cube(light, np.empty_like(light), spare := np.empty_like(light))
        _mix(light, y, spare)
        return light[:, 0]

    def _encode(self, light: Floats, rounded: Floats | None = None) -> Samples:
        """Samples of linear light; the light that they stand for goes into `rounded`."""
        if self._gray.dtype != np.uint8:
            samples = linear_to_samples(light / LIGHT, self._gray.dtype)
            if rounded is not None:
                np.multiply(self._levels.linear.take(samples), LIGHT, out=rounded)
            return samples
        places = self._places[: len(light)]
        np.copyto(places, light, casting="unsafe")
        if rounded is not None:
            _rounded_light().take(places, mode="clip", out=rounded)
        return encoding_table().take(places, mode="clip")


def _cube(value: Floats, upper: Floats, spare: Floats) -> None:
    """`color.cie_f_inverse` in place."""
    np.maximum(value, np.float32(DELTA), out=upper)
    value -= upper
    value *= np.float32(3 * DELTA**2)
    np.multiply(upper, upper, out=spare)
    spare *= upper
    value += spare


def _mix(light: Floats, y: Floats, spare: Floats) -> None:
    """Turn X and Z into linear red and blue."""
    np.multiply(light[::-1], OTHER, out=spare)
    light *= OWN
    light += spare
    np.multiply(FROM_Y, y, out=spare)
    light += spare


def _less(green: Floats, parts: Floats, out: Floats) -> Floats:
    """Green without the luminance of red and blue."""
    np.subtract(green, parts[0], out=out)
    out -= parts[1]
    return out
