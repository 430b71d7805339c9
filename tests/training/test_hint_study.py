"""Hints of the truth: what is revealed, and that a model that follows them is seen to gain."""

import numpy as np
import pytest
from numpy.typing import NDArray

from app.networks.ab_bins import bins_in_gamut
from app.networks.card import Card, NetworkSpec
from app.training.evaluation import Model
from app.training.hint_study import reveal, study_hints
from tests.training.conftest import coloured_noise

CARD = Card(
    id="obedient",
    title="Obedient",
    task="ab",
    network=NetworkSpec(type="photo-unet"),
    parameters=1,
    input_size=32,
    size_multiple=32,
    bins=list(bins_in_gamut()),
    temperature=1.0,
    trained_on="nothing",
    licence="none",
    sha256="0" * 64,
)
BINS = np.asarray(CARD.bins)


class Obedient:
    """Gives each place the bin nearest to its hint, and gray where there is none."""

    name = "obedient"

    def __call__(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        count, _, height, width = planes.shape
        wanted: NDArray[np.floating] = np.zeros((count, height, width, 2))
        if planes.shape[1] > 1:
            wanted = 100 * np.moveaxis(planes[:, 1:3], 1, -1)
        nearest = np.linalg.norm(wanted[..., None, :] - BINS, axis=-1).argmin(axis=-1)
        return np.moveaxis(np.eye(len(BINS), dtype=np.float32)[nearest], -1, 1)


def test_hints_are_the_truths_colours_and_fewer_are_the_first_of_more() -> None:
    truth = coloured_noise(1, seed=1)[0]
    many = reveal(truth, 50, seed=7)
    assert reveal(truth, 5, seed=7) == many[:5] != reveal(truth, 5, seed=8)
    for hint in many:
        red, green, blue = truth[int(hint.y * 32), int(hint.x * 32)]
        assert hint.color == f"#{red:02x}{green:02x}{blue:02x}"


def test_known_colours_help_who_uses_them() -> None:
    pictures = list(coloured_noise(3, seed=2))
    found = study_hints(Model(CARD, Obedient()), pictures, counts=(0, 10, 50), draws=50)
    assert list(found) == ["no hint", "10 hints", "50 hints"]
    psnr = [row["pooled_psnr"].value for row in found.values()]
    assert psnr[0] + 0.2 < psnr[1] < psnr[2]
    assert found["50 hints"]["pooled_psnr_gain"].value == pytest.approx(psnr[2] - psnr[0])
    assert found["10 hints"]["hints"].value == 10
