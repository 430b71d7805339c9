"""How the loss after T steps of gradient descent changes with the learning rate, in every way there is.

The loss is (1/n)|Xw - t|^2. One step takes the residual a = Xw - t to a - rate K a with K = (2/n) X X^T,
and the loss depends on w through a alone. All loops here run on a: a small residual keeps all its digits,
which Xw - t loses. With more equations than unknowns a is split by X = QR: Q^T a moves, with K = (2/n) R
R^T, and the rest of a never does; its share of the loss is `floor`.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from app.lab.packing import Array

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True)
class Descending:
    """Gradient descent from one start: K (m, m) and the moving part (m,) of the residual, m = min(n, d)."""

    K: Array
    residual: Array
    n: int
    floor: float = 0.0
    """What no rate can take from the loss."""

    @classmethod
    def of(cls, X: Array, t: Array, start: Array) -> "Descending":
        """From data X (n, d), t (n,) and first weights (d,)."""
        n, d = X.shape
        residual = X @ start - t
        if n <= d:
            return cls(2 / n * (X @ X.T), residual, n)
        q, r = np.linalg.qr(X)
        moving = q.T @ residual
        stuck = residual - q @ moving
        return cls(2 / n * (r @ r.T), moving, n, float(stuck @ stuck) / n)

    @cached_property
    def _spectrum(self) -> tuple[Array, Array]:
        """Eigenvalues of K, at least 0, and the squares of the residual's coordinates."""
        values, vectors = np.linalg.eigh(self.K)
        return np.maximum(values, 0), (vectors.T @ self.residual) ** 2

    @property
    def largest_curvature(self) -> float:
        """The largest eigenvalue of K; gradient descent diverges beyond 2 over it."""
        return float(self._spectrum[0][-1])

    def best_single_rate(self) -> float:
        """eta* = (n/2) |X^T a|^2 / |X X^T a|^2 = a^T K a / |K a|^2, the best rate of one step."""
        moved = self.K @ self.residual
        return float(self.residual @ moved / (moved @ moved))

    def loss(self, rate: float, steps: int) -> float:
        """L_T(rate) above its floor, by running the loop."""
        a = self.residual
        for _ in range(steps):
            a = a - rate * (self.K @ a)
        return float(a @ a) / self.n

    def derivative(self, rate: float, steps: int, order: int = 1) -> float:
        """The order-th derivative of L_T = floor + (1/n) sum (1 - rate k_i)^(2T) a_i^2, in closed form."""
        return float(self._terms(rate, steps, order).sum())

    def size_of_terms(self, rate: float, steps: int) -> float:
        """Sum of the first derivative's absolute terms: what rounding is relative to when they cancel."""
        return float(np.abs(self._terms(rate, steps, 1)).sum())

    def _terms(self, rate: float, steps: int, order: int) -> Array:
        values, squares = self._spectrum
        if order > 2 * steps:
            return np.zeros_like(values)
        factor = float(np.prod([2 * steps - k for k in range(order)]))
        terms: Array = (
            factor * (-values) ** order * (1 - rate * values) ** (2 * steps - order) * squares / self.n
        )
        return terms

    def one_step_formula(self, rate: float) -> float:
        """dL_1/d rate = (2/n) (a - rate K a)^T (-K a): the closed form without eigenvalues."""
        moved = self.K @ self.residual
        return float(-2 / self.n * ((self.residual - rate * moved) @ moved))

    def forward(self, rate: float, steps: int) -> tuple[float, float]:
        """(L_T above its floor, dL_T/d rate) in forward mode: the tangent travels with the residual."""
        a, tangent = self.residual, np.zeros_like(self.residual)
        for _ in range(steps):
            moved = self.K @ a
            a, tangent = a - rate * moved, tangent - rate * (self.K @ tangent) - moved
        return float(a @ a) / self.n, float(2 / self.n * (a @ tangent))

    def reverse(self, rate: float, steps: int) -> float:
        """dL_T/d rate in reverse mode: every residual is kept, then the adjoint travels back."""
        kept = [self.residual]
        for _ in range(steps):
            kept.append(kept[-1] - rate * (self.K @ kept[-1]))
        adjoint, total = 2 / self.n * kept.pop(), 0.0
        for a in reversed(kept):
            back = self.K @ adjoint
            total -= float(back @ a)
            adjoint = adjoint - rate * back
        return total

    def finite_difference(self, rate: float, steps: int) -> tuple[float, float]:
        """The central difference at its best width, and how far off truncation and rounding can take it."""
        value, third = self.loss(rate, steps), abs(self.derivative(rate, steps, 3))
        rounding = 4 * _EPS * (self.n + steps) * value
        width = 0.1 * rate
        if third:
            width = min(width, max((3 * rounding / third) ** (1 / 3), 1e-8 * rate))
        low, high = rate - width, rate + width
        difference = (self.loss(high, steps) - self.loss(low, steps)) / (high - low)
        worst = max(abs(self.derivative(at, steps, 3)) for at in (low, rate, high))
        largest = max(value, self.loss(low, steps), self.loss(high, steps))
        off = width**2 / 6 * worst + 4 * _EPS * (self.n + steps) * largest / width
        return difference, off

    def best_constant_rate(self, steps: int) -> float:
        """The root of dL_T/d rate, by bisection to the last bit: L_T is convex, a sum of even powers."""
        with np.errstate(over="ignore"):
            low, high = 0.0, 1 / self.largest_curvature
            while self.derivative(high, steps) < 0:
                low, high = high, 2 * high
            while low < (middle := (low + high) / 2) < high:
                low, high = (middle, high) if self.derivative(middle, steps) < 0 else (low, middle)
        return high
