"""A tiny data set that can be learned: colour follows brightness, class by class."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from app.networks.palette import HORSES_24
from app.training.recipe import Recipe

Pixels = NDArray[np.uint8]


def coloured_noise(count: int, seed: int) -> Pixels:
    """Pictures of 4x4 patches in palette colours, with a little noise."""
    rng = np.random.default_rng(seed)
    palette = np.asarray(HORSES_24)
    patches = palette[rng.integers(24, size=(count, 8, 8))]
    pictures = patches.repeat(4, axis=1).repeat(4, axis=2) + rng.normal(0, 0.01, (count, 32, 32, 3))
    return (pictures.clip(0, 1) * 255).round().astype(np.uint8)


@pytest.fixture(scope="session")
def train() -> dict[str, Pixels]:
    return {"horse": coloured_noise(40, 1), "ship": coloured_noise(30, 2)}


@pytest.fixture(scope="session")
def test() -> dict[str, Pixels]:
    return {"horse": coloured_noise(12, 3)}


def make_recipe(**changes: Any) -> Recipe:
    """A recipe of two short epochs."""
    described: dict[str, Any] = {
        "id": "tiny",
        "title": "Tiny",
        "network": {"type": "unet"},
        "phases": [{"epochs": 2}],
        "batch_size": 10,
        "trained_on": "noise",
        "licence": "none",
    }
    return Recipe.model_validate(described | changes)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"
