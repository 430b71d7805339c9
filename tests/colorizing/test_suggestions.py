"""Likely colours at a place: where it is, what they share, and what black does to them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.colorizing.suggestions import MOST, suggestions
from app.imaging.color import rgb_to_lab
from app.networks.ab_bins import bins_in_gamut

CENTRES = np.array(bins_in_gamut(), np.float32)
RED, BLUE, GREEN = (
    int(np.hypot(*(CENTRES - np.array(ab)).T).argmin()) for ab in ((50, 40), (10, -60), (-50, 40))
)
GRAY = np.full((64, 64), 0.5, np.float32)


def believing(height: int, width: int, **shares: float) -> NDArray[np.float32]:
    """Probabilities (C, h, w): these shares everywhere."""
    probabilities = np.full((len(CENTRES), height, width), 1e-9, np.float32)
    for name, share in shares.items():
        probabilities[{"red": RED, "blue": BLUE, "green": GREEN}[name]] = share
    return probabilities


def ab(color: str) -> NDArray[np.float32]:
    found: NDArray[np.float32] = rgb_to_lab(np.frombuffer(bytes.fromhex(color[1:]), np.uint8))[1:]
    return found


def test_they_come_likeliest_first_in_their_own_colours() -> None:
    found = suggestions(believing(16, 16, blue=0.6, red=0.3, green=0.1), CENTRES, GRAY, 0.5, 0.5)
    assert [each.share for each in found] == pytest.approx([0.6, 0.3, 0.1], abs=1e-6)
    for each, index in zip(found, (BLUE, RED, GREEN), strict=True):
        wanted = CENTRES[index]
        shown = ab(each.color)
        assert shown @ wanted / np.linalg.norm(shown) / np.linalg.norm(wanted) > 0.98, "the hue is its own"


def test_a_class_counts_towards_the_suggestion_nearest_to_it() -> None:
    near = int(np.argsort(np.hypot(*(CENTRES - CENTRES[BLUE]).T))[1])
    probabilities = believing(8, 8, blue=0.5, red=0.3)
    probabilities[near] = 0.2
    found = suggestions(probabilities, CENTRES, GRAY, 0.5, 0.5)
    assert [each.share for each in found] == pytest.approx([0.7, 0.3], abs=1e-6)


@pytest.mark.parametrize(("x", "y"), [(0, 0), (0.2, 0.3), (1, 1), (0.7, 0.1)])
def test_only_the_place_counts(x: float, y: float) -> None:
    probabilities = believing(20, 30, red=1.0)
    row, column = min(int(20 * y), 19), min(int(30 * x), 29)
    probabilities[:, max(0, row - 1) : row + 2, max(0, column - 1) : column + 2] = believing(1, 1, blue=1.0)
    (only,) = suggestions(probabilities, CENTRES, GRAY, x, y)
    assert ab(only.color)[1] < -20


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_in_black_and_in_white_all_colours_are_one(level: float) -> None:
    gray = np.full((8, 8), level, np.float32)
    (only,) = suggestions(believing(8, 8, red=0.5, blue=0.5), CENTRES, gray, 0.5, 0.5)
    assert only.color == ("#ffffff" if level else "#000000")
    assert only.share == pytest.approx(1)


def test_a_network_that_knows_nothing_offers_no_more_than_can_be_looked_over() -> None:
    even = np.full((len(CENTRES), 4, 4), 1 / len(CENTRES), np.float32) * np.float32(1.0001)
    found = suggestions(even, CENTRES, GRAY, 0.5, 0.5)
    assert 1 < len(found) <= MOST
    assert sum(each.share for each in found) == pytest.approx(1, abs=1e-3)


@given(st.integers(1, 9), st.integers(1, 9), st.floats(0, 1), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_any_size_and_place(height: int, width: int, x: float, y: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    probabilities = random.dirichlet(np.full(len(CENTRES), 0.05), (height, width)).astype(np.float32)
    gray = random.random((height, width), dtype=np.float32)
    found = suggestions(np.moveaxis(probabilities, -1, 0), CENTRES, gray, x, y)
    assert found
    assert sum(each.share for each in found) == pytest.approx(1, abs=1e-4)
    assert [each.share for each in found] == sorted((each.share for each in found), reverse=True)
    assert len({each.color for each in found}) == len(found)
