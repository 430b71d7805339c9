"""Bins of the ab plane, against scikit-image and by brute force."""

import math

import numpy as np
import pytest
from skimage.color import rgb2lab

from app.networks.ab_bins import GRID, SoftEncoding, bins_in_gamut, rebalancing

BINS = np.array(bins_in_gamut(), dtype=np.float32)


def test_every_colour_has_its_bin_and_every_bin_a_colour() -> None:
    rng = np.random.default_rng(0)
    corners = np.stack(np.meshgrid([0, 1], [0, 1], [0, 1]), axis=-1).reshape(-1, 3).astype(float)
    ab = rgb2lab(np.concatenate([rng.random((20_000, 3)), corners]))[:, 1:]
    known = {tuple(bin) for bin in BINS.tolist()}
    assert {tuple(bin) for bin in (np.rint(ab / GRID) * GRID).tolist()} <= known
    # A fine cube by another implementation finds the same grid points, or misses a few at the very edge.
    levels = np.linspace(0, 1, 64)
    cube = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(1, -1, 3)
    found = {tuple(bin) for bin in (np.rint(rgb2lab(cube)[0, :, 1:] / GRID) * GRID).tolist()}
    assert found <= known
    assert len(known - found) <= 3


def test_soft_encoding_is_a_gaussian_over_the_nearest() -> None:
    rng = np.random.default_rng(1)
    ab = rng.integers(-70, 70, (50, 2)).astype(np.float32)
    bins, weights = SoftEncoding(BINS)(ab)
    assert bins.shape == weights.shape == (50, 5)
    for place, chosen, share in zip(ab, bins, weights, strict=True):
        distances = [math.dist(place, bin) for bin in BINS]
        assert sorted(distances)[:5] == pytest.approx([distances[index] for index in chosen])
        expected = np.array([math.exp(-(distances[index] ** 2) / 50) for index in chosen])
        np.testing.assert_allclose(share, expected / expected.sum(), rtol=1e-4)


def test_colours_between_units_are_those_of_the_nearest() -> None:
    encode = SoftEncoding(BINS)
    for found, expected in zip(
        encode(np.array([12.4, -3.6], np.float32)), encode(np.array([12, -4], np.float32)), strict=True
    ):
        np.testing.assert_array_equal(found, expected)


def test_rare_colours_weigh_more_and_the_mean_stays_one() -> None:
    counts = np.zeros(len(BINS))
    common, rare = (bins_in_gamut().index(bin) for bin in ((0.0, 0.0), (60.0, 40.0)))
    counts[common], counts[rare] = 990, 10
    weights = rebalancing(counts, BINS, uniform=0.5, power=1.0)
    assert weights[rare] > 5 * weights[common]
    assert float(counts / counts.sum() @ weights) == pytest.approx(1)
    np.testing.assert_allclose(rebalancing(counts, BINS, uniform=0.5, power=0.0), 1, rtol=1e-6)
    np.testing.assert_allclose(rebalancing(counts, BINS, uniform=1.0, power=1.0), 1, rtol=1e-6)
