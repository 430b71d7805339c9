"""Decoding against sums over classes in exact or double arithmetic."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage.color import rgb2lab

from app.colorizing.decode import annealed_ab, centres_ab, classes, uncertainty
from app.networks.card import Card
from app.networks.palette import HORSES_24

Floats = NDArray[np.float32]


def distribution(seed: int, shape: tuple[int, int, int]) -> Floats:
    logits = 3 * np.random.default_rng(seed).standard_normal(shape)
    odds = np.exp(logits - logits.max(axis=0))
    shares: Floats = (odds / odds.sum(axis=0)).astype(np.float32)
    return shares


def annealed_by_hand(probabilities: Floats, centres: Floats, temperature: float) -> NDArray[np.float64]:
    """Zhang et al. 2016, eq. 5, place by place and class by class in double precision."""
    _, height, width = probabilities.shape
    mean = np.zeros((height, width, 2))
    for row in range(height):
        for column in range(width):
            powers = [float(p) ** (1 / temperature) for p in probabilities[:, row, column]]
            for power, centre in zip(powers, centres, strict=True):
                mean[row, column] += power / math.fsum(powers) * centre.astype(np.float64)
    return mean


@settings(deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.1, 0.38, 0.7, 1.0]))
def test_annealed_mean_is_its_definition(seed: int, temperature: float) -> None:
    probabilities = distribution(seed, (7, 3, 4))
    centres = np.random.default_rng(seed + 1).uniform(-110, 110, (7, 2)).astype(np.float32)
    ab = annealed_ab(probabilities, centres, temperature)
    assert ab.shape == (3, 4, 2)
    assert ab.dtype == np.float32
    np.testing.assert_allclose(ab, annealed_by_hand(probabilities, centres, temperature), atol=2e-3)


def test_temperature_one_is_the_mean_and_zero_the_likeliest() -> None:
    probabilities = np.array([[[0.5]], [[0.3]], [[0.2]]], np.float32)
    centres = np.array([[10, 0], [0, 20], [-30, 0]], np.float32)
    np.testing.assert_allclose(annealed_ab(probabilities, centres, 1.0), [[[-1.0, 6.0]]], atol=1e-5)
    np.testing.assert_array_equal(annealed_ab(probabilities, centres, 0.0), [[[10.0, 0.0]]])


@pytest.mark.parametrize("temperature", [0.0, 1e-12, 9.9e-4, 1e-3, 2e-3])
def test_cold_temperatures_agree_with_the_likeliest_colour(temperature: float) -> None:
    probabilities = distribution(3, (24, 8, 8))
    ranked = np.sort(probabilities, axis=0)
    clear = ranked[-1] > 1.05 * ranked[-2]
    centres = np.random.default_rng(4).uniform(-100, 100, (24, 2)).astype(np.float32)
    likeliest = centres[probabilities.argmax(axis=0)]
    np.testing.assert_allclose(
        annealed_ab(probabilities, centres, temperature)[clear], likeliest[clear], atol=1e-3
    )


@pytest.mark.parametrize("temperature", [0.0, 0.01, 0.38, 1.0])
def test_certainty_and_impossible_classes_stay_finite(temperature: float) -> None:
    probabilities = np.zeros((5, 2, 2), np.float32)
    probabilities[3] = 1
    centres = np.arange(10, dtype=np.float32).reshape(5, 2)
    ab = annealed_ab(probabilities, centres, temperature)
    np.testing.assert_allclose(ab, np.broadcast_to(centres[3], (2, 2, 2)))


def test_uncertainty_is_normalised_entropy() -> None:
    probabilities = distribution(5, (24, 6, 5))
    doubles = probabilities.astype(np.float64)
    entropy = -(doubles * np.log(doubles)).sum(axis=0) / math.log(24)
    np.testing.assert_allclose(uncertainty(probabilities), entropy, atol=1e-6)


@given(st.integers(2, 400))
def test_uncertainty_runs_from_certain_to_anything_goes(count: int) -> None:
    alike = np.full((count, 1, 1), 1 / count, np.float32)
    certain = np.zeros((count, 1, 1), np.float32)
    certain[-1] = 1
    assert uncertainty(alike)[0, 0] == pytest.approx(1.0, abs=1e-5)
    assert uncertainty(alike)[0, 0] <= 1.0
    assert uncertainty(certain)[0, 0] == 0.0


def test_one_class_leaves_nothing_to_doubt() -> None:
    np.testing.assert_array_equal(uncertainty(np.ones((1, 2, 3), np.float32)), np.zeros((2, 3)))


def test_classes_are_the_first_of_the_likeliest() -> None:
    probabilities = np.array([[[0.4, 0.1]], [[0.4, 0.3]], [[0.2, 0.6]]], np.float32)
    np.testing.assert_array_equal(classes(probabilities), [[0, 2]])


def card(**task: object) -> Card:
    return Card.model_validate(
        {
            "id": "a",
            "title": "A",
            "network": {"type": "unet"},
            "parameters": 1,
            "input_size": 32,
            "trained_on": "",
            "licence": "",
            "sha256": "0" * 64,
            **task,
        }
    )


def test_palette_colours_become_their_ab() -> None:
    centres = centres_ab(card(task="palette", palette=HORSES_24))
    expected = rgb2lab(np.array(HORSES_24)[None])[0, :, 1:]
    np.testing.assert_allclose(centres, expected, atol=1e-3)


def test_bins_are_taken_as_they_are() -> None:
    bins = [(10.0, -20.0), (0.0, 0.0)]
    np.testing.assert_array_equal(centres_ab(card(task="ab", bins=bins)), np.array(bins, np.float32))
