"""How a network is run. Whoever runs one speaks Backend; torch is imported at the first load only."""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.networks.card import Card

Floats = NDArray[np.float32]


class Backend(Protocol):
    """A network made ready to run on this machine; called by one thread at a time."""

    name: str

    def __call__(self, planes: Floats) -> Floats:
        """Probabilities (N, C, h, w) for input planes (N, P, H, W), the first of them gray 0..1."""


def load_backend(folder: Path, card: Card) -> Backend:
    """Load verified weights into the backend that serves them and run it once; raises what loading raises."""
    from app.colorizing.eager import Eager

    backend = Eager(folder, card)
    side = -(-card.input_size // card.size_multiple) * card.size_multiple
    count = backend(np.full((1, 1, side, side), 0.5, dtype=np.float32)).shape[1]
    if count != card.classes:
        raise ValueError(f"{folder.name}: the network has {count} classes and its card {card.classes}")
    return backend


def limit_threads(threads: int) -> None:
    """Let one network pass use at most so many threads (process-wide, as PyTorch keeps it)."""
    import torch

    torch.set_num_threads(threads)
