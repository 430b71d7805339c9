"""Colour put on gray: the luminance kept, chroma as asked where sRGB has it, in any size and depth."""

from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.color import rgb2lab

from app.imaging import recolor as module
from app.imaging.chroma import Upsampling
from app.imaging.color import rgb_to_gray
from app.imaging.gamut import fit_chroma
from app.imaging.recolor import recolor

RNG = np.random.default_rng(8)
LUMINANCE = np.array([0.212671, 0.715160, 0.072169])


def random_gray(shape: tuple[int, int], dtype: np.dtype[Any]) -> NDArray[Any]:
    return RNG.integers(0, np.iinfo(dtype).max + 1, shape).astype(dtype)


def lightness_error(rgb: NDArray[Any], gray: NDArray[Any]) -> NDArray[np.float64]:
    """How far the luminance of `rgb` is from that of `gray`, in steps of gray."""
    peak = np.iinfo(gray.dtype).max

    def decode(samples: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.where(samples <= 0.04045, samples / 12.92, ((samples + 0.055) / 1.055) ** 2.4)

    light = decode(rgb / peak) @ LUMINANCE
    encoded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    error: NDArray[np.float64] = np.abs(encoded * peak - gray)
    return error


def test_no_chroma_is_the_gray_itself(dtype: np.dtype[Any]) -> None:
    peak = np.iinfo(dtype).max
    gray = np.arange(peak + 1, dtype=dtype).reshape(16, -1)
    rgb = recolor(gray, np.zeros((4, 8, 2), np.float32), RNG.random((4, 8), np.float32))
    assert rgb.dtype == dtype
    np.testing.assert_array_equal(rgb, np.repeat(gray[..., None], 3, axis=-1))


@pytest.mark.parametrize("reach", [15, 60, 200])
def test_luminance_keeps_within_half_a_step(dtype: np.dtype[Any], reach: float) -> None:
    gray = random_gray((150, 300), dtype)
    ab = RNG.uniform(-reach, reach, (150, 300, 2)).astype(np.float32)
    rgb = recolor(gray, ab, np.zeros((150, 300), np.float32))
    error = lightness_error(rgb, gray)
    assert error.max() <= 0.5
    again = rgb_to_gray(rgb).astype(int) - gray
    assert np.mean(again != 0) < 1e-3


@pytest.mark.parametrize(
    ("darkest", "brightest", "a", "b"),
    [(0.955, 1.0, (-25, -8), (30, 100)), (0.0, 0.04, (-30, 30), (-30, 30))],
    ids=["beside yellow, where red and green are full together", "nearly black"],
)
def test_luminance_keeps_where_the_gamut_is_narrow(
    dtype: np.dtype[Any],
    darkest: float,
    brightest: float,
    a: tuple[float, float],
    b: tuple[float, float],
) -> None:
    peak = np.iinfo(dtype).max
    gray = RNG.integers(int(darkest * peak), int(brightest * peak) + 1, (200, 1000)).astype(dtype)
    ab = np.stack([RNG.uniform(*a, gray.shape), RNG.uniform(*b, gray.shape)], axis=-1).astype(np.float32)
    rgb = recolor(gray, ab, np.zeros(gray.shape, np.float32), upsampling="nearest")
    assert lightness_error(rgb, gray).max() <= 0.5


def test_a_photograph_comes_back_from_its_lab(dtype: np.dtype[Any], astronaut: NDArray[np.uint8]) -> None:
    rgb = astronaut[:200, :300].astype(dtype) * (1 if dtype == np.uint8 else 257)
    ab = rgb2lab(rgb / np.iinfo(dtype).max)[..., 1:].astype(np.float32)
    gray = rgb_to_gray(rgb)
    found = recolor(gray, ab, np.zeros(gray.shape, np.float32))
    wrong = np.abs(found.astype(int) - rgb)
    # What is lost is gray's own rounding; at 16 bits also that between two ways to write the white point.
    assert np.quantile(wrong, 0.999) <= (2 if dtype == np.uint8 else 12)


def test_chroma_beyond_the_gamut_is_reduced_as_fit_chroma_does(dtype: np.dtype[Any]) -> None:
    gray = random_gray((60, 80), dtype)
    gray = np.clip(gray, np.iinfo(dtype).max // 8, np.iinfo(dtype).max // 8 * 7)
    ab = RNG.uniform(-150, 150, (60, 80, 2)).astype(np.float32)
    lab = rgb2lab(recolor(gray, ab, np.zeros((60, 80), np.float32)) / np.iinfo(dtype).max)
    expected = np.stack(fit_chroma(lab[..., 0], ab[..., 0], ab[..., 1]), axis=-1)
    error = np.linalg.norm(lab[..., 1:] - expected, axis=-1)
    assert np.quantile(error, 0.98) < (1.5 if dtype == np.uint8 else 0.03)


def test_saturation_scales_chroma() -> None:
    gray = np.full((40, 40), 128, np.uint8)
    ab = np.tile(np.array([12, -9], np.float32), (4, 4, 1))
    guide = np.full((4, 4), 0.5, np.float32)
    for saturation in (0.0, 0.5, 1.0, 2.0):
        lab = rgb2lab(recolor(gray, ab, guide, saturation=saturation))
        np.testing.assert_allclose(
            lab[..., 1:].mean(axis=(0, 1)), [12 * saturation, -9 * saturation], atol=0.6
        )


@pytest.mark.parametrize("upsampling", get_args(Upsampling))
@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (2, 3), (65, 513)])
def test_any_size(shape: tuple[int, int], upsampling: Upsampling, dtype: np.dtype[Any]) -> None:
    gray = random_gray(shape, dtype)
    ab = RNG.normal(0, 20, (12, 16, 2)).astype(np.float32)
    rgb = recolor(gray, ab, RNG.random((12, 16), np.float32), upsampling=upsampling)
    assert rgb.shape == (*shape, 3)
    assert lightness_error(rgb, gray).max() <= 0.5


