"""Sizes for networks, and small pictures against plain averages."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.imaging.resize import MAX_ASPECT, network_size, shrink

RNG = np.random.default_rng(6)


@pytest.mark.parametrize(("input_size", "multiple"), [(32, 4), (128, 8), (256, 32), (160, 1)])
@pytest.mark.parametrize("side", [1, 31, 32, 4000])
def test_a_square_gets_the_networks_own_size(input_size: int, multiple: int, side: int) -> None:
    assert network_size(side, side, input_size=input_size, multiple=multiple) == (input_size, input_size)


@given(
    st.integers(1, 20_000), st.integers(1, 20_000), st.integers(8, 512), st.sampled_from([1, 4, 8, 16, 32])
)
def test_sizes_are_multiples_of_about_the_same_area_and_aspect(
    width: int, height: int, input_size: int, multiple: int
) -> None:
    found = network_size(width, height, input_size=input_size, multiple=multiple)
    aspect = min(max(width / height, 1 / MAX_ASPECT), MAX_ASPECT)
    ideal = input_size * aspect**0.5, input_size / aspect**0.5
    for side, wanted in zip(found, ideal, strict=True):
        assert side % multiple == 0
        assert side >= multiple
        assert side == multiple or abs(side - wanted) <= multiple / 2 + 1e-6
    assert network_size(height, width, input_size=input_size, multiple=multiple) == found[::-1]


def test_extremes_stay_bounded() -> None:
    assert network_size(1, 5000, input_size=256, multiple=8) == (128, 512)
    assert network_size(5000, 1, input_size=256, multiple=8) == (512, 128)


@pytest.mark.parametrize("sizes", [(0, 1, 32, 1), (1, -1, 32, 1), (1, 1, 0, 1), (1, 1, 32, 0)])
def test_sizes_that_are_none_are_refused(sizes: tuple[int, int, int, int]) -> None:
    width, height, input_size, multiple = sizes
    with pytest.raises(ValueError, match="positive"):
        network_size(width, height, input_size=input_size, multiple=multiple)


def blocks_mean(gray: NDArray[Any], rows: int, columns: int) -> NDArray[np.float64]:
    height, width = gray.shape[0] // rows, gray.shape[1] // columns
    mean: NDArray[np.float64] = gray.reshape(height, rows, width, columns).mean(axis=(1, 3), dtype=np.float64)
    return mean


def test_a_fitting_picture_keeps_its_values(dtype: np.dtype[Any]) -> None:
    peak = np.iinfo(dtype).max
    gray = RNG.integers(0, peak + 1, (13, 9)).astype(dtype)
    small = shrink(gray, 9, 13)
    assert small.dtype == np.float32
    np.testing.assert_array_equal(np.rint(small.astype(np.float64) * peak), gray)


def test_whole_ratios_are_block_means(dtype: np.dtype[Any], camera: NDArray[np.uint8]) -> None:
    gray = camera.astype(dtype) * (1 if dtype == np.uint8 else 257)
    expected = blocks_mean(camera / 255, 16, 4)
    np.testing.assert_allclose(shrink(gray, 128, 32), expected, atol=1e-6)


def test_sixteen_bits_are_not_rounded_to_eight() -> None:
    gray = np.full((40, 40), 12_345, np.uint16)
    np.testing.assert_allclose(shrink(gray, 8, 8), 12_345 / 65535, rtol=1e-6)


def test_the_mean_is_kept_at_any_ratio() -> None:
    gray = RNG.integers(0, 256, (397, 613)).astype(np.uint8)
    assert shrink(gray, 96, 64).mean() == pytest.approx(gray.mean() / 255, abs=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (3, 40_000)])
def test_extreme_pictures(shape: tuple[int, int]) -> None:
    gray = RNG.integers(0, 256, shape).astype(np.uint8)
    small = shrink(gray, 32, 24)
    assert small.shape == (24, 32)
    assert gray.min() / 255 - 1e-6 <= small.min() <= small.max() <= gray.max() / 255 + 1e-6


def test_floats_are_taken_as_they_are() -> None:
    gray = RNG.random((20, 30), np.float32)
    np.testing.assert_allclose(shrink(gray, 10, 10), blocks_mean(gray, 2, 3), atol=1e-6)


@pytest.mark.parametrize("shape", [(0, 4), (4,), (2, 2, 3)])
def test_what_is_no_picture_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="picture"):
        shrink(np.zeros(shape, np.uint8), 4, 4)
    with pytest.raises(ValueError, match="positive"):
        shrink(np.zeros((2, 2), np.uint8), 0, 4)
