"""Features that are kept: the same as computed, each picture's own, within their bytes."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from app.colorizing.features import FeatureMemory
from app.networks.ensemble import assemble
from app.networks.halves import Halves, hints_of
from app.networks.photo_unet import PhotoUNet

Floats = NDArray[np.float32]


class Counting:
    """Stands in for an encoder: one feature of 400 bytes, and how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, gray: Floats) -> tuple[Floats, ...]:
        self.asked += 1
        return (np.full(100, gray.mean(), dtype=np.float32),)


def gray(level: float, height: int = 4, width: int = 4) -> Floats:
    return np.full((1, 1, height, width), level, dtype=np.float32)


def test_a_picture_seen_before_is_not_looked_at_again() -> None:
    encode = Counting()
    memory = FeatureMemory(encode)
    first, other, again = (memory(gray(level)) for level in (0.25, 0.5, 0.25))
    assert encode.asked == 2
    assert again is first
    assert other[0][0] == 0.5


def test_pictures_of_the_same_bytes_and_another_shape_are_others() -> None:
    encode = Counting()
    memory = FeatureMemory(encode)
    memory(gray(0.5, 2, 8))
    memory(gray(0.5, 8, 2))
    assert encode.asked == 2


def test_what_was_used_longest_ago_goes_first() -> None:
    encode = Counting()
    memory = FeatureMemory(encode, most_bytes=1000)
    for level in (0.1, 0.2, 0.1, 0.3):  # 0.3 drives 0.2 out
        memory(gray(level))
        assert memory.bytes <= 1000
    assert (encode.asked, memory.bytes) == (3, 800)
    memory(gray(0.1))
    assert encode.asked == 3
    memory(gray(0.2))
    assert encode.asked == 4


def test_features_larger_than_all_that_may_be_kept_are_not() -> None:
    encode = Counting()
    memory = FeatureMemory(encode, most_bytes=399)
    assert memory(gray(0.5))[0].shape == (100,)
    assert memory.bytes == 0


def test_batches_are_passed_on() -> None:
    encode = Counting()
    memory = FeatureMemory(encode)
    for _ in range(2):
        memory(np.zeros((2, 1, 4, 4), np.float32))
    assert (encode.asked, memory.bytes) == (2, 0)


@pytest.mark.parametrize("members", [1, 2])
def test_the_network_says_the_same_with_it(members: int) -> None:
    torch.manual_seed(0)
    networks = [PhotoUNet(bins=5, widths=(8, 8, 8), hints=4) for _ in range(members)]
    network = (networks[0] if members == 1 else assemble(networks, mirror=True)).eval()
    assert isinstance(network, Halves)

    def encode(gray: Floats) -> tuple[Tensor, ...]:
        return network.encode(torch.from_numpy(gray))

    memory = FeatureMemory(encode)
    planes = np.random.default_rng(0).random((1, 4, 64, 96), dtype=np.float32)
    with torch.inference_mode():
        for hints in (planes[:, 1:], planes[:, 1:], 1 - planes[:, 1:]):
            given = torch.from_numpy(np.concatenate([planes[:, :1], hints], axis=1))
            found = network.decode(tuple(memory(planes[:, :1])), hints_of(given))
            torch.testing.assert_close(found, network(given), rtol=0, atol=0)
    assert memory.bytes == sum(each.nbytes for each in encode(planes[:, :1]))
