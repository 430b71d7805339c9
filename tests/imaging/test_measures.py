"""The measures against their definitions by brute force, and against scikit-image."""

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import rgb2lab
from skimage.metrics import peak_signal_noise_ratio

from app.imaging.measures import MEASURES, Measures, Truth, colorfulness, psnr


def reference(truth: NDArray[np.uint8], output: NDArray[np.uint8]) -> float:
    return float(peak_signal_noise_ratio(truth, output, data_range=255))  # type: ignore[no-untyped-call]


Pair = tuple[NDArray[np.uint8], NDArray[np.uint8]]


@pytest.fixture
def pairs() -> list[Pair]:
    rng = np.random.default_rng(4)
    sizes = [(9, 7), (4, 12), (1, 1)]
    return [
        (
            rng.integers(0, 256, (*size, 3), dtype=np.uint8),
            (rng.integers(0, 256, 3) * 0.7 + rng.integers(0, 70, (*size, 3))).astype(np.uint8),
        )
        for size in sizes
    ]


@pytest.fixture
def measures(pairs: list[Pair]) -> Measures:
    measures = Measures()
    for output, truth in pairs:
        measures.add(output, truth)
    return measures


def test_pooled_psnr_is_of_all_pixels_together(measures: Measures, pairs: list[Pair]) -> None:
    outputs, truths = (np.concatenate([pair[i].reshape(-1, 3) for pair in pairs]) for i in range(2))
    assert measures["pooled_psnr"] == pytest.approx(reference(truths, outputs))


def test_mean_psnr_is_of_each_picture(measures: Measures, pairs: list[Pair]) -> None:
    each = [reference(truth, output) for output, truth in pairs]
    assert measures["mean_psnr"] == pytest.approx(np.mean(each))
    truth = pairs[0][1]
    measures.add(truth, truth)
    assert measures["mean_psnr"] == pytest.approx(np.mean([*each, 100]))


def ab_errors(pairs: list[Pair]) -> tuple[NDArray[np.float64], list[tuple[int, int]]]:
    errors, bins = [], []
    for output, truth in pairs:
        true_ab = rgb2lab(truth)[..., 1:].reshape(-1, 2)
        errors.append(np.linalg.norm(rgb2lab(output)[..., 1:].reshape(-1, 2) - true_ab, axis=1))
        bins += [(int(np.floor(a / 10 + 0.5)), int(np.floor(b / 10 + 0.5))) for a, b in true_ab]
    return np.concatenate(errors), bins


def test_auc_is_the_mean_share_within_each_threshold(measures: Measures, pairs: list[Pair]) -> None:
    errors, _ = ab_errors(pairs)
    expected = np.mean([100 * np.mean(errors <= threshold) for threshold in range(151)])
    assert measures["auc"] == pytest.approx(expected, abs=1e-2)


def test_balanced_auc_weighs_each_pixel_by_the_inverse_frequency_of_its_bin(
    measures: Measures, pairs: list[Pair]
) -> None:
    errors, bins = ab_errors(pairs)
    weights = np.array([1 / bins.count(one) for one in bins])
    shares = [100 * (weights * (errors <= threshold)).sum() / weights.sum() for threshold in range(151)]
    assert measures["balanced_auc"] == pytest.approx(np.mean(shares), abs=1e-2)


def test_colourfulness_is_the_papers(pairs: list[Pair]) -> None:
    rgb = pairs[0][0].astype(float)
    rg = rgb[..., 0] - rgb[..., 1]
    yb = 0.5 * (rgb[..., 0] + rgb[..., 1]) - rgb[..., 2]
    signed = np.sqrt(rg.var() + yb.var()) + 0.3 * np.sqrt(rg.mean() ** 2 + yb.mean() ** 2)
    assert colorfulness(pairs[0][0]) == pytest.approx(signed)
    rg, yb = abs(rg), abs(yb)
    absolute = np.sqrt(rg.var() + yb.var()) + 0.3 * np.sqrt(rg.mean() ** 2 + yb.mean() ** 2)
    assert colorfulness(pairs[0][0], absolute=True) == pytest.approx(absolute)


def test_means_of_colourfulness(measures: Measures, pairs: list[Pair]) -> None:
    found = np.mean([colorfulness(output) for output, _ in pairs])
    true = np.mean([colorfulness(truth) for _, truth in pairs])
    assert measures["colorfulness_share"] == pytest.approx(found / true)
    assert measures["colorfulness"] == pytest.approx(found)
    assert measures["true_colorfulness"] == pytest.approx(true)
    assert measures["delta_colorfulness"] == pytest.approx(abs(found - true))
    absolute = np.mean([colorfulness(output, absolute=True) for output, _ in pairs])
    assert measures["absolute_colorfulness"] == pytest.approx(absolute)
    true_absolute = np.mean([colorfulness(truth, absolute=True) for _, truth in pairs])
    assert measures["true_absolute_colorfulness"] == pytest.approx(true_absolute)


def test_the_truth_itself_is_perfect(pairs: list[Pair]) -> None:
    measures = Measures()
    for _, truth in pairs:
        measures.add(truth, truth)
    assert measures["pooled_psnr"] == float("inf")
    assert measures["mean_psnr"] == 100
    assert measures["auc"] == measures["balanced_auc"] == 100
    assert measures["delta_colorfulness"] == 0


def test_merging_is_adding(measures: Measures, pairs: list[Pair]) -> None:
    parts = [Measures(), Measures()]
    for index, (output, truth) in enumerate(pairs):
        parts[index % 2].add(output, truth)
    parts[0].merge(parts[1])
    for name in MEASURES:
        assert parts[0][name] == pytest.approx(measures[name])


@pytest.mark.parametrize("shapes", [((2, 2, 3), (2, 3, 3)), ((2, 2), (2, 2)), ((0, 4, 3), (0, 4, 3))])
def test_what_is_no_pair_is_refused(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match=r"not two pictures|not a picture"):
        Measures().add(*(np.zeros(shape, dtype=np.uint8) for shape in shapes))


def test_every_colour_has_a_bin() -> None:
    steps = np.arange(0, 256, 15, dtype=np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    measures = Measures()
    measures.add(cube, cube)
    assert measures.comparisons[0].pixels.sum() == cube.shape[1]
    assert measures["balanced_auc"] == 100
    assert psnr(0.0) == float("inf")


def test_a_truth_may_be_compared_with_many(pairs: list[Pair]) -> None:
    output, truth = pairs[0]
    shared, once, again = Truth(truth), Measures(), Measures()
    once.add(truth, shared)
    once.add(output, shared)
    again.add(truth, truth)
    again.add(output, truth)
    assert [once[name] for name in MEASURES] == [again[name] for name in MEASURES]


def test_nothing_has_no_measures() -> None:
    with pytest.raises(ValueError, match="nothing was compared"):
        Measures()["auc"]
