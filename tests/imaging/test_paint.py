"""The inner loop against plain float64 arithmetic."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.imaging.gamut import fit_chroma
from app.imaging.paint import UNITS, TileColors

FORTH = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)


def painted(gray: NDArray[Any], ab: NDArray[np.float32], colors: TileColors) -> NDArray[Any]:
    unit, planes = colors.start(gray)
    np.testing.assert_allclose(unit, gray / np.iinfo(gray.dtype).max, atol=1e-7)
    planes[0], planes[1] = ab[..., 0] * UNITS[0], ab[..., 1] * UNITS[1]
    out = np.zeros((*gray.shape, 3), gray.dtype)
    colors.finish(out)
    return out


def plainly(gray: NDArray[Any], ab: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB 0..1 of gray and chroma inside the gamut, white being that of the matrix."""
    unit = gray / np.iinfo(gray.dtype).max
    y = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    fy = np.where(y > 216 / 24389, np.cbrt(y), (24389 / 27 * y + 16) / 116)
    f = np.stack([fy + ab[..., 0] / 500, fy, fy - ab[..., 1] / 200], axis=-1)
    ratios = np.where(f > 6 / 29, f**3, (116 * f - 16) * 27 / 24389)
    light = np.clip((ratios * FORTH.sum(axis=1)) @ np.linalg.inv(FORTH).T, 0, 1)
    rgb: NDArray[np.float64] = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    return rgb


def test_tiles_of_any_size_in_the_same_memory(dtype: np.dtype[Any]) -> None:
    rng = np.random.default_rng(12)
    peak = np.iinfo(dtype).max
    colors = TileColors(dtype, 64 * 50)
    for shape in ((64, 50), (1, 1), (7, 400), (50, 64), (3, 5)):
        gray = rng.integers(0, peak + 1, shape).astype(dtype)
        ab = rng.uniform(-120, 120, (*shape, 2)).astype(np.float32)
        unit = gray / peak
        linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
        lightness = (
            116 * np.where(linear > 216 / 24389, np.cbrt(linear), (24389 / 27 * linear + 16) / 116) - 16
        )
        fitted = np.stack(fit_chroma(lightness, ab[..., 0], ab[..., 1]), axis=-1)
        wrong = np.abs(painted(gray, ab, colors) / peak - plainly(gray, fitted.astype(np.float64))) * peak
        # Green makes up for the rounding of red and blue; the rest are corners of the table of limits.
        assert np.quantile(wrong[..., [0, 2]], 0.97) < (0.7 if peak == 255 else 1)
        assert np.quantile(wrong[..., 1], 0.97) < (1.5 if peak == 255 else 12)
