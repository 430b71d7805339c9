"""Candidates: the doubtful place is found, and the colours that come into question there differ."""

import numpy as np
import pytest
from numpy.typing import NDArray

from app.colorizing.candidates import APART, alternatives, modes
from app.networks.ab_bins import bins_in_gamut

CENTRES = np.array(bins_in_gamut(), np.float32)
RED, BLUE, GREEN = (
    int(np.hypot(*(CENTRES - np.array(ab)).T).argmin()) for ab in ((50, 40), (10, -60), (-50, 40))
)


def certain(height: int, width: int) -> NDArray[np.float32]:
    """Probabilities (C, h, w) that are sure of one colour everywhere."""
    probabilities = np.full((len(CENTRES), height, width), 1e-6, np.float32)
    probabilities[GREEN] = 1
    probabilities /= probabilities.sum(axis=0)
    return probabilities


def doubtful(height: int, width: int, rows: slice, columns: slice) -> NDArray[np.float32]:
    """As above, but undecided between red and blue, less so green, in one place."""
    probabilities = certain(height, width)
    probabilities[:, rows, columns] = 1e-6
    probabilities[RED, rows, columns] = 0.5
    probabilities[BLUE, rows, columns] = 0.3
    probabilities[GREEN, rows, columns] = 0.2
    probabilities /= probabilities.sum(axis=0)
    return probabilities


@pytest.mark.parametrize(
    ("shape", "rows", "columns"),
    [
        ((40, 40), slice(0, 10), slice(30, 40)),
        ((40, 40), slice(20, 30), slice(10, 20)),
        ((40, 80), slice(20, 30), slice(60, 70)),
        ((90, 30), slice(60, 75), slice(5, 15)),
    ],
)
def test_the_doubtful_place_is_given_its_next_colours(
    shape: tuple[int, int], rows: slice, columns: slice
) -> None:
    height, width = shape
    found = alternatives(doubtful(height, width, rows, columns), CENTRES, width / height)
    assert [(each.a, each.b) for each in found] == [tuple(CENTRES[BLUE]), tuple(CENTRES[GREEN])]
    assert rows.start <= found[0].y * height <= rows.stop
    assert columns.start <= found[0].x * width <= columns.stop


def test_where_one_colour_is_sure_there_is_no_other() -> None:
    assert alternatives(certain(20, 20), CENTRES, 1.0) == []


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (8, 40)])
def test_any_size(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.full(len(CENTRES), 0.1), shape).astype(np.float32)
    found = alternatives(np.moveaxis(probabilities, -1, 0), CENTRES, shape[1] / shape[0])
    assert all(0 < each.x < 1 and 0 < each.y < 1 for each in found)


def test_modes_are_apart_likely_and_in_order() -> None:
    distribution = np.random.default_rng(1).dirichlet(np.full(len(CENTRES), 0.3)).astype(np.float32)
    found = modes(distribution, CENTRES)
    assert found[0] == distribution.argmax()
    assert list(distribution[found]) == sorted(distribution[found], reverse=True)
    assert distribution[found].min() >= 1 / len(CENTRES)
    for place, index in enumerate(found):
        distances = np.hypot(*(CENTRES[found[:place]] - CENTRES[index]).T)
        assert np.all(distances >= APART)


def test_neighbours_of_a_likely_colour_are_no_colour_of_their_own() -> None:
    distance = np.hypot(*(CENTRES - CENTRES[RED]).T)
    distribution = np.exp(-(distance**2) / 200).astype(np.float32)
    assert modes(distribution / distribution.sum(), CENTRES)[0] == RED
    assert all(
        np.hypot(*(CENTRES[index] - CENTRES[RED])) >= APART for index in modes(distribution, CENTRES)[1:]
    )
