"""Contrast restored: what fading did is largely undone, order is kept, sound pictures stay as they are."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.imaging.frame import Frame
from app.imaging.restore import STEEPEST, STRENGTH, restored, tone_curve

Gray = NDArray[Any]


def faded(gray: Gray, black: float, white: float) -> Gray:
    peak = np.iinfo(gray.dtype).max
    return np.rint((black + (white - black) * gray / peak) * peak).astype(gray.dtype)


def error(one: Gray, other: Gray) -> float:
    return float(np.sqrt(((one.astype(float) - other) ** 2).mean()) / np.iinfo(one.dtype).max)


@pytest.mark.parametrize(("black", "white"), [(0.2, 0.85), (0.3, 1.0), (0.0, 0.6), (0.25, 0.75)])
def test_fading_is_largely_undone(
    camera: NDArray[np.uint8], dtype: np.dtype[Any], black: float, white: float
) -> None:
    sound = camera if dtype == np.uint8 else camera.astype(np.uint16) * 257
    old = faded(sound, black, white)
    new = restored(old)
    assert new.dtype == dtype and new.shape == old.shape
    assert error(new, sound) < 0.35 * error(old, sound)


def test_the_tones_ends_move_as_far_as_is_said(camera: NDArray[np.uint8]) -> None:
    old = faded(camera, 0.25, 0.75)
    dark, light = (np.percentile(old, share, method="inverted_cdf") / 255 for share in (0.5, 99.5))
    new_dark, new_light = (
        np.percentile(restored(old), share, method="inverted_cdf") / 255 for share in (0.5, 99.5)
    )
    assert new_dark == pytest.approx(dark + STRENGTH * (0.02 - dark), abs=0.006)
    assert new_light == pytest.approx(light + STRENGTH * (0.98 - light), abs=0.006)


def test_sound_and_plain_pictures_stay(camera: NDArray[np.uint8]) -> None:
    assert error(restored(camera), camera) < 0.02
    for value in (0, 128, 255):
        plain = np.full((1, 1), value, dtype=np.uint8)
        np.testing.assert_array_equal(restored(plain), plain)


def test_what_is_transparent_does_not_count(camera: NDArray[np.uint8]) -> None:
    old = faded(camera, 0.25, 0.75)
    holed, alpha = old.copy(), np.full(old.shape, 255, dtype=np.uint8)
    holed[:100], alpha[:100] = 0, 0
    np.testing.assert_array_equal(restored(holed, alpha=alpha)[100:], restored(old[100:]))
    nothing = np.zeros_like(alpha)
    np.testing.assert_array_equal(restored(old, alpha=nothing), old)


def test_paper_becomes_the_white(camera: NDArray[np.uint8]) -> None:
    print_ = np.pad(faded(camera, 0.3, 0.7), 20, constant_values=200)
    new = restored(print_, frame=Frame(20, 532, 20, 532))
    assert new[0, 0] == pytest.approx(200 + STRENGTH * (0.98 * 255 - 200), abs=1.5)
    assert new[20:-20, 20:-20].max() < new[0, 0], "no tone of the picture is lighter than its paper"
    assert restored(print_[20:-20, 20:-20]).max() > new[20:-20, 20:-20].max()


@given(st.lists(st.integers(0, 1000), min_size=256, max_size=256), st.none() | st.floats(0.5, 1.0))
def test_order_is_kept_and_contrast_bounded(counts: list[int], paper: float | None) -> None:
    curve = tone_curve(np.array(counts), paper)
    steps = np.diff(curve)
    assert (steps >= 0).all() and curve[0] == 0 and curve[-1] == 255
    found = np.cumsum(counts)
    if found[-1]:
        dark = int(np.searchsorted(found, 0.005 * found[-1], side="right"))
        light = int(np.searchsorted(found, 0.995 * found[-1]))
        if light > dark:
            assert curve[light] - curve[dark] <= STEEPEST * (light - dark) + 1 or light - dark < 11
