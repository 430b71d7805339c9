"""U-Net whose way down is a recognition encoder: it knows what is in the picture before it colours it."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from app.networks.encoder import EfficientNetLite


def conv_block(cin: int, cout: int, kernel: int = 3) -> nn.Sequential:
    """Convolution that keeps the size, BatchNorm, ReLU."""
    return nn.Sequential(
        nn.Conv2d(cin, cout, kernel, padding=kernel // 2, bias=False), nn.BatchNorm2d(cout), nn.ReLU()
    )


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut (He et al. 2016, basic block)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv_block(channels, channels)
        self.second = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Same shape in and out."""
        return F.relu(x + self.second(self.first(x)))


class EnlargedUNet(nn.Module):
    """For tiny pictures: an encoder sees them enlarged four times, the decoder ends at the native size.

    The features at the encoder's stride 4 are then as many as the picture's own pixels; there they meet
    convolutions of the native picture, which carry its exact gray values. (N, 1, H, W) to (N, classes, H, W)
    for H and W that are multiples of 8.
    """

    def __init__(
        self,
        variant: str = "lite0",
        classes: int = 24,
        widths: tuple[int, int, int, int] = (256, 192, 128, 96),
        native: int = 48,
        residual_blocks: int = 2,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        bottom, deep, middle, top = widths
        self.encoder = EfficientNetLite(variant)
        _, quarter, eighth, sixteenth, last = self.encoder.channels
        self.bottom = conv_block(last, bottom, kernel=1)
        self.globally = nn.Linear(last, bottom)
        self.dropout = nn.Dropout2d(dropout)
        self.up16 = conv_block(bottom + sixteenth, deep)
        self.up8 = conv_block(deep + eighth, middle)
        self.native = nn.Sequential(conv_block(1, native, kernel=5), conv_block(native, native))
        self.up4 = conv_block(middle + quarter + native, top)
        self.refine = nn.Sequential(*(ResidualBlock(top) for _ in range(residual_blocks)))
        self.head = nn.Conv2d(top + native, classes, 1)

    def encode_early(self, gray: Tensor) -> tuple[Tensor, Tensor]:
        """Features of the frozen stages: a function of the picture alone, so that training may keep them."""
        enlarged = F.interpolate(gray, scale_factor=4, mode="bicubic", align_corners=False)
        _, quarter, eighth = self.encoder.early(enlarged)
        return quarter, eighth

    def decode(self, gray: Tensor, quarter: Tensor, eighth: Tensor) -> Tensor:
        """Logits from the picture and its early features."""
        sixteenth, last = self.encoder.late(eighth)
        x = self.bottom(last) + self.globally(last.mean(dim=(2, 3)))[:, :, None, None]
        x = self.up16(torch.cat([_double(self.dropout(x)), self.dropout(sixteenth)], dim=1))
        x = self.up8(torch.cat([_double(self.dropout(x)), eighth], dim=1))
        native = self.native(gray)
        x = self.up4(torch.cat([_double(x), quarter, native], dim=1))
        logits: Tensor = self.head(torch.cat([self.refine(x), native], dim=1))
        return logits

    def forward(self, gray: Tensor) -> Tensor:
        """Logits of every pixel's class."""
        return self.decode(gray, *self.encode_early(gray))


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")
