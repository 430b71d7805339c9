"""Hints carried on, against the Gaussian posterior worked out in full, and what a person relies on."""

import numpy as np
import pytest
from numpy.typing import NDArray

from app.colorizing.hints import Spot
from app.colorizing.kriging import AGREEING, AS_LIGHT, DOUBT, MOST, NEAR, NOISE, carry_on

Floats = NDArray[np.float32]
ROWS, COLUMNS, ASPECT = 4, 6, 1.5
CENTRES = np.array([[0, 0], [40, 10], [-30, 50], [5, -60]], dtype=np.float32)


def opinions(rng: np.random.Generator, rows: int = ROWS, columns: int = COLUMNS) -> Floats:
    raw = rng.exponential(size=(len(CENTRES), rows, columns)).astype(np.float32) ** 2
    return np.asarray(raw / raw.sum(axis=0), dtype=np.float32)


def mean_color(probabilities: Floats) -> Floats:
    mean: Floats = np.einsum("chw,cd->hwd", probabilities, CENTRES).astype(np.float32)
    return mean


def posterior(probabilities: Floats, lightness: Floats, spots: list[Spot]) -> NDArray[np.float64]:
    """Mean of a Gaussian process given noisy values, as the minimum of its energy, place by place."""
    size = ROWS * COLUMNS
    known = np.zeros(size, dtype=bool)
    ab = mean_color(probabilities).reshape(size, 2).astype(np.float64)
    values = np.zeros((size, 2))
    prior = np.zeros((size, size))
    facts = []
    for index in range(size):
        row, column = divmod(index, COLUMNS)
        p = probabilities[:, row, column].astype(np.float64)
        doubt = np.sqrt(max(1.0, _variance(p))) / DOUBT
        place = (row + 0.5) / ROWS, (column + 0.5) / COLUMNS * ASPECT
        facts.append((*place, float(lightness[row, column]), p, doubt))
    for i, (y, x, light, p, doubt) in enumerate(facts):
        for j, (other_y, other_x, other_light, q, other_doubt) in enumerate(facts):
            squares = ((y - other_y) ** 2 + (x - other_x) ** 2) / NEAR**2 + (
                (light - other_light) / AS_LIGHT
            ) ** 2
            squares += 2 * (np.square(np.sqrt(p) - np.sqrt(q)).sum() / 2) / AGREEING**2
            prior[i, j] = np.exp(-squares / 2) * doubt * other_doubt
    for each in spots:
        index = int(each.y * ROWS) * COLUMNS + int(each.x * COLUMNS)
        known[index], values[index] = True, np.array([each.a, each.b]) - ab[index]
    energy = np.linalg.inv(prior) + np.diag(known / NOISE)
    return np.asarray(
        (ab + np.linalg.solve(energy, known[:, None] * values / NOISE)).reshape(ROWS, COLUMNS, 2)
    )


def _variance(p: NDArray[np.float64]) -> float:
    """Mean over a and b of the variance of a colour drawn from p."""
    total = 0.0
    for d in (0, 1):
        middle = sum(share * CENTRES[c, d] for c, share in enumerate(p))
        total += sum(share * (CENTRES[c, d] - middle) ** 2 for c, share in enumerate(p))
    return float(total / 2)


def test_it_is_the_mean_of_the_gaussian_posterior() -> None:
    rng = np.random.default_rng(1)
    probabilities = opinions(rng)
    lightness = rng.uniform(0, 100, (ROWS, COLUMNS)).astype(np.float32)
    spots = [Spot(0.1, 0.1, 20, -30), Spot(0.55, 0.6, -40, 12), Spot(0.99, 0.99, 70, 70)]
    found = carry_on(mean_color(probabilities), probabilities, CENTRES, lightness, spots, ASPECT)
    np.testing.assert_allclose(found, posterior(probabilities, lightness, spots), atol=2e-3)


def test_of_two_spots_at_one_place_the_later_counts() -> None:
    rng = np.random.default_rng(2)
    probabilities, lightness = opinions(rng), np.full((ROWS, COLUMNS), 50, dtype=np.float32)
    early, late = Spot(0.5, 0.5, 60, 0), Spot(0.51, 0.51, -60, 0)

    def moved(*spots: Spot) -> Floats:
        return carry_on(mean_color(probabilities), probabilities, CENTRES, lightness, spots, ASPECT)

    np.testing.assert_array_equal(moved(early, late), moved(late))


def test_what_is_alike_goes_along_and_what_is_not_stays() -> None:
    """Two halves of which the network thinks differently, one far darker; a spot in one of them."""
    probabilities = np.zeros((len(CENTRES), 8, 8), dtype=np.float32)
    probabilities[:, :, :4] = np.array([0.5, 0.5, 0, 0], dtype=np.float32)[:, None, None]
    probabilities[:, :, 4:] = np.array([0, 0, 0.5, 0.5], dtype=np.float32)[:, None, None]
    lightness = np.where(np.arange(8) < 4, 20, 90).astype(np.float32) * np.ones((8, 1), dtype=np.float32)
    before = mean_color(probabilities)
    wanted = before[4, 2] + np.array([30, -30], dtype=np.float32)
    spot = Spot(0.3, 0.5, float(wanted[0]), float(wanted[1]))
    moved = np.hypot(
        *np.moveaxis(carry_on(before, probabilities, CENTRES, lightness, [spot], 1.0) - before, 2, 0)
    )
    assert moved[4, 2] > 0.8 * np.hypot(30, 30)
    assert moved[:, :4].min() > 2.5 * moved[:, 4:].max()


@pytest.mark.parametrize("count", [MOST, 4000])
def test_any_number_of_spots(count: int) -> None:
    rng = np.random.default_rng(3)
    probabilities = opinions(rng, 40, 60)
    places = rng.random((count, 2))
    spots = [Spot(x, y, *rng.uniform(-60, 60, 2).tolist()) for x, y in places.tolist()]
    lightness = rng.uniform(0, 100, (40, 60)).astype(np.float32)
    found = carry_on(mean_color(probabilities), probabilities, CENTRES, lightness, spots, ASPECT)
    assert found.shape == (40, 60, 2)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert np.abs(found).max() < 500


def test_a_picture_of_one_place() -> None:
    one = np.array([0.25, 0.25, 0.25, 0.25], dtype=np.float32)[:, None, None]
    found = carry_on(
        mean_color(one), one, CENTRES, np.full((1, 1), 50, dtype=np.float32), [Spot(0, 1, 9, 9)], 1.0
    )
    variance = _variance(one[:, 0, 0].astype(np.float64)) / DOUBT**2
    expected = mean_color(one) + variance / (variance + NOISE) * (np.array([9, 9]) - mean_color(one))
    np.testing.assert_allclose(found, expected, rtol=1e-4)
