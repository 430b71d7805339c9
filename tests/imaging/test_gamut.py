"""The gamut's edge against a search by brute force and scikit-image."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.color import lab2rgb, rgb2lab

from app.imaging import gamut
from app.imaging.color import cie_f, linear_table

Doubles = NDArray[np.float64]
RNG = np.random.default_rng(5)
LIGHTNESS = st.floats(0, 100)
CHROMA = st.floats(-130, 130)


FORTH = np.array(
    [[0.412453, 0.357580, 0.180423], [0.212671, 0.715160, 0.072169], [0.019334, 0.119193, 0.950227]]
)


def linear(lightness: Doubles, a: Doubles, b: Doubles) -> Doubles:
    """Linear RGB by the CIE's definition, in float64, relative to the white that makes neutrals R = G = B."""
    fy = (lightness + 16) / 116
    f = np.stack([fy + a / 500, fy, fy - b / 200], axis=-1)
    ratios = np.where(f > 6 / 29, f**3, (116 * f - 16) * 27 / 24389)
    rgb: Doubles = (ratios * FORTH.sum(axis=1)) @ np.linalg.inv(FORTH).T
    return rgb


def brute_force(lightness: Doubles, a: Doubles, b: Doubles, steps: int = 2000) -> Doubles:
    """The largest share of (a, b) that is in the gamut, to one in `steps`."""
    best = np.zeros_like(lightness)
    for share in np.arange(1, steps + 1) / steps:
        rgb = linear(lightness, a * share, b * share)
        inside = (rgb.min(axis=-1) > -1e-6) & (rgb.max(axis=-1) < 1 + 1e-6)
        best[inside] = share
    return best


def test_the_edge_is_where_a_search_finds_it() -> None:
    lightness, hue = RNG.uniform(0.5, 99.5, 600), RNG.uniform(0, 2 * np.pi, 600)
    reach = RNG.uniform(0, 140, 600)
    a, b = reach * np.cos(hue), reach * np.sin(hue)
    fitted = np.hypot(*gamut.fit_chroma(lightness, a, b))
    expected = brute_force(lightness, a, b) * reach
    np.testing.assert_allclose(fitted, expected, atol=140 / 2000 + 1e-3)


def test_colours_of_the_cube_stay_as_they_are() -> None:
    steps = np.arange(0, 256, 15)
    lab = rgb2lab(np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(-1, 3) / 255)
    a, b = gamut.fit_chroma(*lab.T)
    # scikit-image's white is not the matrix's own: colours on the cube's faces lie 0.005 beside the edge.
    error = np.hypot(a - lab[:, 1], b - lab[:, 2])
    assert np.sort(error)[-5] < 0.03
    assert error.max() < 5  # beside pure yellow, where the edge runs almost along the hue


def test_pure_yellow_is_kept_though_its_hue_leaves_the_gamut_before() -> None:
    yellow = rgb2lab(np.array([[[1.0, 1.0, 0.0]]]))[0, 0]
    a, b = gamut.fit_chroma(yellow[0], yellow[1:2] * 1.1, yellow[2:] * 1.1)
    np.testing.assert_allclose([a[0], b[0]], yellow[1:], rtol=0.03)


@given(LIGHTNESS, CHROMA, CHROMA)
def test_hue_is_kept_and_fitting_twice_changes_nothing(lightness: float, a: float, b: float) -> None:
    once = gamut.fit_chroma(lightness, a, b)
    assert once[0] * np.float32(b) == pytest.approx(once[1] * np.float32(a), abs=1e-3)
    assert np.hypot(*once) <= np.hypot(a, b) + 1e-4
    np.testing.assert_allclose(gamut.fit_chroma(lightness, *once), once, atol=1e-3)


@pytest.mark.filterwarnings("ignore:.*negative Z values")
@given(LIGHTNESS, CHROMA, CHROMA)
def test_what_is_fitted_can_be_shown_at_its_own_lightness(lightness: float, a: float, b: float) -> None:
    fitted = gamut.fit_chroma(lightness, a, b)
    lab = np.array([lightness, *fitted])
    np.testing.assert_allclose(rgb2lab(np.clip(lab2rgb(lab), 0, 1))[0], lightness, atol=0.01)


@given(LIGHTNESS, st.floats(0, 360), st.floats(0, 120), st.floats(0, 60))
def test_more_chroma_never_ends_in_less(lightness: float, hue: float, reach: float, more: float) -> None:
    direction = np.cos(np.radians(hue)), np.sin(np.radians(hue))
    low = np.hypot(*gamut.fit_chroma(lightness, *(reach * part for part in direction)))
    high = np.hypot(*gamut.fit_chroma(lightness, *((reach + more) * part for part in direction)))
    assume(not (91 < lightness < 99 and 96 < hue < 108))  # around the dent before yellow
    assert high >= low - 0.01


def test_shapes_are_broadcast() -> None:
    a, b = gamut.fit_chroma(50, np.zeros((2, 3)), np.full((3,), 200.0))
    assert a.shape == b.shape == (2, 3)
    assert np.all(b < 100)


@pytest.mark.parametrize("lightness", [0.0, 100.0])
def test_black_and_white_have_no_chroma(lightness: float) -> None:
    a, b = gamut.fit_chroma(lightness, 50.0, -50.0)
    assert np.hypot(a, b) < 0.02  # float32 rounding, where a colour needs next to no light


def test_the_table_agrees_with_the_search() -> None:
    count = 100_000
    level = RNG.integers(1, 255, count).astype(np.uint8)
    angle, reach = RNG.uniform(0, 2 * np.pi, count), RNG.uniform(0, 0.5, count)
    u, v = (reach * np.cos(angle)).astype(np.float32), (reach * np.sin(angle)).astype(np.float32)
    exact = gamut.chroma_scale(cie_f(linear_table(255))[level], u, v)
    error = np.abs(gamut.chroma_scale_8bit(level, u, v) - exact) * np.hypot(500 * u, 200 * v)
    # In ab units; the rest are the corners, yellow's above all, where the edge jumps between directions.
    assert np.quantile(error, 0.99) < 0.01
    assert np.quantile(error, 0.999) < 0.2


def test_neutral_stays_neutral_in_the_table() -> None:
    level = np.arange(256, dtype=np.uint8)
    none = np.zeros(256, np.float32)
    assert gamut.chroma_scale_8bit(level, none, none).max() <= 1
