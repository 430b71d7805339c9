"""Bringing chroma up: what each method promises, on pictures made for it."""

from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import rgb2lab

from app.imaging.chroma import Upsampling, chroma_field

METHODS = get_args(Upsampling)
Floats = NDArray[np.float32]


def full_size(ab: Floats, guide: Floats, gray: Floats, upsampling: Upsampling) -> Floats:
    height, width = gray.shape
    field = chroma_field(ab, guide, width, height, upsampling)
    out = np.empty((4, height, width), np.float32)
    return np.moveaxis(field.evaluate(field.rows(0, height), field.columns(0, width), gray, out), 0, -1)


@pytest.fixture
def photograph(astronaut: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    lab = rgb2lab(astronaut[:256, 128:384])
    return (lab[..., 0] / 100).astype(np.float32), lab[..., 1:].astype(np.float32)


def reduced(planes: Floats, ratio: int) -> Floats:
    height, width = (side // ratio for side in planes.shape[:2])
    blocks = planes.reshape(height, ratio, width, ratio, *planes.shape[2:])
    small: Floats = blocks.mean(axis=(1, 3), dtype=np.float32)
    return small


@pytest.mark.parametrize("upsampling", METHODS)
def test_the_same_size_changes_nothing(upsampling: Upsampling, photograph: tuple[Floats, Floats]) -> None:
    gray, ab = photograph
    np.testing.assert_allclose(full_size(ab, gray, gray, upsampling), ab, atol=1e-4)


@pytest.mark.parametrize("upsampling", METHODS)
@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (37, 23), (4, 5)])
def test_one_colour_stays_one_colour(upsampling: Upsampling, shape: tuple[int, int]) -> None:
    ab = np.tile(np.array([20, -30], np.float32), (8, 6, 1))
    rng = np.random.default_rng(7)
    found = full_size(ab, rng.random((8, 6), np.float32), rng.random(shape, np.float32), upsampling)
    np.testing.assert_allclose(found, np.tile([20, -30], (*shape, 1)), atol=1e-4)


@pytest.mark.parametrize("upsampling", METHODS)
def test_a_tile_is_a_part_of_the_whole(upsampling: Upsampling, photograph: tuple[Floats, Floats]) -> None:
    gray, ab = photograph
    field = chroma_field(reduced(ab, 8), reduced(gray, 8), 256, 256, upsampling)
    rows, columns = field.rows(70, 131), field.columns(5, 200)
    part = field.evaluate(rows, columns, gray[70:131, 5:200], np.empty((4, 61, 195), np.float32))
    whole = full_size(reduced(ab, 8), reduced(gray, 8), gray, upsampling)
    np.testing.assert_allclose(np.moveaxis(part, 0, -1), whole[70:131, 5:200], atol=1e-3)


def test_guided_averages_to_the_small_chroma_again(photograph: tuple[Floats, Floats]) -> None:
    gray, ab = photograph
    small = reduced(ab, 8)
    errors: dict[Upsampling, float] = {
        method: np.abs(reduced(full_size(small, reduced(gray, 8), gray, method), 8) - small).mean()
        for method in METHODS
    }
    assert errors["guided"] < 0.65 * errors["bilinear"]


def test_guided_colour_keeps_to_edges_of_gray() -> None:
    column = np.arange(256)
    edge = (column > 99).astype(np.float32)  # amid a small pixel
    gray = np.tile(0.3 + 0.4 * edge, (64, 1)).astype(np.float32)
    ab = np.stack([50 * edge, -50 * edge], axis=-1)[None].repeat(64, axis=0)
    wrong = {
        method: float(np.abs(full_size(reduced(ab, 8), reduced(gray, 8), gray, method) - ab).mean())
        for method in METHODS
    }
    assert wrong["guided"] < 0.7 * wrong["bilinear"]


@pytest.mark.parametrize("ratio", [4, 8])
def test_guided_is_nearest_to_the_truth(ratio: int, photograph: tuple[Floats, Floats]) -> None:
    gray, ab = photograph
    wrong = {
        method: float(np.abs(full_size(reduced(ab, ratio), reduced(gray, ratio), gray, method) - ab).mean())
        for method in METHODS
    }
    assert wrong["guided"] < 0.95 * wrong["bilinear"] < 0.95 * wrong["nearest"]


@pytest.mark.parametrize("upsampling", ["guided", "bilinear"])
def test_chroma_larger_than_the_picture_is_averaged(
    upsampling: Upsampling, photograph: tuple[Floats, Floats]
) -> None:
    gray, ab = photograph
    found = full_size(ab, gray, reduced(gray, 4), upsampling)
    np.testing.assert_allclose(found, reduced(ab, 4), atol=1e-3)
