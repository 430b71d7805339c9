"""The network for photographs: a recognition encoder, hints beside it, colours at a quarter of the size."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from app.networks.encoder import EfficientNetLite
from app.networks.encoder_unet import conv_block
from app.networks.halves import HINT_PLANES, Features, Halves


class PhotoUNet(Halves):
    """U-Net from an EfficientNet-Lite encoder: (N, 1 or 4, H, W) to logits over ab bins (N, bins, H/4, W/4).

    H and W are multiples of 32. The first plane is gray as the encoder wants it; the other three, which may
    be left out, are hints (`HINT_PLANES`). They join at the decoder, averaged over each of its places, so
    that the encoder's weights stay what recognition made of them and its work can be kept while hints change.
    """

    features = 4

    def __init__(
        self,
        variant: str = "lite0",
        bins: int = 260,
        widths: tuple[int, int, int] = (256, 160, 96),
        hints: int = 32,
    ) -> None:
        super().__init__()
        deep, middle, top = widths
        self.encoder = EfficientNetLite(variant)
        _, quarter, eighth, sixteenth, last = self.encoder.channels
        self.hint4 = conv_block(HINT_PLANES, hints)
        self.hint8 = _halve(hints, hints)
        self.hint16 = _halve(hints, 2 * hints)
        self.hint32 = _halve(2 * hints, 2 * hints)
        self.bottom = conv_block(last + 2 * hints, deep, kernel=1)
        self.globally = nn.Linear(last + 2 * hints, deep)
        self.up16 = conv_block(deep + sixteenth + 2 * hints, deep)
        self.up8 = conv_block(deep + eighth + hints, middle)
        self.up4 = conv_block(middle + quarter + hints, top)
        self.refine = conv_block(top, top)
        self.head = nn.Conv2d(top, bins, 1)

    def encode(self, gray: Tensor) -> Features:
        """What the picture shows, at strides 4, 8, 16 and 32: a function of gray (N, 1, H, W) alone."""
        _, quarter, eighth = self.encoder.early(gray)
        return quarter, eighth, *self.encoder.late(eighth)

    def decode(self, features: Features, hints: Tensor) -> Tensor:
        """Logits from `encode`'s features and hints (N, 3, H/4, W/4)."""
        quarter, eighth, sixteenth, last = features
        hint4 = self.hint4(hints)
        hint8 = self.hint8(hint4)
        hint16 = self.hint16(hint8)
        deepest = torch.cat([last, self.hint32(hint16)], dim=1)
        x = self.bottom(deepest) + self.globally(deepest.mean(dim=(2, 3)))[:, :, None, None]
        x = self.up16(torch.cat([_double(x), sixteenth, hint16], dim=1))
        x = self.up8(torch.cat([_double(x), eighth, hint8], dim=1))
        x = self.up4(torch.cat([_double(x), quarter, hint4], dim=1))
        logits: Tensor = self.head(x + self.refine(x))
        return logits


def _halve(cin: int, cout: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(cin, cout, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(cout), nn.ReLU()
    )


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")
