"""EfficientNet-Lite (Tan & Le 2019, Lite variants 2020) as a gray encoder with BatchNorm folded away.

Only the feature stages are here, for one-channel input. Weights come from the published RGB networks through
`fold`: gray repeated three times is the same as one channel through the summed stem, and a BatchNorm whose
statistics are fixed is an affine map that its convolution can absorb.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor, nn
from torch.nn import functional as F

from app.networks.layers import SameConv2d

BATCHNORM_EPS = 1e-3


@dataclass(frozen=True)
class Stage:
    """One stage of the base network; its stride is that of the first of its repeated blocks."""

    expansion: int
    kernel: int
    stride: int
    channels: int
    repeats: int


_BASE = (
    Stage(1, 3, 1, 16, 1),
    Stage(6, 3, 2, 24, 2),
    Stage(6, 5, 2, 40, 2),
    Stage(6, 3, 2, 80, 3),
    Stage(6, 5, 1, 112, 3),
    Stage(6, 5, 2, 192, 4),
    Stage(6, 3, 1, 320, 1),
)
# (width multiplier, depth multiplier); Lite keeps the stem's width and the first and last stages' depth.
_VARIANTS = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2)}
_STEM_CHANNELS = 32


def _round_channels(channels: float) -> int:
    """Nearest multiple of 8, never more than 10 % below (the rule of MobileNet and EfficientNet)."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def stages(variant: str) -> tuple[Stage, ...]:
    """The stages of a variant, `lite0`, `lite1` or `lite2`."""
    width, depth = _VARIANTS[variant]
    last = len(_BASE) - 1
    return tuple(
        Stage(
            stage.expansion,
            stage.kernel,
            stage.stride,
            _round_channels(stage.channels * width),
            stage.repeats if index in (0, last) else math.ceil(stage.repeats * depth),
        )
        for index, stage in enumerate(_BASE)
    )


def _conv(cin: int, cout: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    if stride == 1:
        return nn.Conv2d(cin, cout, kernel, padding=kernel // 2, groups=groups)
    return SameConv2d(cin, cout, kernel, stride=stride, groups=groups)


class Block(nn.Module):
    """Inverted residual: expand 1x1, depthwise, project 1x1; ReLU6 after the first two."""

    def __init__(self, cin: int, cout: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = cin * expansion
        self.expand = _conv(cin, hidden, 1) if expansion != 1 else None
        self.depthwise = _conv(hidden, hidden, kernel, stride, groups=hidden)
        self.project = _conv(hidden, cout, 1)
        self.residual = stride == 1 and cin == cout

    def forward(self, x: Tensor) -> Tensor:
        """(N, cin, H, W) to (N, cout, ceil(H / stride), ceil(W / stride))."""
        y = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        result: Tensor = x + y if self.residual else y
        return result


class EfficientNetLite(nn.Module):
    """The stem and seven stages; `forward` returns the features at strides 2, 4, 8, 16 and 32."""

    def __init__(self, variant: str = "lite0") -> None:
        super().__init__()
        self.stem = SameConv2d(1, _STEM_CHANNELS, 3, stride=2)
        channels = _STEM_CHANNELS
        built = []
        for stage in stages(variant):
            blocks = []
            for index in range(stage.repeats):
                stride = stage.stride if index == 0 else 1
                blocks.append(Block(channels, stage.channels, stage.kernel, stride, stage.expansion))
                channels = stage.channels
            built.append(nn.Sequential(*blocks))
        self.stages = nn.ModuleList(built)
        widths = [stage.channels for stage in stages(variant)]
        self.channels = (widths[0], widths[1], widths[2], widths[4], widths[6])
        """Channels of the five returned feature maps."""

    def early(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(N, 1, H, W) gray, scaled `(255 g - 127) / 128`, to the features at strides 2, 4 and 8."""
        half = self.stages[0](F.relu6(self.stem(x)))
        quarter = self.stages[1](half)
        return half, quarter, self.stages[2](quarter)

    def late(self, eighth: Tensor) -> tuple[Tensor, Tensor]:
        """Features at stride 8 to those at strides 16 and 32."""
        sixteenth = self.stages[4](self.stages[3](eighth))
        return sixteenth, self.stages[6](self.stages[5](sixteenth))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """All five feature maps, finest first."""
        half, quarter, eighth = self.early(x)
        return half, quarter, eighth, *self.late(eighth)

    def convolutions(self) -> Iterator[nn.Conv2d]:
        """Every convolution in the order in which the published weights list them."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                yield module


def fold(encoder: EfficientNetLite, published: Mapping[str, Tensor]) -> None:
    """Load published RGB weights, each convolution followed by its BatchNorm, into a gray encoder.

    w' = w * gamma / sqrt(var + eps), b' = beta - mean * gamma / sqrt(var + eps); the stem is summed over RGB.
    Raises ValueError where a shape does not fit.
    """
    tensors = [value for key, value in published.items() if not key.endswith("num_batches_tracked")]
    for index, module in enumerate(encoder.convolutions()):
        weight, gamma, beta, mean, variance = (
            tensor.double() for tensor in tensors[5 * index : 5 * index + 5]
        )
        if index == 0:
            weight = weight.sum(dim=1, keepdim=True)
        if weight.shape != module.weight.shape or module.bias is None:
            raise ValueError(
                f"convolution {index}: {tuple(weight.shape)} does not fit {tuple(module.weight.shape)}"
            )
        scale = gamma / (variance + BATCHNORM_EPS).sqrt()
        module.weight.data.copy_(weight * scale[:, None, None, None])
        module.bias.data.copy_(beta - mean * scale)
