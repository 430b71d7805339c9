"""Photographs for the tests of imaging."""

from typing import Any

import numpy as np
import pytest
import skimage.data
from hypothesis import settings
from numpy.typing import NDArray

settings.register_profile("unhurried", deadline=None)  # numeric tests on a busy machine take their time
settings.load_profile("unhurried")


def _photograph(name: str) -> NDArray[np.uint8]:
    photograph: NDArray[np.uint8] = getattr(skimage.data, name)()
    photograph.flags.writeable = False
    return photograph


@pytest.fixture(scope="session")
def astronaut() -> NDArray[np.uint8]:
    """A photograph in colour, (512, 512, 3)."""
    return _photograph("astronaut")


@pytest.fixture(scope="session")
def camera() -> NDArray[np.uint8]:
    """A photograph in gray, (512, 512)."""
    return _photograph("camera")


@pytest.fixture(params=[np.uint8, np.uint16], ids=["8 bit", "16 bit"])
def dtype(request: pytest.FixtureRequest) -> np.dtype[Any]:
    """The two depths of samples."""
    found: np.dtype[Any] = np.dtype(request.param)
    return found
