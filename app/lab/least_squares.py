"""Over-parameterised least squares (1/n)|Xw - t|^2 with fewer rows than columns, many problems at once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from app.lab.packing import Array

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class LeastSquares:
    """k problems of one size: X (k, n, d) of full row rank, t (k, n), n < d. Weights are (k, m, d)."""

    X: Array
    t: Array

    @property
    def n(self) -> int:
        """Equations."""
        return int(self.X.shape[1])

    @property
    def d(self) -> int:
        """Unknowns."""
        return int(self.X.shape[2])

    @cached_property
    def _basis(self) -> tuple[Array, Array]:
        """Q (k, d, n) and R (k, n, n) of X^T = QR: the columns of Q span the row space."""
        q, r = np.linalg.qr(np.swapaxes(self.X, 1, 2))
        return q, r

    @cached_property
    def smallest_singular_value(self) -> Array:
        """Of X, (k,)."""
        values: Array = np.linalg.svd(self.X, compute_uv=False).min(axis=1)
        return values

    def minimum_norm(self) -> Array:
        """w* = X^T (X X^T)^-1 t, (k, 1, d)."""
        q, r = self._basis
        a = np.linalg.solve(np.swapaxes(r, 1, 2), self.t[..., None])
        return np.swapaxes(q @ a, 1, 2)

    def ridge(self, penalty: float) -> Array:
        """The minimiser of (1/n)|Xw - t|^2 + penalty |w|^2, (k, 1, d)."""
        gram = self.X @ np.swapaxes(self.X, 1, 2) + self.n * penalty * np.eye(self.n)
        return np.swapaxes(np.swapaxes(self.X, 1, 2) @ np.linalg.solve(gram, self.t[..., None]), 1, 2)

    def nearest(self, start: Array, diagonal: Array) -> Array:
        """Where w <- w - rate D grad ends from `start`: w0 + D X^T (X D X^T)^-1 (t - X w0)."""
        scaled = self.X * diagonal
        gap = self.t[:, None, :] - start @ np.swapaxes(self.X, 1, 2)
        gram = scaled @ np.swapaxes(self.X, 1, 2)
        return start + np.swapaxes(np.linalg.solve(gram, np.swapaxes(gap, 1, 2)), 1, 2) @ scaled

    def in_row_space(self, w: Array) -> Array:
        """P w, the part of w in the row space of X."""
        q, _ = self._basis
        return (w @ q) @ np.swapaxes(q, 1, 2)

    def residual(self, w: Array) -> Array:
        """X w - t, (k, m, n)."""
        return w @ np.swapaxes(self.X, 1, 2) - self.t[:, None, :]

    def gradient(self, w: Array, rows: Rows | None = None) -> Array:
        """(2/b) (w^T B^T B - t_B^T B) of the mini-batch of `rows` (k, b), of the whole loss without one."""
        X, t = self.X, self.t
        if rows is not None:
            problems = np.arange(len(X))[:, None]
            X, t = X[problems, rows], t[problems, rows]
        residual: Array = w @ np.swapaxes(X, 1, 2) - t[:, None, :]
        gradient: Array = residual @ X * (2 / X.shape[1])
        return gradient


def random_problems(seed: int, runs: int, n: int, d: int) -> LeastSquares:
    """Standard normal X and t; problem i of a seed is the same for any number of runs."""
    pairs = [np.random.default_rng([seed, 0, run]).normal(size=(n, d + 1)) for run in range(runs)]
    drawn = np.stack(pairs)
    return LeastSquares(np.ascontiguousarray(drawn[..., :d]), np.ascontiguousarray(drawn[..., d]))


def sign_problems(seed: int, runs: int, n: int, d: int) -> LeastSquares:
    """Problems with X sign(X^T t) = c t (Wilson et al. 2017, lemma 3.1), of full row rank.

    X = t v^T / |t|^2 + (I - t t^T / |t|^2) G (I - s s^T / d) with s = sign(v): then X^T t = v and X s is
    along t.
    """
    X, t = np.empty((runs, n, d)), np.empty((runs, n))
    for run in range(runs):
        rng = np.random.default_rng([seed, 0, run])
        y = t[run] = rng.normal(size=n)
        s = rng.choice([-1.0, 1.0], size=d)
        v = s * rng.uniform(0.5, 2.0, size=d) * np.sqrt(d)
        g = rng.normal(size=(n, d))
        g = g - np.outer(y, y @ g) / (y @ y)
        X[run] = np.outer(y, v) / (y @ y) + g - np.outer(g @ s, s) / d
    return LeastSquares(X, t)


class Batches:
    """Mini-batches without replacement, reshuffled each epoch: a function of (seed, step) alone."""

    _BLOCK = 64
    """Epochs drawn together."""

    def __init__(self, seed: int, runs: int, n: int, size: int) -> None:
        self.seed, self.runs, self.n, self.size = seed, runs, n, size
        self.per_epoch = -(-n // size)
        self._drawn: tuple[int, Rows] | None = None

    def rows(self, step: int) -> Rows:
        """Row numbers (runs, b) of the step, counted from 0; an epoch's last batch may be smaller."""
        epoch, place = divmod(step, self.per_epoch)
        block, within = divmod(epoch, self._BLOCK)
        if self._drawn is None or self._drawn[0] != block:
            keys = np.random.default_rng([self.seed, 1, block]).random((self._BLOCK, self.runs, self.n))
            self._drawn = block, keys.argsort(axis=-1)
        return self._drawn[1][within, :, place * self.size : (place + 1) * self.size]
