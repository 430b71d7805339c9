"""How a network is run. Whoever runs one speaks Backend; torch is imported at the first load only."""

import threading
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.networks.card import Card

Floats = NDArray[np.float32]

NARROW = 48
"""Convolutions with no more channels on one side stay in float32 where others are computed in bfloat16. They
gain little by it, and the first of them see the picture itself: its rounding is felt in all that follows."""

MOST_AT_ONCE = 4
"""Passes of one model that run at the same time, at most: each holds what its layers compute."""


class Backend(Protocol):
    """A network made ready to run on this machine; called by up to `MOST_AT_ONCE` threads at a time."""

    @property
    def name(self) -> str:
        """What runs it, and at which precision."""

    def __call__(self, planes: Floats) -> Floats:
        """Probabilities (N, C, h, w) for input planes (N, P, H, W), the first of them gray 0..1."""


def load_backend(folder: Path, card: Card) -> Backend:
    """Load verified weights into the backend that runs everywhere, once; raises what loading raises."""
    from app.colorizing.backends.eager import Eager

    backend = Eager(folder, card)
    check(backend, card)
    return backend


def check(backend: Backend, card: Card) -> None:
    """Run the smallest usual input; raises ValueError unless the answer has the card's classes."""
    side = native_side(card)
    count = backend(np.full((1, 1, side, side), 0.5, dtype=np.float32)).shape[1]
    if count != card.classes:
        raise ValueError(f"{card.id}: the network has {count} classes and its card {card.classes}")


def native_side(card: Card) -> int:
    """Side of the square input that the network takes most readily."""
    return -(-card.input_size // card.size_multiple) * card.size_multiple


_granted = threading.local()


def limit_threads(threads: int) -> None:
    """Let network passes that this thread begins use at most so many threads."""
    import torch

    torch.set_num_threads(threads)  # for the calling thread, as OpenMP counts
    _granted.threads = threads


def granted_threads() -> int:
    """How many threads a network pass begun by this thread may use."""
    threads: int | None = getattr(_granted, "threads", None)
    if threads is None:
        import torch

        return torch.get_num_threads()
    return threads
