"""What an update rule is."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Slots = dict[str, Array]
"""What a rule remembers from step to step, by name."""

Number = float | Array
"""One number for all, or one for each problem: an array of shape (..., 1)."""


@dataclass(frozen=True, slots=True)
class Hyper:
    """Hyperparameters; each rule takes those that it has. Defaults are PyTorch's."""

    rate: Number = 0.01
    momentum: float = 0.9
    beta1: float = 0.9
    beta2: float = 0.999
    smoothing: float = 0.99
    """RMSProp's beta."""
    epsilon: Number = 1e-8
    preconditioner: Array | None = None
    """Diagonal of a fixed preconditioner, broadcast against the gradient; ones where left out."""


class Rule(Protocol):
    """One optimizer. All arrays are (..., d): many problems go through one call."""

    def start(self, w: Array) -> Slots:
        """The slots before the first step."""
        ...

    def move(self, g: Array, slots: Slots, t: int) -> Array:
        """What step number `t` (from 1) subtracts from w, given its gradient; updates the slots."""
        ...


def zeros(w: Array, *names: str) -> Slots:
    """Slots of w's shape, all zero."""
    return {name: np.zeros_like(w) for name in names}
