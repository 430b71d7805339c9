"""Evaluation against doing by hand what it claims to do."""

import io
from pathlib import Path

import numpy as np
import png
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from PIL import Image
from skimage.color import lab2rgb, rgb2lab

from app.colorizing.options import Options
from app.colorizing.registry import Registry
from app.imaging.bootstrap import Estimate
from app.networks.card import Card, NetworkSpec
from app.networks.palette import HORSES_24
from app.training.evaluation import (
    Given,
    Model,
    Results,
    evaluate,
    fit,
    mean_ab,
    scaled,
    to_bytes,
    true_luminance,
)
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
def estimated(pictures: NDArray[np.uint8]) -> Results:
    return evaluate({"oracle": Model(CARD, ByBrightness())}, list(pictures), draws=100)


@pytest.fixture(scope="module")
def results(estimated: Results) -> dict[str, dict[str, float]]:
    return {name: {key: each.value for key, each in row.items()} for name, row in estimated.items()}


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


def test_a_model_is_measured_as_it_is_served(
    client: TestClient, tiny_models: Path, pictures: NDArray[np.uint8]
) -> None:
    """What is measured is, byte for byte, what comes back over HTTP."""
    registry = Registry(tiny_models)
    for name in ("photo", "horses"):
        given = Given.of(pictures[0])
        found = Model(registry.card(name), registry.load(name))(given, Options(saturation=0.8))
        response = client.post(
            "/api/v1/colorize",
            data={"model": name, "saturation": "0.8"},
            files={"image": ("gray.png", given.png)},
        )
        assert response.status_code == 200
        _, _, rows, info = png.Reader(bytes=response.content).read()
        assert info["bitdepth"] == 16
        served = np.array([list(row) for row in rows], dtype=np.uint16).reshape(32, 32, 3)
        np.testing.assert_array_equal(found, to_bytes(served))


def test_what_a_model_is_given_is_the_luminance_alone(pictures: NDArray[np.uint8]) -> None:
    given = Given.of(pictures[1])
    assert np.asarray(Image.open(io.BytesIO(given.png))).astype(np.uint16).tolist() == given.gray.tolist()
    np.testing.assert_array_equal(given.gray, true_luminance(pictures[1]))


def test_every_figure_has_its_interval_and_its_gain(estimated: Results) -> None:
    row = estimated["oracle"]
    for name in ("accuracy", "cross_entropy", "pooled_psnr", "balanced_auc", "colorfulness"):
        figure = row[name]
        assert figure.low is not None and figure.high is not None
        assert figure.low <= figure.value <= figure.high
    gain = row["pooled_psnr"].value - estimated["gray"]["pooled_psnr"].value
    assert row["pooled_psnr_gain"].value == pytest.approx(gain)
    assert "pooled_psnr_gain" not in estimated["gray"]
    assert row["pictures"] == Estimate(4)
    assert row["median_ms"].value > 0 and row["peak_memory_mib"].value > 10


def test_what_has_no_finite_value_is_left_out(pictures: NDArray[np.uint8]) -> None:
    gray = np.repeat(pictures[..., :1], 3, axis=-1)
    found = evaluate({}, list(gray), draws=20)["gray"]
    assert "pooled_psnr" not in found
    assert found["mean_psnr"].value == 100


def test_scaling_up_is_only_for_who_asks() -> None:
    assert scaled(np.zeros((20, 30, 3), dtype=np.uint8), 40).shape == (40, 60, 3)
