"""Put values in place of symbols, and tell whether an expression is a whole number for every value."""

import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import product

from app.shapes.errors import SizeError
from app.shapes.sizes.division import divide
from app.shapes.sizes.limits import MAX_COEFFICIENT_BITS, spend
from app.shapes.sizes.polynomial import Atom, Expression, Size, build, power, symbol, terms_of
from app.shapes.sizes.rounding import floor, maximum, minimum, raise_to

_GRID = 512


def substitute(size: Size, values: Mapping[str, Size]) -> Size:
    """`size` with every symbol in `values` replaced; a fraction where a division no longer comes out even."""
    if isinstance(size, int) or not values:
        return size
    total: Size = 0
    for monomial, coefficient in size.terms.items():
        upper: Size = build({(): coefficient})
        lower: Size = 1
        for atom, exponent in monomial:
            value = power(_atom_value(atom, values), abs(exponent))
            if exponent > 0:
                upper = upper * value
            else:
                lower = lower * value
        total = total + (upper if lower == 1 else divide(upper, lower))
    return total


def symbols_of(size: Size) -> set[str]:
    """The names of all symbols in a size, those inside calls included."""
    found: set[str] = set()
    for monomial in terms_of(size):
        for atom, _ in monomial:
            if isinstance(atom, str):
                found.add(atom)
            else:
                found.update(*(symbols_of(argument) for argument in atom.arguments))
    return found


def is_whole(size: Size) -> bool | None:
    """Whether `size` is an integer for all positive symbols (True), not for all (False), or undecided
    (None).
    """
    if isinstance(size, int):
        return True
    if _evidently_whole(size) or _whole_on_grid(size):
        return True
    return None if broken_at(size) is None else False


def broken_at(size: Size) -> dict[str, int] | None:
    """Small values of the symbols for which `size` is not an integer, or None if the first few hundred all
    fit.
    """
    names = sorted(symbols_of(size))
    for values in _small_values(names):
        if not isinstance(substitute(size, values), int):
            return values
    return None


def _atom_value(atom: Atom, values: Mapping[str, Size]) -> Size:
    if isinstance(atom, str):
        return values.get(atom, symbol(atom))
    inner = [substitute(argument, values) for argument in atom.arguments]
    if atom.function == "pow":
        return _bounded_power(inner[0], inner[1])
    return _FUNCTIONS[atom.function](*inner)


def _bounded_power(base: Size, exponent: Size) -> Size:
    if isinstance(base, int) and isinstance(exponent, int):
        if base.bit_length() * exponent > MAX_COEFFICIENT_BITS:
            raise SizeError("a power becomes too large")
        return int(base**exponent)
    return raise_to(base, exponent)


_FUNCTIONS: dict[str, Callable[..., Size]] = {
    "floor": floor,
    "min": minimum,
    "max": maximum,
    "inverse": lambda size: divide(1, size),
}


def _evidently_whole(size: Expression) -> bool:
    return all(
        isinstance(coefficient, int)
        and all(exponent > 0 and _is_whole_atom(atom) for atom, exponent in monomial)
        for monomial, coefficient in size.terms.items()
    )


def _is_whole_atom(atom: Atom) -> bool:
    return isinstance(atom, str) or atom.function != "inverse"


def _whole_on_grid(size: Expression) -> bool:
    """A polynomial of degree d in a variable is whole everywhere if it is at d + 1 consecutive points."""
    degrees: dict[Atom, int] = {}
    for monomial in size.terms:
        for atom, exponent in monomial:
            if exponent < 0 or not _is_whole_atom(atom):
                return False
            degrees[atom] = max(degrees.get(atom, 0), exponent)
    points = math.prod(degree + 1 for degree in degrees.values())
    if points > _GRID:
        return False
    spend(points * len(size.terms))
    for values in product(*(range(degree + 1) for degree in degrees.values())):
        point = dict(zip(degrees, values, strict=True))
        total = sum(
            (Fraction(c) * math.prod(point[atom] ** e for atom, e in term) for term, c in size.terms.items()),
            Fraction(0),
        )
        if total.denominator != 1:
            return False
    return True


def _small_values(names: list[str]) -> Iterator[dict[str, int]]:
    side = max(2, min(12, int(300 ** (1 / max(1, len(names))))))
    if len(names) > 8:
        yield from ({name: 1 + (seed * (i + 1)) % 7 for i, name in enumerate(names)} for seed in range(50))
        return
    for values in product(range(1, side + 1), repeat=len(names)):
        yield dict(zip(names, values, strict=True))
