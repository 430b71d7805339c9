"""Networks in two halves: the first sees the picture alone; its work can be kept while hints change."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F

HINT_PLANES = 3
"""a and b of known colours in hundreds of CIE units, and 1 where a colour is known; 0 elsewhere."""
PLACE = 4
"""Pixels of the input along each side of one of the output's places."""

Features = tuple[Tensor, ...]


class Halves(nn.Module, ABC):
    """A network that first encodes gray and then decodes what it saw together with hints.

    (N, 1 or 4, H, W) to logits (N, bins, H/4, W/4): the first plane is gray as the encoder wants it, the
    others, which may be left out, are hints (`HINT_PLANES`).
    """

    features: int
    """How many feature maps `encode` gives."""

    @abstractmethod
    def encode(self, gray: Tensor) -> Features:
        """What the picture shows: a function of gray (N, 1, H, W) alone."""

    @abstractmethod
    def decode(self, features: Features, hints: Tensor) -> Tensor:
        """Logits from `encode`'s features and hints (N, 3, H/4, W/4)."""

    def forward(self, planes: Tensor, encode: Callable[[Tensor], Features] | None = None) -> Tensor:
        """Logits of every place's bin; `encode` stands in for the method, to keep what it gives."""
        return self.decode((encode or self.encode)(planes[:, :1]), hints_of(planes))


def hints_of(planes: Tensor) -> Tensor:
    """The hints (N, 3, H/4, W/4) among input planes, averaged over each place; none where there are none."""
    if planes.shape[1] == 1:
        count, _, height, width = planes.shape
        return planes.new_zeros(count, HINT_PLANES, height // PLACE, width // PLACE)
    return F.avg_pool2d(planes[:, 1:], PLACE)
