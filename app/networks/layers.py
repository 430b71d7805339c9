"""Layers that several networks share."""

import math

from torch import Tensor, nn
from torch.nn import functional as F


class SameConv2d(nn.Conv2d):
    """Convolution padded as TensorFlow's SAME: output = ceil(input / stride), the odd pixel at the end."""

    def forward(self, x: Tensor) -> Tensor:
        """Pad for the size at hand, then convolve."""
        height, width = x.shape[-2:]
        (kernel, _), (stride, _) = self.kernel_size, self.stride
        vertical = max((math.ceil(height / stride) - 1) * stride + kernel - height, 0)
        horizontal = max((math.ceil(width / stride) - 1) * stride + kernel - width, 0)
        x = F.pad(x, (horizontal // 2, horizontal - horizontal // 2, vertical // 2, vertical - vertical // 2))
        return super().forward(x)
