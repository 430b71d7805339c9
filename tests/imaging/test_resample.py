"""Resampling matrices against their definitions, Pillow and NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from app.imaging.resample import Band, area_band, linear_band, nearest_band, product, smooth_band, spans

SIZES = st.integers(1, 300)
BANDS = [area_band, linear_band, nearest_band]


def dense(band: Band, size: int) -> NDArray[np.float64]:
    matrix = np.zeros((band.outputs.stop - band.outputs.start, size))
    matrix[:, band.inputs] = band.weights
    return matrix


@given(SIZES, SIZES)
def test_area_averages_are_overlaps(size: int, new_size: int) -> None:
    found = dense(area_band(size, new_size, 0, new_size), size)
    fine = np.kron(np.eye(size), np.full((1, new_size), 1 / size)) * 1.0
    expected = np.add.reduceat(fine, np.arange(0, size * new_size, size), axis=1).T
    np.testing.assert_allclose(found, expected, atol=1e-6)


@given(SIZES, SIZES)
def test_interpolation_is_numpys(size: int, new_size: int) -> None:
    found = dense(linear_band(size, new_size, 0, new_size), size)
    samples = np.sin(np.arange(size) * 1.7)
    centres = (np.arange(new_size) + 0.5) * size / new_size - 0.5
    np.testing.assert_allclose(found @ samples, np.interp(centres, np.arange(size), samples), atol=1e-5)


@pytest.mark.parametrize(("size", "new_size"), [(5, 13), (64, 640), (7, 7), (1, 9)])
def test_nearest_is_pillows(size: int, new_size: int) -> None:
    samples = np.arange(size, dtype=np.uint8)
    expected = np.asarray(Image.fromarray(samples[None]).resize((new_size, 1), Image.Resampling.NEAREST))[0]
    np.testing.assert_array_equal(dense(nearest_band(size, new_size, 0, new_size), size) @ samples, expected)


@pytest.mark.parametrize("make", BANDS)
@given(size=SIZES, new_size=SIZES, data=st.data())
def test_a_band_is_a_part_of_the_whole(make: type, size: int, new_size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, new_size - 1))
    last = data.draw(st.integers(first + 1, new_size))
    part: Band = make(size, new_size, first, last)
    whole = dense(make(size, new_size, 0, new_size), size)
    np.testing.assert_allclose(dense(part, size), whole[first:last], atol=1e-6)
    np.testing.assert_allclose(part.weights.sum(axis=1), 1, atol=1e-5)
    assert part.weights.min() >= 0


@given(SIZES)
def test_the_same_size_changes_nothing(size: int) -> None:
    for make in (*BANDS, smooth_band):
        np.testing.assert_array_equal(dense(make(size, size, 0, size), size), np.eye(size))


@given(st.integers(1, 70), st.integers(1, 900), st.integers(1, 900))
def test_products_in_pieces_are_products(rows: int, inner: int, width: int) -> None:
    rng = np.random.default_rng(rows + inner + width)
    left, right = rng.random((rows, inner), np.float32), rng.random((inner, width), np.float32)
    out = np.full((rows, width), np.nan, np.float32)
    product(left, right, out)
    np.testing.assert_allclose(out, left @ right, rtol=1e-4)


@given(st.integers(1, 1000), st.integers(1, 300))
def test_spans_cover_everything_once(size: int, step: int) -> None:
    covered = [place for first, last in spans(size, step) for place in range(first, last)]
    assert covered == list(range(size))
