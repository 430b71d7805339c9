"""Hints as input planes: where they were put, what colour they have, and how training draws them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import rgb2lab

from app.colorizing import hints
from app.colorizing.hints import Spot, color_at, spot, with_hints
from app.colorizing.options import Hint
from app.imaging.color import lightness_to_gray

GRAY = np.full((64, 96), 0.5, np.float32)
SHARE = st.floats(0, 1)


def test_they_are_drawn_as_the_network_was_taught() -> None:
    from app.networks.halves import HINT_PLANES
    from app.training.ab_task import HINT_UNIT
    from app.training.recipe import PhotoSettings

    assert (HINT_PLANES, HINT_UNIT, PhotoSettings().stride) == (hints.PLANES, hints.UNIT, hints.STRIDE)


@pytest.mark.parametrize("color", ["#3a6ea5", "#FF0000", "#000000", "#ffffff", "#808080"])
def test_the_chroma_is_the_colour_s_own(color: str) -> None:
    rgb = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)], np.uint8)
    found = spot(Hint(x=0.25, y=0.75, color=color, radius=0.1))
    np.testing.assert_allclose([found.a, found.b], rgb2lab(rgb[None, None])[0, 0, 1:], atol=2e-3)
    assert (found.x, found.y, found.radius) == (0.25, 0.75, 0.1)
    assert spot(Hint(x=0, y=0, color=color)).radius == hints.RADIUS


def test_gray_stays_and_what_is_not_known_is_nothing() -> None:
    planes = with_hints(GRAY, [Spot(0.5, 0.5, 30, -40, 0.25)], 1.5)
    assert planes.shape == (4, 64, 96)
    assert planes.dtype == np.float32
    np.testing.assert_array_equal(planes[0], GRAY)
    known = planes[3] == 1
    assert set(np.unique(planes[3])) == {0, 1}
    np.testing.assert_array_equal(planes[1], np.where(known, np.float32(0.3), 0))
    np.testing.assert_array_equal(planes[2], np.where(known, np.float32(-0.4), 0))
    rows, columns = np.nonzero(known)
    assert known.sum() == pytest.approx(np.pi * 16**2, rel=0.1)  # a circle, drawn in squares of 4
    assert (rows.mean(), columns.mean()) == (31.5, 47.5)


@given(SHARE, SHARE, SHARE, st.floats(0.05, 20))
def test_every_hint_in_the_picture_is_seen_where_it_is(
    x: float, y: float, radius: float, aspect: float
) -> None:
    known = with_hints(GRAY, [Spot(x, y, 10, 10, radius)], aspect)[3]
    assert known[min(int(64 * y), 63), min(int(96 * x), 95)] == 1


def test_a_circle_is_round_in_the_picture_not_in_the_squeezed_input() -> None:
    known = with_hints(np.zeros((128, 128), np.float32), [Spot(0.5, 0.5, 1, 1, 0.25)], 2.0)[3]
    assert known[64].sum() == 32  # a quarter of the width: twice the height's 64 in a picture twice as wide
    assert known[:, 64].sum() == 64


def test_the_later_lies_above_the_earlier() -> None:
    spots = [Spot(0.5, 0.5, 10, 0, 0.3), Spot(0.5, 0.5, -20, 0, 0.1)]
    planes = with_hints(GRAY, spots, 1.5)
    assert planes[1, 32, 48] == np.float32(-0.2)
    assert planes[1, 32, 62] == np.float32(0.1)


def test_thousands_are_drawn() -> None:
    random = np.random.default_rng(0)
    spots = [Spot(x, y, 5, 5) for x, y in random.random((1000, 2)).tolist()]
    assert with_hints(GRAY, spots, 1.0)[3].mean() > 0.5


@pytest.mark.parametrize(
    ("level", "color", "shown"),
    [(0.5, "#808080", "#808080"), (0.0, "#ff0000", "#000000"), (1.0, "#0000ff", "#ffffff")],
)
def test_what_cannot_be_shown_there_is_said(level: float, color: str, shown: str) -> None:
    gray = np.full((8, 8), level, np.float32)
    found = color_at(gray, spot(Hint(x=1, y=1, color=color)))
    assert (
        np.abs(
            np.array([int(found[at : at + 2], 16) - int(shown[at : at + 2], 16) for at in (1, 3, 5)])
        ).max()
        <= 1
    )


def test_what_can_be_shown_keeps_its_chroma() -> None:
    color = "#3a6ea5"
    lab = rgb2lab(np.array([[[0x3A, 0x6E, 0xA5]]], np.uint8))[0, 0]
    gray = np.full((1, 1), lightness_to_gray(lab[0]), np.float32)
    assert color_at(gray, Spot(0, 0, lab[1], lab[2])) == color
