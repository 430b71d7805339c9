"""The three networks of the course: colorization of 32x32 gray pictures as classification over a palette.

Every block keeps the pattern convolution, (resampling,) BatchNorm, ReLU; the last is a bare convolution.
Shapes are for a 32x32 input; any height and width that are multiples of 4 work. Convolutions have biases.
"""

import torch
from torch import Tensor, nn

from app.networks.layers import SameConv2d


def _down_pool(cin: int, cout: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(cin, cout, kernel, padding=kernel // 2), nn.MaxPool2d(2), nn.BatchNorm2d(cout), nn.ReLU()
    )


def _up_nearest(cin: int, cout: int, kernel: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(cin, cout, kernel, padding=kernel // 2),
        nn.Upsample(scale_factor=2),
        nn.BatchNorm2d(cout),
        nn.ReLU(),
    )


def _down_strided(cin: int, cout: int, kernel: int) -> nn.Sequential:
    padding = (kernel - 1) // 2
    return nn.Sequential(
        nn.Conv2d(cin, cout, kernel, stride=2, padding=padding), nn.BatchNorm2d(cout), nn.ReLU()
    )


def _up_transposed(cin: int, cout: int, kernel: int) -> nn.Sequential:
    # (H-1)*2 - 2p + (k-1) + op + 1 = 2H needs 2p - op = k - 2: output_padding 1 for odd kernels, 0 for even.
    padding, output_padding = (kernel - 1) // 2, kernel % 2
    return nn.Sequential(
        nn.ConvTranspose2d(cin, cout, kernel, stride=2, padding=padding, output_padding=output_padding),
        nn.BatchNorm2d(cout),
        nn.ReLU(),
    )


class PoolUpsampleNet(nn.Module):
    """Max pooling down, nearest upsampling up: (N, channels, H, W) to logits (N, classes, H, W)."""

    def __init__(
        self, kernel_size: int = 3, features: int = 32, classes: int = 24, channels: int = 1
    ) -> None:
        super().__init__()
        if kernel_size % 2 == 0:
            raise ValueError(
                "PoolUpsampleNet needs an odd kernel: an even one cannot keep the size at stride 1"
            )
        self.block1 = _down_pool(channels, features, kernel_size)
        self.block2 = _down_pool(features, 2 * features, kernel_size)
        self.block3 = _up_nearest(2 * features, features, kernel_size)
        self.block4 = _up_nearest(features, classes, kernel_size)
        self.block5 = nn.Conv2d(classes, classes, kernel_size, padding=kernel_size // 2)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of every pixel's class."""
        logits: Tensor = self.block5(self.block4(self.block3(self.block2(self.block1(x)))))
        return logits


class ConvTransposeNet(nn.Module):
    """Strided convolutions down, transposed convolutions up; kernels 3, 4 and 5 keep the shapes.

    At stride 1 no symmetric padding keeps the size for an even kernel, so the last layer pads as `'same'`
    does: one more at the end.
    """

    def __init__(
        self, kernel_size: int = 3, features: int = 32, classes: int = 24, channels: int = 1
    ) -> None:
        super().__init__()
        if kernel_size < 2:
            raise ValueError("ConvTransposeNet needs a kernel of at least 2 to double the size at stride 2")
        self.block1 = _down_strided(channels, features, kernel_size)
        self.block2 = _down_strided(features, 2 * features, kernel_size)
        self.block3 = _up_transposed(2 * features, features, kernel_size)
        self.block4 = _up_transposed(features, classes, kernel_size)
        self.block5 = SameConv2d(classes, classes, kernel_size)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of every pixel's class."""
        logits: Tensor = self.block5(self.block4(self.block3(self.block2(self.block1(x)))))
        return logits


class UNet(nn.Module):
    """ConvTransposeNet with two skips: block 1's output enters block 4, the input enters block 5."""

    def __init__(
        self, kernel_size: int = 3, features: int = 32, classes: int = 24, channels: int = 1
    ) -> None:
        super().__init__()
        if kernel_size < 2:
            raise ValueError("UNet needs a kernel of at least 2 to double the size at stride 2")
        self.block1 = _down_strided(channels, features, kernel_size)
        self.block2 = _down_strided(features, 2 * features, kernel_size)
        self.block3 = _up_transposed(2 * features, features, kernel_size)
        self.block4 = _up_transposed(2 * features, classes, kernel_size)
        self.block5 = SameConv2d(classes + channels, classes, kernel_size)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of every pixel's class."""
        first = self.block1(x)
        third = self.block3(self.block2(first))
        fourth = self.block4(torch.cat([third, first], dim=1))
        logits: Tensor = self.block5(torch.cat([fourth, x], dim=1))
        return logits
