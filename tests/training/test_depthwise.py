"""Quickened depthwise convolutions, against the modules that they stand for."""

import copy

import pytest
import torch
from torch import Tensor, nn

from app.networks.encoder import EfficientNetLite
from app.networks.layers import SameConv2d
from app.training.depthwise import quicken


def gradients(module: nn.Module, x: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Output, and the gradients of its weighted sum with respect to input and parameters."""
    x = x.clone().requires_grad_()
    y = module(x)
    (y * torch.linspace(-1, 2, y.numel()).reshape(y.shape)).sum().backward()
    found = {name: value.grad for name, value in module.named_parameters() if value.grad is not None}
    assert x.grad is not None
    return y.detach(), {"x": x.grad, **found}


CASES: list[nn.Conv2d] = [
    nn.Conv2d(12, 12, 3, padding=1, groups=12),
    nn.Conv2d(12, 12, 5, stride=2, padding=2, groups=12),
    SameConv2d(12, 12, 5, stride=2, groups=12),
]


@pytest.mark.parametrize("module", CASES, ids=["3", "5, stride 2", "SAME"])
def test_values_and_gradients_are_the_modules_own(module: nn.Conv2d) -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 12, 11, 14).contiguous(memory_format=torch.channels_last)
    expected, expected_gradients = gradients(copy.deepcopy(module), x)
    quick = copy.deepcopy(module)
    quicken(quick)
    assert "_conv_forward" in vars(quick)
    found, found_gradients = gradients(quick, x)
    torch.testing.assert_close(found, expected)
    assert found_gradients.keys() == expected_gradients.keys() == {"x", "weight", "bias"}
    for name, gradient in found_gradients.items():
        torch.testing.assert_close(gradient, expected_gradients[name], rtol=1e-4, atol=1e-3)


def test_in_bfloat16_kernels_learn_as_precisely_as_their_inputs_allow() -> None:
    torch.manual_seed(1)
    module = nn.Conv2d(8, 8, 5, padding=2, groups=8)
    x = torch.randn(4, 8, 16, 16).bfloat16().float()  # exact in both
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(parameter.bfloat16())
    _, expected = gradients(copy.deepcopy(module), x)
    quicken(module)
    with torch.autocast("cpu", torch.bfloat16):
        y, found = gradients(module, x)
    assert y.dtype == torch.bfloat16
    for name in ("weight", "bias"):
        assert found[name].dtype == torch.float32
        scale = float(expected[name].abs().max())
        torch.testing.assert_close(found[name], expected[name], rtol=0, atol=0.01 * scale)


def test_frozen_parameters_get_no_gradient() -> None:
    module = nn.Conv2d(4, 4, 3, padding=1, groups=4)
    module.requires_grad_(False)
    quicken(module)
    _, found = gradients(module, torch.randn(1, 4, 6, 6))
    assert found.keys() == {"x"}


def test_of_an_encoder_just_the_depthwise_ones() -> None:
    encoder = EfficientNetLite("lite0")
    quicken(encoder)
    quick = [module for module in encoder.convolutions() if "_conv_forward" in vars(module)]
    assert len(quick) == 16  # blocks of EfficientNet-Lite0 (Tan & Le 2019, table 1)
    assert all(module.groups == module.in_channels for module in quick)
