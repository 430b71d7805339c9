"""What an encoder saw in the pictures last looked at, kept while somebody tries one hint after the other."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

MOST_BYTES = 16 * 2**20
"""Features kept of each model: those of about forty pictures of 160 x 240, each under 0.4 MB."""


class Feature(Protocol):
    """An array of some library."""

    @property
    def nbytes(self) -> int:
        """Bytes of its elements."""


F = TypeVar("F", bound=Feature)


class FeatureMemory(Generic[F]):
    """An encoder that remembers: gray (1, 1, H, W) that was seen before has its features at once.

    What was used longest ago goes first. A batch is passed on: who sends one is not trying hints.
    """

    def __init__(
        self, encode: Callable[[NDArray[np.float32]], Sequence[F]], most_bytes: int = MOST_BYTES
    ) -> None:
        self._encode, self._most_bytes = encode, most_bytes
        self._kept: OrderedDict[bytes, Sequence[F]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def __call__(self, gray: NDArray[np.float32]) -> Sequence[F]:
        """Features of gray, which must not be changed."""
        if gray.shape[0] != 1:
            return self._encode(gray)
        key = blake2b(repr(gray.shape).encode() + gray.tobytes(), digest_size=20).digest()
        with self._lock:
            if (known := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return known
        features = self._encode(gray)  # several threads at once; of one picture, for nothing but that time
        with self._lock:
            if (known := self._kept.get(key)) is not None:
                return known
            self._kept[key] = features
            self._bytes += _size(features)
            while self._bytes > self._most_bytes:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= _size(gone)
        return features

    @property
    def bytes(self) -> int:
        """Bytes of the features that are kept."""
        return self._bytes


def _size(features: Sequence[F]) -> int:
    return sum(each.nbytes for each in features)
