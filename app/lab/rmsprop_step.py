"""One step of RMSProp on one data point, in exact arithmetic.

V <- (1 - beta) g^2 and w <- -rate g / (sqrt(V) + eps) from w = 0. The root of V is |g| sqrt(1 - beta): a
fraction times one square root, so that everything stays in the field of that root.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from app.lab.exact import Quadratic, root


@dataclass(frozen=True, slots=True)
class FirstStep:
    """Where the first step from w = 0 lands, on the loss (w^T x - t)^2."""

    x: tuple[Fraction, ...]
    target: Fraction
    gradient: tuple[Fraction, ...]
    direction: tuple[Quadratic, ...]
    """g / (sqrt(V) + eps), what the rate multiplies."""
    w: tuple[Quadratic, ...]

    @property
    def loss(self) -> Quadratic:
        """(w^T x - t)^2."""
        return loss(self.w, self.x, self.target)

    @property
    def rate_for_zero_loss(self) -> Quadratic | None:
        """The rate with which this step ends at loss zero: -t / (direction^T x); None when no rate does."""
        along = Quadratic(Fraction(0))
        for direction, x in zip(self.direction, self.x, strict=True):
            along = along + direction * x
        return None if along.sign == 0 else Quadratic(-self.target) / along

    def with_rate(self, rate: Quadratic) -> tuple[Quadratic, ...]:
        """Where the step with another rate lands."""
        return tuple(-(rate * direction) for direction in self.direction)


def first_step(
    x: Sequence[Fraction],
    target: Fraction,
    rate: Fraction,
    beta: Fraction,
    epsilon: Fraction,
    scale: Fraction,
) -> FirstStep:
    """Take it; `scale` multiplies the gradient 2 (w^T x - t) x. Raises ZeroDivisionError for 0 / (0 + 0)."""
    gradient = tuple(-2 * scale * target * value for value in x)
    keep = root(1 - beta)
    direction = tuple(Quadratic(g) / (keep * abs(g) + epsilon) for g in gradient)
    w = tuple(-(part * rate) for part in direction)
    return FirstStep(tuple(x), target, gradient, direction, w)


def minimum_norm(x: Sequence[Fraction], target: Fraction) -> tuple[Fraction, ...]:
    """t x / |x|^2, the smallest w with w^T x = t."""
    size = sum((value * value for value in x), Fraction(0))
    return tuple(target * value / size for value in x)


def loss(w: Sequence[Quadratic | Fraction], x: Sequence[Fraction], target: Fraction) -> Quadratic:
    """(w^T x - t)^2."""
    gap = Quadratic(-target)
    for weight, value in zip(w, x, strict=True):
        gap = gap + weight * value
    return gap * gap


def is_minimum_norm(w: Sequence[Quadratic], x: Sequence[Fraction], target: Fraction) -> bool:
    """Whether w is exactly the minimum-norm solution."""
    return all((weight - wanted).sign == 0 for weight, wanted in zip(w, minimum_norm(x, target), strict=True))


def predicted_minimum_norm(step: FirstStep, beta: Fraction) -> bool:
    """Whether the step that reaches loss zero must land on the minimum norm, by theory.

    Coordinate i moves by a multiple of x_i / (k |x_i| + eps) with k > 0: proportional to x, as the minimum
    norm is, exactly when all |x_i| that are not zero are equal (or beta = 1, or there is nothing to move).
    """
    sizes = {abs(value) for value in step.x if value}
    return len(sizes) <= 1 or beta == 1 or step.target == 0
