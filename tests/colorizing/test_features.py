"""Features that are kept: the same as computed, each picture's own, within their bytes."""

import numpy as np
import pytest
import torch
from torch import Tensor

from app.colorizing.features import FeatureMemory
from app.networks.photo_unet import PhotoUNet


class Counting:
    """Stands in for an encoder: one feature of 400 bytes, and how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, gray: Tensor) -> tuple[Tensor, ...]:
        self.asked += 1
        return (gray.mean() + torch.zeros(100),)


def gray(level: float, height: int = 4, width: int = 4) -> Tensor:
    return torch.full((1, 1, height, width), level)


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
        memory(torch.zeros(2, 1, 4, 4))
    assert (encode.asked, memory.bytes) == (2, 0)


@pytest.mark.parametrize("channels_last", [False, True])
def test_the_network_says_the_same_with_it(channels_last: bool) -> None:
    torch.manual_seed(0)
    network = PhotoUNet(bins=5, widths=(8, 8, 8), hints=4).eval()
    memory = FeatureMemory(network.encode)
    planes = torch.from_numpy(np.random.default_rng(0).random((1, 4, 64, 96), dtype=np.float32))
    if channels_last:
        planes = planes.contiguous(memory_format=torch.channels_last)
    with torch.inference_mode():
        expected = network(planes)
        for _ in range(2):
            torch.testing.assert_close(network(planes, memory), expected, rtol=0, atol=0)
        hinted = torch.cat([planes[:, :1], 1 - planes[:, 1:]], dim=1)
        torch.testing.assert_close(network(hinted, memory), network(hinted), rtol=0, atol=0)
