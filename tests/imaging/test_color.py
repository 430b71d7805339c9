"""Colour conversions against scikit-image and exact definitions."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.color import lab2rgb, rgb2lab

from app.imaging import color

STEPS = np.arange(0, 256, 17, dtype=np.uint8)
CUBE = np.stack(np.meshgrid(STEPS, STEPS, STEPS), axis=-1).reshape(-1, 3)
RANDOM = np.random.default_rng(0).random((50_000, 3))


def every_sample(dtype: np.dtype[Any]) -> NDArray[Any]:
    peak = np.iinfo(dtype).max
    return np.arange(peak + 1, dtype=dtype)


@pytest.mark.parametrize("rgb", [CUBE / 255, RANDOM], ids=["cube", "random"])
def test_lab_is_scikit_images(rgb: NDArray[np.float64]) -> None:
    lab = color.rgb_to_lab(rgb.astype(np.float32))
    assert lab.dtype == np.float32
    np.testing.assert_allclose(lab, rgb2lab(rgb), atol=1e-3)


def test_integer_samples_stand_for_their_share_of_the_peak() -> None:
    expected = rgb2lab(CUBE / 255)
    np.testing.assert_allclose(color.rgb_to_lab(CUBE), expected, atol=1e-3)
    np.testing.assert_allclose(color.rgb_to_lab(CUBE.astype(np.uint16) * 257), expected, atol=1e-3)


@pytest.mark.filterwarnings("ignore:.*negative Z values")
def test_rgb_is_scikit_images() -> None:
    lab = np.random.default_rng(1).uniform((0, -110, -110), (100, 110, 110), (50_000, 3))
    expected = lab2rgb(lab)
    found = color.lab_to_rgb(lab)
    inside = np.abs(rgb2lab(expected) - lab).max(axis=-1) < 1e-3
    assert inside.sum() > 5000
    np.testing.assert_allclose(found[inside], expected[inside], atol=1e-3)
    assert found.min() >= 0
    assert found.max() <= 1


def test_rgb_comes_back_from_lab() -> None:
    np.testing.assert_allclose(color.lab_to_rgb(color.rgb_to_lab(CUBE)), CUBE / 255, atol=1e-5)


@pytest.mark.parametrize("shape", [(3,), (2, 3), (2, 4, 3), (0, 3)])
def test_any_shape_with_channels_last(shape: tuple[int, ...]) -> None:
    rgb = np.full(shape, 0.5, np.float32)
    assert color.rgb_to_lab(rgb).shape == shape
    assert color.lab_to_rgb(color.rgb_to_lab(rgb)).shape == shape


def test_lightness_of_gray_is_labs() -> None:
    gray = np.linspace(0, 1, 1001)
    expected = rgb2lab(np.repeat(gray[:, None], 3, axis=1))[:, 0]
    np.testing.assert_allclose(color.gray_to_lightness(gray), expected, atol=1e-3)
    np.testing.assert_allclose(color.lightness_to_gray(expected), gray, atol=1e-5)


def test_f_is_undone_by_its_inverse_and_continued_below_black() -> None:
    ratio = np.linspace(-0.1, 1.2, 4001, dtype=np.float32)
    np.testing.assert_allclose(color.cie_f_inverse(color.cie_f(ratio)), ratio, atol=2e-6)
    exact = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    np.testing.assert_allclose(color.cie_f(ratio), exact, atol=1e-6)


@given(st.floats(-2, 2, width=32))
def test_srgb_curve_and_its_inverse(value: float) -> None:
    there = color.linear_to_srgb(np.float32(value))
    assert color.srgb_to_linear(there) == pytest.approx(value, abs=2e-6)
    assert np.sign(there) == np.sign(value)


def test_samples_survive_linear_light(dtype: np.dtype[Any]) -> None:
    samples = every_sample(dtype)
    linear = color.srgb_to_linear(samples)
    np.testing.assert_array_equal(color.linear_to_samples(linear, dtype), samples)
    assert color.linear_to_samples(np.array([-0.5, 2], np.float32), dtype).tolist() == [
        0,
        np.iinfo(dtype).max,
    ]


def test_eight_bit_samples_are_rounded_to_within_their_tables_step() -> None:
    linear = np.random.default_rng(2).random(100_000, dtype=np.float32) ** 3
    exact = color.linear_to_srgb(linear) * 255
    assert np.abs(color.linear_to_samples(linear, np.uint8) - exact).max() < 0.56


def test_gray_has_the_luminance_of_the_colour() -> None:
    rgb = np.random.default_rng(3).integers(0, 65536, (1000, 3)).astype(np.uint16)
    luminance = rgb2lab(rgb / 65535)[:, 0]
    gray = color.rgb_to_gray(rgb)
    np.testing.assert_allclose(color.gray_to_lightness(gray), luminance, atol=2e-3)
    eight = (rgb >> 8).astype(np.uint8)
    expected = rgb2lab(eight / 255)[:, 0]
    step = color.gray_to_lightness(np.array([0, 1], np.uint8))[1] * 2
    np.testing.assert_allclose(color.gray_to_lightness(color.rgb_to_gray(eight)), expected, atol=step)
    assert color.rgb_to_gray(eight).dtype == np.uint8


def test_the_gray_of_a_neutral_is_its_own_value(dtype: np.dtype[Any]) -> None:
    samples = every_sample(dtype)
    np.testing.assert_array_equal(color.rgb_to_gray(np.repeat(samples[:, None], 3, axis=1)), samples)


def test_shared_tables_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="read-only"):
        color.linear_table(255)[0] = 1
