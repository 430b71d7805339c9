"""Evaluation against doing by hand what it claims to do."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import lab2rgb, rgb2lab

from app.networks.card import Card, NetworkSpec
from app.networks.palette import HORSES_24
from app.training.evaluation import evaluate, fit, mean_ab, true_luminance
from tests.training.conftest import coloured_noise

CARD = Card(
    id="oracle",
    title="Oracle",
    task="palette",
    network=NetworkSpec(type="unet"),
    parameters=1,
    input_size=32,
    size_multiple=4,
    palette=list(HORSES_24),
    trained_on="nothing",
    licence="none",
    sha256="0" * 64,
)


class ByBrightness:
    """Gives the palette colour whose mean is nearest the gray a probability of 0.7, the others the rest."""

    name = "by brightness"

    def __call__(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        means = np.asarray(HORSES_24, dtype=np.float32).mean(axis=1)
        best = np.abs(planes - means[None, :, None, None]).argmin(axis=1)
        result = np.full((len(planes), 24, *planes.shape[2:]), 0.3 / 23, dtype=np.float32)
        np.put_along_axis(result, best[:, None], np.float32(0.7), axis=1)
        return result


@pytest.fixture(scope="module")
def pictures() -> NDArray[np.uint8]:
    return coloured_noise(4, seed=9)


@pytest.fixture(scope="module")
def results(pictures: NDArray[np.uint8]) -> dict[str, dict[str, float]]:
    return evaluate({"oracle": (CARD, ByBrightness())}, list(pictures))


def test_accuracy_and_loss_are_the_courses(
    results: dict[str, dict[str, float]], pictures: NDArray[np.uint8]
) -> None:
    palette = np.asarray(HORSES_24)
    unit = pictures / 255
    target = np.linalg.norm(unit[..., None, :] - palette, axis=-1).argmin(-1)
    chosen = np.abs(unit.mean(-1)[..., None] - palette.mean(1)).argmin(-1)
    right = np.equal(chosen, target)
    assert results["oracle"]["accuracy"] == pytest.approx(right.mean(), abs=1e-3)
    loss = -np.log(right * 0.7 + ~right * 0.3 / 23).mean()
    assert results["oracle"]["cross_entropy"] == pytest.approx(loss, rel=1e-3)


def test_gray_keeps_the_true_lightness_and_nothing_else(
    results: dict[str, dict[str, float]], pictures: NDArray[np.uint8]
) -> None:
    lab = rgb2lab(pictures)
    lab[..., 1:] = 0
    gray = np.rint(lab2rgb(lab) * 255)
    error = ((gray - pictures.astype(float)) ** 2).mean()
    assert results["gray"]["pooled_psnr"] == pytest.approx(10 * np.log10(255**2 / error), abs=0.01)
    assert results["gray"]["colorfulness"] == pytest.approx(0, abs=1e-6)
    assert "accuracy" not in results["gray"]


def test_mean_colour_is_the_data_sets(pictures: NDArray[np.uint8]) -> None:
    ab = np.asarray(rgb2lab(pictures), dtype=np.float64)[..., 1:]
    assert mean_ab(pictures) == pytest.approx(ab.reshape(-1, 2).mean(axis=0), abs=1e-2)


def test_luminance_is_scikit_images(pictures: NDArray[np.uint8]) -> None:
    found = true_luminance(pictures[0]) / 65535
    lightness = rgb2lab(np.repeat(found[..., None], 3, axis=-1))[..., 0]
    np.testing.assert_allclose(lightness, rgb2lab(pictures[0])[..., 0], atol=2e-2)


@pytest.mark.parametrize(
    ("size", "side", "expected"),
    [((40, 60), 20, (20, 30)), ((40, 60), 80, (40, 60)), ((1, 500), 1, (1, 500)), ((40, 60), None, (40, 60))],
)
def test_pictures_are_only_ever_scaled_down(
    size: tuple[int, int], side: int | None, expected: tuple[int, int]
) -> None:
    assert fit(np.zeros((*size, 3), dtype=np.uint8), side).shape[:2] == expected


def test_nothing_cannot_be_evaluated(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no pictures"):
        evaluate({}, [])
