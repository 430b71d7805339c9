"""Bounds on symbolic work, so that no expression can explode in time or memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from fractions import Fraction

from app.shapes.errors import SizeError

LARGEST = 2**63 - 1
"""The largest size PyTorch can hold; nothing in a request may be larger."""
MAX_TEXT = 1_000
MAX_DEPTH = 50
MAX_EXPONENT = 64
MAX_TERMS = 400
MAX_COEFFICIENT_BITS = 2_048
MAX_CALLS = 1_000
"""Functions in one expression, those inside of others included; each may double what the next one holds."""
WORK = 150_000
"""Steps that one `bounded_work()` may take (a term added, multiplied or bounded), under half a second.

DenseNet-121 with symbols for its height and width takes 19 000.
"""

_work_left: ContextVar[list[int] | None] = ContextVar("work_left", default=None)


@contextmanager
def bounded_work(amount: int = WORK) -> Iterator[None]:
    """Within this block symbolic arithmetic stops with a SizeError after `amount` steps.

    A block inside another has no more than is left there, and takes what it uses from it.
    """
    around = _work_left.get()
    granted = amount if around is None else min(amount, max(around[0], 0))
    left = [granted]
    token = _work_left.set(left)
    try:
        yield
    finally:
        _work_left.reset(token)
        if around is not None:
            around[0] -= granted - left[0]


def spend(amount: int) -> None:
    """Count steps against the enclosing `bounded_work()`, if there is one."""
    left = _work_left.get()
    if left is not None:
        left[0] -= amount
        if left[0] < 0:
            raise SizeError(
                "the expressions of this network take too much work; use fewer symbols or numbers"
            )


def check_coefficient(coefficient: int | Fraction) -> None:
    """Refuse numbers far beyond any count of a network that can be described."""
    if max(coefficient.numerator.bit_length(), coefficient.denominator.bit_length()) > MAX_COEFFICIENT_BITS:
        raise SizeError(f"a number with more than {MAX_COEFFICIENT_BITS} bits appears")


def check_calls(count: int) -> None:
    """Refuse functions within functions that are too long to read, and pay for comparing the others."""
    if count > MAX_CALLS:
        raise SizeError(f"an expression has more than {MAX_CALLS} floors, minima or the like, all told")
    spend(count)


def check_terms(count: int) -> None:
    """Refuse sums too long to read."""
    if count > MAX_TERMS:
        raise SizeError(f"an expression has more than {MAX_TERMS} terms when expanded")
