"""Full-matrix AdaGrad (Duchi et al. 2011): all of the summed outer products, not their diagonal alone."""

from dataclasses import dataclass

import numpy as np

from app.lab.rules.base import Array, Number, Slots


@dataclass(frozen=True, slots=True)
class FullMatrixAdaGrad:
    """G <- G + g g^T, w <- w - rate (eps I + G)^(-1/2) g.

    eps stands inside the root, so that the inverse root is a function of G alone: directions that no gradient
    ever had are scaled, not mixed with others.
    """

    rate: Number
    epsilon: Number

    def start(self, w: Array) -> Slots:
        """The sum G of outer products, (..., d, d)."""
        return {"sum": np.zeros((*w.shape, w.shape[-1]))}

    def move(self, g: Array, slots: Slots, t: int) -> Array:
        """rate (eps I + G)^(-1/2) g, by the eigenvectors of G."""
        total = slots["sum"] = slots["sum"] + g[..., :, None] * g[..., None, :]
        values, vectors = np.linalg.eigh(total)
        scale = 1 / np.sqrt(
            np.maximum(values, 0) + self.epsilon
        )  # rounding can leave a zero slightly negative
        along = np.matmul(g[..., None, :], vectors)[..., 0, :]
        move: Array = self.rate * np.matmul(vectors, (scale * along)[..., :, None])[..., 0]
        return move
