"""The course's networks against its table: parameter counts, block shapes, any multiple of 4."""

import pytest
import torch
from torch import nn

from app.networks.course import ConvTransposeNet, PoolUpsampleNet, UNet

BLOCKS = {"block1": (32, 16), "block2": (64, 8), "block3": (32, 16), "block4": (24, 32), "block5": (24, 32)}


@pytest.mark.parametrize(
    ("network", "parameters"), [(PoolUpsampleNet, 49_728), (ConvTransposeNet, 49_728), (UNet, 56_856)]
)
def test_parameters_are_the_courses(network: type[nn.Module], parameters: int) -> None:
    assert sum(parameter.numel() for parameter in network().parameters()) == parameters


@pytest.mark.parametrize(
    ("network", "kernel"),
    [
        *((PoolUpsampleNet, kernel) for kernel in (3, 5)),
        *((ConvTransposeNet, kernel) for kernel in (2, 3, 4, 5)),
        *((UNet, kernel) for kernel in (3, 4)),
    ],
)
def test_every_block_has_the_courses_shape(network: type[nn.Module], kernel: int) -> None:
    built = network(kernel_size=kernel)
    seen: dict[str, tuple[int, int]] = {}
    for name in BLOCKS:
        built.get_submodule(name).register_forward_hook(
            lambda module, inputs, output, name=name: seen.update({name: (output.shape[1], output.shape[2])})
        )
    assert built(torch.zeros(2, 1, 32, 32)).shape == (2, 24, 32, 32)
    assert seen == BLOCKS


@pytest.mark.parametrize("network", [PoolUpsampleNet, ConvTransposeNet, UNet])
@pytest.mark.parametrize("size", [(4, 4), (8, 64), (36, 20)])
def test_any_multiple_of_four_keeps_its_size(network: type[nn.Module], size: tuple[int, int]) -> None:
    assert network().eval()(torch.zeros(1, 1, *size)).shape[-2:] == size


def test_even_kernels_pad_the_last_layer_as_same_does() -> None:
    torch.manual_seed(0)
    network = ConvTransposeNet(kernel_size=4)
    x = torch.randn(1, 24, 9, 12)
    padded = nn.functional.pad(x, (1, 2, 1, 2))
    expected = nn.functional.conv2d(padded, network.block5.weight, network.block5.bias)
    torch.testing.assert_close(network.block5(x), expected)


def test_unet_carries_the_input_to_the_last_layer() -> None:
    network = UNet().eval()
    nn.init.zeros_(network.block5.weight)
    assert network.block5.bias is not None
    nn.init.zeros_(network.block5.bias)
    network.block5.weight.data[3, 24, 1, 1] = 2.0
    gray = torch.rand(1, 1, 32, 32)
    torch.testing.assert_close(network(gray)[:, 3], 2 * gray[:, 0])


@pytest.mark.parametrize(("network", "kernel"), [(PoolUpsampleNet, 4), (ConvTransposeNet, 1), (UNet, 1)])
def test_kernels_that_cannot_keep_the_shapes_are_refused(network: type[nn.Module], kernel: int) -> None:
    with pytest.raises(ValueError, match="kernel"):
        network(kernel_size=kernel)
