"""PyTorch as it is: float32, channels last, no compilation; what every other backend is measured against."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from app.networks.card import Card
from app.networks.weights import load_network

Floats = NDArray[np.float32]


class Eager:
    """A network run by PyTorch's eager mode on the CPU."""

    name = "eager float32 channels_last"

    def __init__(self, folder: Path, card: Card) -> None:
        self._network = load_network(folder, card).to(memory_format=torch.channels_last)
        self._mean, self._std = card.input.mean, card.input.std

    def __call__(self, planes: Floats) -> Floats:
        """Probabilities (N, C, h, w) for input planes (N, P, H, W), the first of them gray 0..1."""
        with torch.inference_mode():
            batch = torch.from_numpy(planes).contiguous(memory_format=torch.channels_last)
            logits = self._network((batch - self._mean) / self._std)
            probabilities: Floats = torch.softmax(logits.float(), dim=1).contiguous().numpy()
        return probabilities
