"""Intervals against doing the redrawing by hand, picture by picture."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import bootstrap  # type: ignore[import-untyped]

from app.imaging.bootstrap import Estimate, estimates, interval, mean, weights
from app.imaging.measures import MEASURES, Measures

Pixels = NDArray[np.uint8]


def pictures(seed: int) -> list[tuple[Pixels, Pixels]]:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(3, 9, (6, 2))
    truths = [rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes]
    return [
        (np.clip(truth + rng.normal(0, 30, truth.shape), 0, 255).astype(np.uint8), truth) for truth in truths
    ]


def measured(pairs: list[tuple[Pixels, Pixels]]) -> Measures:
    measures = Measures()
    for output, truth in pairs:
        measures.add(output, truth)
    return measures


def test_a_weight_is_how_often_a_picture_is_there() -> None:
    pairs = pictures(1)
    drawn = weights(len(pairs), 5, seed=3)
    found = measured(pairs).weighted(drawn)
    for draw, counts in enumerate(drawn.astype(int)):
        again = measured([pair for pair, count in zip(pairs, counts, strict=True) for _ in range(count)])
        for name in MEASURES:
            assert found[name][draw] == pytest.approx(again[name], rel=1e-9), name


def test_each_draw_is_as_large_as_the_set() -> None:
    drawn = weights(7, 100)
    assert (drawn.sum(axis=1) == 7).all()
    assert drawn.mean() == pytest.approx(1)
    np.testing.assert_array_equal(drawn, weights(7, 100))


def test_an_interval_is_the_percentile_bootstraps() -> None:
    values = np.random.default_rng(0).exponential(size=150)
    found = mean(values, draws=4000)
    expected = bootstrap(
        (values,), np.mean, n_resamples=4000, method="percentile", rng=np.random.default_rng(1)
    ).confidence_interval
    assert found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(expected.low, abs=0.02)
    assert found.high == pytest.approx(expected.high, abs=0.02)


def test_differences_are_paired() -> None:
    """Two contestants that differ by the same in every picture differ by that in every draw, too."""
    pairs = pictures(2)
    better = measured(pairs)
    worse = measured([(np.asarray(255 - output, dtype=np.uint8), truth) for output, truth in pairs])
    found = estimates({"worse": worse, "better": better}, against="worse", draws=200)
    assert "balanced_auc_gain" not in found["worse"]
    gain = found["better"]["pooled_psnr_gain"]
    assert gain.value == pytest.approx(better["pooled_psnr"] - worse["pooled_psnr"])
    drawn = weights(len(pairs), 200)
    each = better.weighted(drawn)["pooled_psnr"] - worse.weighted(drawn)["pooled_psnr"]
    assert (gain.low, gain.high) == pytest.approx(tuple(np.percentile(each, [2.5, 97.5])), abs=0.05)
    same = estimates({"a": better, "b": better}, against="a", draws=50)["b"]["pooled_psnr_gain"]
    assert same == Estimate(0, 0, 0)


def test_infinite_figures_stay_infinite() -> None:
    """An exact picture has no error: its PSNR has no upper end, and nothing is reckoned with it in vain."""
    exact = measured([(truth, truth) for _, truth in pictures(3)])
    found = estimates({"exact": exact}, draws=20)["exact"]
    assert found["pooled_psnr"] == Estimate(float("inf"), float("inf"), float("inf"))
    assert found["balanced_auc"] == Estimate(100, 100, 100)
    assert interval(1.0, np.array([1.0, np.inf] * 50)).high == np.inf


@pytest.mark.parametrize(
    "sets", [{}, {"a": Measures()}, {"a": measured(pictures(1)), "b": measured(pictures(1)[:2])}]
)
def test_only_the_same_pictures_are_compared(sets: dict[str, Measures]) -> None:
    with pytest.raises(ValueError, match="same pictures"):
        estimates(sets)
