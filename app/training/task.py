"""What a network can be trained for: batches, a loss, and a score on pictures held out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Score:
    """Mean cross-entropy in nats, and share of places whose likeliest class is the target's."""

    loss: float
    accuracy: float


def device_of(network: nn.Module) -> torch.device:
    """Where a network computes, and so where its batches are needed; they are made on the CPU."""
    return next(network.parameters(), torch.empty(0)).device


class Task(Protocol):
    """Every batch is a function of the recipe's seed, the epoch and its number alone, so that runs resume."""

    def batches(self, epoch: int) -> int:
        """Batches in an epoch, counted from 0."""

    def epoch(self, epoch: int, start: int = 0) -> Iterator[Any]:
        """The epoch's batches from number `start` on."""

    def count(self, batch: Any) -> int:
        """Pictures in a batch."""

    def loss(self, network: nn.Module, batch: Any) -> Tensor:
        """What is minimised, a mean over the batch's places."""

    def score(self, network: nn.Module) -> Score:
        """How the network does on the pictures held out."""
