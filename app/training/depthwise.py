"""Depthwise convolutions whose kernels learn at full speed on a CPU.

oneDNN's bfloat16 gradient of a 5x5 depthwise kernel takes up to four times its float32 one; the gradient of
the input and the convolution itself are quick in bfloat16. So each is asked for where it is quick.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_NO_OUTPUT_PADDING = [0, 0]


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.settings = (stride, padding)
        return F.conv2d(x, weight.to(x.dtype), bias.to(x.dtype), stride, padding, groups=len(weight))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        (grad,) = grads
        x, weight = ctx.saved_tensors
        grad = grad.contiguous(memory_format=torch.channels_last)
        of_x, of_weight, of_bias = ctx.needs_input_grad[:3]
        dx = _backward(grad, x, weight.to(x.dtype), ctx.settings, (True, False, False))[0] if of_x else None
        dweight = dbias = None
        if of_weight or of_bias:
            mask = (False, of_weight, of_bias)
            _, dweight, dbias = _backward(grad.float(), x.float(), weight.float(), ctx.settings, mask)
        return dx, dweight, dbias, None, None


def _backward(
    grad: Tensor, x: Tensor, weight: Tensor, settings: tuple[int, int], mask: tuple[bool, bool, bool]
) -> tuple[Tensor, Tensor, Tensor]:
    stride, padding = settings
    channels = len(weight)
    found: tuple[Tensor, Tensor, Tensor]
    found = torch.ops.aten.convolution_backward(
        grad,
        x,
        weight,
        [channels],
        [stride] * 2,
        [padding] * 2,
        [1, 1],
        False,
        _NO_OUTPUT_PADDING,
        channels,
        mask,
    )
    return found


def quicken(network: nn.Module) -> None:
    """Let every depthwise 2-D convolution with a bias, equal strides and paddings compute as above.

    Values and gradients are those of the module itself, to rounding.
    """
    for module in network.modules():
        if not isinstance(module, nn.Conv2d) or module.bias is None or module.dilation != (1, 1):
            continue
        if module.groups == module.in_channels == module.out_channels:
            stride, padding = module.stride[0], module.padding[0]
            if module.stride == (stride, stride) and module.padding == (padding, padding):
                module._conv_forward = _Convolve(stride, int(padding))  # type: ignore[method-assign]


class _Convolve:
    def __init__(self, stride: int, padding: int) -> None:
        self.stride, self.padding = stride, padding

    def __call__(self, input: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        if torch.is_autocast_enabled("cpu"):
            input = input.to(torch.get_autocast_dtype("cpu"))
        result: Tensor = _Depthwise.apply(input, weight, bias, self.stride, self.padding)
        return result
