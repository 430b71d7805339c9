"""The difference between sizes, for models whose difference is known."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage.color import rgb2lab

from app.training.evaluation import Model
from app.training.stability import small_ab, study_sizes
from tests.training.conftest import coloured_noise
from tests.training.test_hint_study import CARD

BINS = np.asarray(CARD.bins)
MUTED = CARD.model_copy(update={"size_multiple": 8})


class Constant:
    """One colour everywhere; `shift` moves it for every other picture."""

    name = "constant"

    def __init__(self, *colours: tuple[float, float]) -> None:
        self._colours, self._calls = colours, 0

    def __call__(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        a, b = self._colours[self._calls % len(self._colours)]
        self._calls += 1
        place = CARD.bins.index((a, b)) if CARD.bins else 0
        found: Any = np.zeros((len(planes), len(BINS), *planes.shape[2:]), dtype=np.float32)
        found[:, place] = 1
        return np.asarray(found)


def gray() -> list[NDArray[np.uint8]]:
    return [np.full((40, 60, 3), 128, dtype=np.uint8), np.full((50, 40, 3), 140, dtype=np.uint8)]


def test_the_same_colours_do_not_differ() -> None:
    found = study_sizes(Model(MUTED, Constant((10.0, 10.0))), gray(), sides=(16, 32, 64), draws=20)
    assert list(found) == ["16 and 32", "16 and 64", "32 and 64", "every two"]
    for row in found.values():
        assert row["ab_difference"].value < 0.6  # 8-bit samples


def test_a_known_difference_is_found() -> None:
    """Each picture comes first at the smaller size: 10 in a and 20 in b lie between what it gets there."""
    model = Model(MUTED, Constant((10.0, 0.0), (20.0, 20.0)))
    found = study_sizes(model, gray(), sides=(16, 32), draws=20)
    assert found["16 and 32"]["ab_difference"].value == pytest.approx(np.hypot(10, 20), abs=0.8)
    assert found["every two"] == found["16 and 32"]


def test_colours_are_compared_as_scikit_image_sees_them() -> None:
    rgb = coloured_noise(1, seed=4)[0]
    np.testing.assert_allclose(small_ab(rgb, (32, 32)), rgb2lab(rgb)[..., 1:], atol=1e-2)
    assert small_ab(rgb, (8, 16)).shape == (8, 16, 2)
