"""CIE Lab (D65, 2 degrees) and sRGB in float32, agreeing with scikit-image within 1e-3.

RGB is sRGB-encoded, 0..1, channels last; L is 0..100. Functions that read RGB or gray also take uint8 and
uint16 samples, which stand for 0..1 in steps of 1/255 and 1/65535.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Floats = NDArray[np.float32]
Samples = NDArray[Any]
"""uint8 or uint16 samples, or floats 0..1."""

XYZ_FROM_RGB = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)
"""Linear sRGB to XYZ, the six-digit matrix of ITU-R BT.709 that scikit-image and OpenCV use."""
RGB_FROM_XYZ = np.linalg.inv(XYZ_FROM_RGB)
LUMINANCE = XYZ_FROM_RGB[1]
"""Weights of linear R, G and B in the luminance Y."""
WHITE = np.array([0.95047, 1.0, 1.08883])
"""XYZ of D65, 2 degrees (CIE 15)."""

ENCODING_STEPS = 65536
"""Steps of linear light in the table of 8-bit samples: twenty to the narrowest sample."""

DELTA = 6 / 29
"""Below it the CIE's f is a straight line (CIE 15:2004, 8.2.1)."""


def srgb_to_linear(encoded: Samples) -> Floats:
    """Linear light of sRGB-encoded samples (IEC 61966-2-1); negative values are mirrored, not clipped."""
    samples = np.asarray(encoded)
    if samples.dtype in (np.uint8, np.uint16):
        return linear_table(np.iinfo(samples.dtype).max).take(samples)
    values = samples.astype(np.float32, copy=False)
    size = np.abs(values)
    curve = ((size + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.copysign(np.where(size <= 0.04045, size / np.float32(12.92), curve), values)


def linear_to_srgb(linear: ArrayLike) -> Floats:
    """sRGB encoding of linear light (IEC 61966-2-1); negative values are mirrored, not clipped."""
    values = np.asarray(linear, np.float32)
    size = np.abs(values)
    curve = np.float32(1.055) * size ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.copysign(np.where(size <= 0.0031308, size * np.float32(12.92), curve), values)


@cache
def linear_table(peak: int) -> Floats:
    """Linear light of each integer sample 0..peak; read-only."""
    encoded = np.arange(peak + 1) / peak
    curve = ((encoded + 0.055) / 1.055) ** 2.4
    table = np.where(encoded <= 0.04045, encoded / 12.92, curve).astype(np.float32)
    table.flags.writeable = False
    return table


def cie_f(ratio: Floats) -> Floats:
    """The CIE's f: a cube root that becomes a straight line near black."""
    line = ratio * np.float32(1 / (3 * DELTA**2)) + np.float32(4 / 29)
    return np.where(ratio > DELTA**3, np.cbrt(ratio), line)


def cie_f_inverse(value: Floats) -> Floats:
    """The inverse of `cie_f`."""
    # The line is the cube's tangent at DELTA, so clamping the cube and adding the line's part below is exact.
    upper: Floats = np.maximum(value, np.float32(DELTA))
    return upper * upper * upper + np.float32(3 * DELTA**2) * (value - upper)


def rgb_to_lab(rgb: Samples) -> Floats:
    """CIE Lab (..., 3) of sRGB (..., 3)."""
    linear = srgb_to_linear(rgb)
    ratio = linear @ (XYZ_FROM_RGB / WHITE[:, None]).T.astype(np.float32)
    f = cie_f(ratio)
    lab = np.empty_like(f)
    lab[..., 0] = 116 * f[..., 1] - 16
    lab[..., 1] = 500 * (f[..., 0] - f[..., 1])
    lab[..., 2] = 200 * (f[..., 1] - f[..., 2])
    return lab


def lab_to_rgb(lab: ArrayLike) -> Floats:
    """sRGB 0..1 (..., 3) of CIE Lab (..., 3); colours outside the gamut are clipped channel by channel."""
    values = np.asarray(lab, np.float32)
    fy = (values[..., 0] + 16) * np.float32(1 / 116)
    f: Floats = np.stack(
        [fy + values[..., 1] * np.float32(1 / 500), fy, fy - values[..., 2] * np.float32(1 / 200)], axis=-1
    )
    linear = cie_f_inverse(f) @ (RGB_FROM_XYZ * WHITE).T.astype(np.float32)
    return linear_to_srgb(np.clip(linear, 0, 1))


def gray_to_lightness(gray: Samples) -> Floats:
    """CIE L, 0..100, of sRGB-encoded gray."""
    return 116 * cie_f(srgb_to_linear(gray)) - 16


def lightness_to_gray(lightness: ArrayLike) -> Floats:
    """sRGB-encoded gray, 0..1, of CIE L 0..100."""
    return linear_to_srgb(cie_f_inverse((np.asarray(lightness, np.float32) + 16) * np.float32(1 / 116)))


def linear_to_samples(linear: Floats, dtype: DTypeLike) -> Samples:
    """uint8 or uint16 sRGB samples of linear light, clipped to 0..1.

    uint16 is rounded exactly; uint8 comes from a table fine enough to be within 0.55 of a step.
    """
    if np.dtype(dtype) == np.uint8:
        return encoding_table().take((linear * np.float32(ENCODING_STEPS)).astype(np.intp), mode="clip")
    return np.rint(linear_to_srgb(np.clip(linear, 0, 1)) * np.iinfo(dtype).max).astype(dtype)


@cache
def encoding_table() -> NDArray[np.uint8]:
    """8-bit sRGB samples at the middle of each of ENCODING_STEPS steps of linear light; read-only."""
    table = np.rint(linear_to_srgb((np.arange(ENCODING_STEPS) + 0.5) / ENCODING_STEPS) * 255).astype(np.uint8)
    table.flags.writeable = False
    return table


def rgb_to_gray(rgb: Samples) -> Samples:
    """sRGB-encoded gray (...) with the luminance of uint8 or uint16 sRGB (..., 3), in the same dtype."""
    linear = linear_table(np.iinfo(rgb.dtype).max)
    luminance = (linear * np.float32(LUMINANCE[0])).take(rgb[..., 0])
    for channel in (1, 2):
        luminance += (linear * np.float32(LUMINANCE[channel])).take(rgb[..., channel])
    return linear_to_samples(luminance, rgb.dtype)
