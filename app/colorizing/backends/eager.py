"""PyTorch as it is: channels last, no compilation. All other backends are measured against it in float32."""

import timeit
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils import fuse_conv_bn_eval

from app.colorizing.backends import NARROW, Floats, granted_threads, native_side
from app.colorizing.features import FeatureMemory
from app.networks.card import Card
from app.networks.halves import Halves, hints_of
from app.networks.weights import load_network

WORTH_SHARING = 0.015
"""Seconds on one core below which a pass stays on it: to share a pass, threads must meet after every layer,
and where the cores are busy each meeting waits until the last of them is scheduled."""


class Eager:
    """A network run by PyTorch's eager mode: float32 on the CPU unless told otherwise.

    `wide` is the precision of convolutions that are not narrow (`NARROW`). A pass takes at most
    `most_threads`.
    """

    def __init__(
        self,
        folder: Path,
        card: Card,
        *,
        wide: torch.dtype = torch.float32,
        device: str = "cpu",
        most_threads: int | None = None,
    ) -> None:
        where = "" if device == "cpu" else f" {device}"
        self.name = f"eager{where} {str(wide).removeprefix('torch.')} channels_last"
        self._most_threads = most_threads
        network = load_network(folder, card)
        if wide is not torch.float32:
            fold(network)
            compute_wide_in(wide, network)
        self._device = torch.device(device)
        self._network = network.to(self._device).to(memory_format=torch.channels_last)
        self._mean, self._std = card.input.mean, card.input.std
        self._encode: FeatureMemory[Tensor] | None = None
        self._pace = self._seconds_per_pixel(native_side(card))
        if isinstance(
            self._network, Halves
        ):  # only now: the pace is that of pictures seen for the first time
            self._encode = FeatureMemory(self._features)

    def __call__(self, planes: Floats) -> Floats:
        """Probabilities (N, C, h, w) for input planes (N, P, H, W), the first of them gray 0..1."""
        granted = granted_threads()
        with _threads(min(granted, self._most_threads or granted) if self._is_long(planes) else 1):
            return self._run(planes)

    def _is_long(self, planes: Floats) -> bool:
        return planes.size * self._pace >= WORTH_SHARING

    def _run(self, planes: Floats) -> Floats:
        with torch.inference_mode():
            if self._encode is not None and isinstance(self._network, Halves):
                features = tuple(self._encode(planes[:, :1]))
                logits = self._network.decode(features, self._given(hints_of(torch.from_numpy(planes))))
            else:
                logits = self._network(self._scaled(planes))
            probabilities: Floats = torch.softmax(logits.float(), dim=1).contiguous().cpu().numpy()
        return probabilities

    def _features(self, gray: Floats) -> Sequence[Tensor]:
        assert isinstance(self._network, Halves)
        return self._network.encode(self._scaled(gray))

    def _scaled(self, planes: Floats) -> Tensor:
        """What the network is given: the first plane scaled as the card says, the others as they are."""
        batch = torch.from_numpy(planes)
        gray = (batch[:, :1] - self._mean) / self._std
        return self._given(torch.cat([gray, batch[:, 1:]], dim=1) if batch.shape[1] > 1 else gray)

    def _given(self, batch: Tensor) -> Tensor:
        return batch.to(self._device).contiguous(memory_format=torch.channels_last)

    def _seconds_per_pixel(self, side: int) -> float:
        """Time of a pass on one core, the best of three after one to warm up."""
        planes = np.full((1, 1, side, side), 0.5, dtype=np.float32)
        with _threads(1):
            self._run(planes)
            return min(timeit.repeat(lambda: self._run(planes), number=1, repeat=3)) / planes.size


def fold(network: nn.Module) -> None:
    """Let every convolution absorb the BatchNorm that follows it: both together are one affine map."""
    for module in list(network.modules()):
        if isinstance(module, nn.Sequential):
            for index in range(len(module) - 1):
                first, second = module[index], module[index + 1]
                if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                    module[index] = fuse_conv_bn_eval(first, second)
                    module[index + 1] = nn.Identity()


class WideConvolution(nn.Module):
    """A convolution computed in another precision than what comes and goes."""

    def __init__(self, convolution: nn.Conv2d, dtype: torch.dtype) -> None:
        super().__init__()
        self.convolution, self.dtype = convolution.to(dtype), dtype

    def forward(self, x: Tensor) -> Tensor:
        """Same precision in and out."""
        result: Tensor = self.convolution(x.to(self.dtype)).to(x.dtype)
        return result


def compute_wide_in(dtype: torch.dtype, network: nn.Module) -> None:
    """Have convolutions that are not narrow computed in this precision."""
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if (
                type(child) is nn.Conv2d
                and min(child.out_channels, child.in_channels // child.groups) > NARROW
            ):
                setattr(module, name, WideConvolution(child, dtype))


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Have passes of this thread use so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
