"""The palette and the nearest colour, against brute force and the published distortion's neighbourhood."""

import numpy as np

from app.networks.palette import HORSES_24, nearest_color


def test_nearest_is_nearest() -> None:
    rng = np.random.default_rng(0)
    rgb = rng.random((7, 5, 3), dtype=np.float32)
    palette = np.asarray(HORSES_24, dtype=np.float32)
    distances = np.linalg.norm(rgb[..., None, :].astype(np.float64) - palette.astype(np.float64), axis=-1)
    assert np.array_equal(nearest_color(rgb, palette), distances.argmin(-1))


def test_every_colour_is_its_own_nearest() -> None:
    palette = np.asarray(HORSES_24, dtype=np.float32)
    assert palette.shape == (24, 3)
    assert np.array_equal(nearest_color(palette, palette), np.arange(24))