def test_tiles_and_threads_leave_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    gray = random_gray((333, 700), np.dtype(np.uint8))
    ab = RNG.normal(0, 30, (20, 42, 2)).astype(np.float32)
    guide = RNG.random((20, 42), np.float32)
    whole = recolor(gray, ab, guide, threads=1)
    np.testing.assert_array_equal(recolor(gray, ab, guide, threads=4), whole)
    monkeypatch.setattr(module, "TILE_ROWS", 7)
    monkeypatch.setattr(module, "TILE_COLUMNS", 31)
    in_pieces = recolor(gray, ab, guide)
    assert np.abs(in_pieces.astype(int) - whole).max() <= 1
    assert np.mean(in_pieces != whole) < 1e-3


@given(st.integers(0, 255), st.floats(-300, 300), st.floats(-300, 300))
def test_any_colour_on_any_gray(level: int, a: float, b: float) -> None:
    gray = np.full((1, 1), level, np.uint8)
    rgb = recolor(gray, np.array([[[a, b]]], np.float32), np.zeros((1, 1), np.float32))
    assert lightness_error(rgb, gray).max() <= 0.5


def test_endless_chroma_ends_at_the_gamut() -> None:
    gray = random_gray((20, 20), np.dtype(np.uint8))
    ab = np.full((4, 4, 2), 3e38, np.float32)
    rgb = recolor(gray, ab, np.zeros((4, 4), np.float32), saturation=0.5)
    assert lightness_error(rgb, gray).max() <= 0.5


def test_pure_colours_are_reached() -> None:
    pure = np.array(
        [[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 0], [0, 255, 255], [255, 0, 255]]], np.uint8
    )
    ab = rgb2lab(pure)[..., 1:].astype(np.float32)
    found = recolor(rgb_to_gray(pure), ab, np.zeros((1, 6), np.float32))
    np.testing.assert_allclose(rgb2lab(found), rgb2lab(pure), atol=3)


@pytest.mark.parametrize(
    ("gray", "ab", "guide"),
    [
        (np.zeros((0, 3), np.uint8), np.zeros((2, 2, 2)), np.zeros((2, 2))),
        (np.zeros((3, 3), np.float32), np.zeros((2, 2, 2)), np.zeros((2, 2))),
        (np.zeros((3, 3, 3), np.uint8), np.zeros((2, 2, 2)), np.zeros((2, 2))),
        (np.zeros((3, 3), np.uint8), np.zeros((2, 2, 3)), np.zeros((2, 2))),
        (np.zeros((3, 3), np.uint8), np.zeros((2, 3, 2)), np.zeros((2, 2))),
        (np.zeros((3, 3), np.uint8), np.zeros((0, 2, 2)), np.zeros((0, 2))),
        (np.zeros((3, 3), np.uint8), np.full((2, 2, 2), np.nan), np.zeros((2, 2))),
        (np.zeros((3, 3), np.uint8), np.zeros((2, 2, 2)), np.full((2, 2), np.inf)),
    ],
)
def test_what_makes_no_picture_is_refused(
    gray: NDArray[Any], ab: NDArray[np.float32], guide: NDArray[np.float32]
) -> None:
    with pytest.raises(ValueError, match=r"gray|guide|finite"):
        recolor(gray, ab, guide)


def test_saturation_must_be_a_number() -> None:
    with pytest.raises(ValueError, match="finite"):
        recolor(
            np.zeros((3, 3), np.uint8),
            np.zeros((2, 2, 2), np.float32),
            np.zeros((2, 2), np.float32),
            saturation=np.nan,
        )
