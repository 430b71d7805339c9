"""Provable bounds: what a size can never be below or above while every symbol is a positive integer."""

import math
from fractions import Fraction
from functools import lru_cache
from itertools import product

from app.shapes.sizes.limits import spend
from app.shapes.sizes.polynomial import (
    Call,
    Coefficient,
    Expression,
    Monomial,
    Size,
    Terms,
    build,
    denominator_of,
    terms_of,
)

_MAX_EXPANSION = 2_000
_REMEMBERED = 16  # longer sums are not worth the memory


def lower_bound(size: Size) -> Coefficient | None:
    """A number that `size` is never below, as large as this method can prove; None where it can prove
    nothing.
    """
    if isinstance(size, int):
        return size
    return _remembered_bound(size) if len(size.terms) <= _REMEMBERED else _lower_bound(size)


@lru_cache(maxsize=1024)
def _remembered_bound(size: Expression) -> Coefficient | None:
    return _lower_bound(size)


def _lower_bound(size: Expression) -> Coefficient | None:
    spend(4 * len(size.terms))
    closed = _open_floors(size, negative_only=True)
    opened = _open_floors(size, negative_only=False)
    forms = (closed,) if closed is opened else (closed, opened)
    found = [bound for form in forms if (bound := _bound_by_shifting(terms_of(form))) is not None]
    return max(found) if found else None


def upper_bound(size: Size) -> Coefficient | None:
    """A number that `size` is never above, or None."""
    bound = lower_bound(-size)
    return None if bound is None else -bound


def known_at_least(left: Size, right: Size) -> bool | None:
    """Whether `left >= right` always (True), never (False), or not decided by what is known (None)."""
    difference = left - right
    if isinstance(difference, int):
        return difference >= 0
    low = lower_bound(difference)
    if low is not None and low >= 0:
        return True
    high = upper_bound(difference)
    return False if high is not None and high < 0 else None


def known_equal(left: Size, right: Size) -> bool | None:
    """Whether two sizes are equal always (True), never (False), or not decided (None)."""
    if left == right:
        return True
    if known_at_least(left, right + 1) or known_at_least(right, left + 1):
        return False
    return None


def _open_floors(size: Size, *, negative_only: bool) -> Size:
    """Replace each floor by the end of its range that makes the sum smaller: `x - (d - 1)/d <= floor(x) <=
    x`.
    """
    for _ in range(8):
        target = _floor_term(size, negative_only)
        if target is None:
            break
        monomial, coefficient, call = target
        inner = call.arguments[0]
        if coefficient > 0:
            number, rest = denominator_of(inner)
            inner = inner - (1 if rest else build({(): Fraction(number - 1, number)}))
        cofactor = tuple(pair for pair in monomial if pair[0] != call)
        size = size - Expression({monomial: coefficient}) + inner * build({cofactor: coefficient})
    return size


def _floor_term(size: Size, negative_only: bool) -> tuple[Monomial, Coefficient, Call] | None:
    for monomial, coefficient in terms_of(size).items():
        if negative_only and coefficient > 0:
            continue
        calls = [atom for atom, _ in monomial if isinstance(atom, Call)]
        if len(calls) == 1 and calls[0].function == "floor" and (calls[0], 1) in monomial:
            return monomial, coefficient, calls[0]
    return None


def _bound_by_shifting(terms: Terms) -> Coefficient | None:
    """Write each atom as its own bound plus something non-negative; if no coefficient is negative then,
    done.
    """
    constant: Coefficient = 0
    polynomial: Terms = {}
    for monomial, coefficient in terms.items():
        if all(exponent > 0 for _, exponent in monomial):
            polynomial[monomial] = coefficient
        elif not all(isinstance(atom, str) for atom, _ in monomial):
            return None
        elif coefficient < 0:  # a quotient of symbols: at most 1 when nothing stands above the line
            if any(exponent > 0 for _, exponent in monomial):
                return None
            constant += coefficient
    bounds: dict[str | Call, Coefficient] = {}
    for monomial in polynomial:
        for atom, _ in monomial:
            if atom not in bounds:
                bound = _bound_of_atom(atom)
                if bound is None:
                    return None
                bounds[atom] = bound
    if all(c > 0 for c in polynomial.values()) and all(bound >= 0 for bound in bounds.values()):
        least = sum(c * math.prod(bounds[atom] ** e for atom, e in term) for term, c in polynomial.items())
        return constant + least
    shifted = _shift(polynomial, bounds)
    if shifted is None or any(coefficient < 0 for monomial, coefficient in shifted.items() if monomial):
        return None
    return constant + shifted.get((), 0)


def _shift(terms: Terms, bounds: dict[str | Call, Coefficient]) -> Terms | None:
    expanded: Terms = {}
    cost = 0
    for monomial, coefficient in terms.items():
        cost += math.prod(exponent + 1 for _, exponent in monomial)
        if cost > _MAX_EXPANSION:
            return None
        for kept in product(*(range(exponent + 1) for _, exponent in monomial)):
            factor: Coefficient = coefficient
            for (atom, exponent), power in zip(monomial, kept, strict=True):
                factor *= math.comb(exponent, power) * bounds[atom] ** (exponent - power)
            key = tuple((atom, power) for (atom, _), power in zip(monomial, kept, strict=True) if power)
            expanded[key] = expanded.get(key, 0) + factor
    spend(cost)
    return expanded


def _bound_of_atom(atom: str | Call) -> Coefficient | None:
    if isinstance(atom, str):
        return 1
    if atom.function == "inverse":
        return None
    if atom.function == "pow":
        return 1
    bounds = [lower_bound(argument) for argument in atom.arguments]
    known = [bound for bound in bounds if bound is not None]
    if atom.function == "max":
        return max(known) if known else None
    if len(known) < len(bounds):
        return None
    return math.floor(known[0]) if atom.function == "floor" else min(known)
