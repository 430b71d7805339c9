"""Exact polynomials in positive integer symbols: the arithmetic behind symbolic sizes.

An expression is a sum of terms, each a rational coefficient times a product of atoms to integer powers. An
atom is a symbol or a call that no rule resolves (`floor(H/2)`, `min(a, b)`, `pow(2, n)`, `inverse(a + b)`).
Equal expressions are equal objects, plain integers never become expressions, and the work is bounded: see
`limits`.
"""

from collections.abc import Iterable
from fractions import Fraction
from math import gcd
from typing import Any, TypeAlias

from app.shapes.sizes.limits import MAX_TERMS, check_calls, check_coefficient, check_terms, spend

Coefficient = int | Fraction
Key = tuple[Any, ...]
Atom: TypeAlias = "str | Call"
Monomial = tuple[tuple["str | Call", int], ...]
Terms = dict[Monomial, Coefficient]
_SMALL = 2**64  # below this no coefficient needs a second look


class Call:
    """An unresolved function of sizes, such as `floor(H/2)`; immutable."""

    __slots__ = ("_hash", "arguments", "calls", "function", "key")

    def __init__(self, function: str, arguments: tuple["Size", ...]) -> None:
        self.function = function
        self.arguments = arguments
        # Hashing, comparing and writing all walk through the calls inside, each as often as it stands there.
        self.calls = 1 + sum(_calls_in(argument) for argument in arguments)
        check_calls(self.calls)
        self.key: Key = (1, function, tuple(_size_key(argument) for argument in arguments))
        self._hash = hash(self.key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Call) and self.key == other.key)

    def __repr__(self) -> str:
        return f"Call({self.function!r}, {self.arguments!r})"


class Expression:
    """A sum of terms with at least one symbol, or a fraction on its way into a floor; immutable."""

    __slots__ = ("_hash", "terms", "text")

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.text: str | None = None  # kept by `to_text`
        self._hash = 0

    def __hash__(self) -> int:
        if not self._hash:
            self._hash = hash(frozenset(self.terms.items())) or 1
        return self._hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Expression) and self.terms == other.terms

    def __repr__(self) -> str:
        return f"Expression({self.terms!r})"

    def __add__(self, other: "Size") -> "Size":
        return _add(self.terms, terms_of(other), 1) if other else self

    __radd__ = __add__

    def __sub__(self, other: "Size") -> "Size":
        return _add(self.terms, terms_of(other), -1) if other else self

    def __rsub__(self, other: "Size") -> "Size":
        return _add(terms_of(other), self.terms, -1)

    def __neg__(self) -> "Size":
        return _add({}, self.terms, -1)

    def __mul__(self, other: "Size") -> "Size":
        return self if other == 1 else _multiply(self.terms, terms_of(other))

    __rmul__ = __mul__


Size = int | Expression
"""An integer, or an expression in symbols that stand for positive integers."""


def symbol(name: str) -> Expression:
    """The positive integer called `name`."""
    return Expression({((name, 1),): 1})


def from_call(function: str, *arguments: Size) -> Expression:
    """An unresolved call as an expression of its own."""
    return Expression({((Call(function, arguments), 1),): 1})


def fraction(numerator: int, denominator: int) -> Size:
    """An exact fraction; an integer when it is one."""
    return build({(): Fraction(numerator, denominator)})


def terms_of(size: Size) -> Terms:
    """The terms of any size; an integer is one constant term, zero none."""
    if isinstance(size, Expression):
        return size.terms
    return {(): size} if size else {}


def build(terms: Terms) -> Size:
    """The size with these terms: zeros dropped, whole fractions made integers, a constant integer made an
    int.
    """
    kept: Terms = {}
    for monomial, coefficient in terms.items():
        if coefficient:
            if not isinstance(coefficient, int) or not -_SMALL < coefficient < _SMALL:
                check_coefficient(coefficient)
                coefficient = coefficient.numerator if coefficient.denominator == 1 else coefficient
            kept[monomial] = coefficient
    check_terms(len(kept))
    if not kept:
        return 0
    if len(kept) == 1:
        constant = kept.get(())
        if isinstance(constant, int):
            return constant
    return Expression(kept)


def atom_key(atom: "str | Call") -> Key:
    """Sort key of an atom: symbols by name, then calls."""
    return (0, atom, ()) if isinstance(atom, str) else atom.key


def join(left: Monomial, right: Monomial) -> Monomial:
    """The product of two monomials."""
    if not left:
        return right
    if not right:
        return left
    powers = dict(left)
    for atom, exponent in right:
        powers[atom] = powers.get(atom, 0) + exponent
    return monomial_of(powers.items())


def monomial_of(powers: Iterable[tuple["str | Call", int]]) -> Monomial:
    """A monomial in its one canonical form, from atoms and their exponents."""
    return tuple(sorted(((a, e) for a, e in powers if e), key=lambda pair: atom_key(pair[0])))


def power(base: Size, exponent: int) -> Size:
    """`base` to a non-negative integer power."""
    if isinstance(base, int):
        result: Size = base**exponent if base in (0, 1, -1) else _integer_power(base, exponent)
        return result
    result = 1
    for _ in range(exponent):
        result = base * result
    return result


def denominator_of(size: Size) -> tuple[int, Monomial]:
    """The smallest integer and monomial that, multiplied with `size`, leave no fraction and no negative
    power.
    """
    number = 1
    lowest: dict[str | Call, int] = {}
    for monomial, coefficient in terms_of(size).items():
        number = number * coefficient.denominator // gcd(number, coefficient.denominator)
        for atom, exponent in monomial:
            if exponent < 0:
                lowest[atom] = min(lowest.get(atom, 0), exponent)
    check_coefficient(number)
    return number, monomial_of((atom, -exponent) for atom, exponent in lowest.items())


def _calls_in(size: Size) -> int:
    if isinstance(size, int):
        return 0
    return sum(atom.calls for term in size.terms for atom, _ in term if isinstance(atom, Call))


def _integer_power(base: int, exponent: int) -> int:
    result = 1
    for _ in range(exponent):
        result *= base
        check_coefficient(result)
    return result


def _add(left: Terms, right: Terms, sign: int) -> Size:
    spend(len(left) + len(right))
    total = dict(left)
    for monomial, coefficient in right.items():
        total[monomial] = total.get(monomial, 0) + sign * coefficient
    return build(total)


def _multiply(left: Terms, right: Terms) -> Size:
    spend(len(left) * len(right))
    product: Terms = {}
    for monomial, coefficient in left.items():
        for other, factor in right.items():
            joined = join(monomial, other)
            product[joined] = product.get(joined, 0) + coefficient * factor
        if len(product) > 2 * MAX_TERMS:
            check_terms(len(product))
    return build(product)


def _size_key(size: Size) -> Key:
    terms = [
        (tuple((atom_key(atom), exponent) for atom, exponent in monomial), coefficient)
        for monomial, coefficient in terms_of(size).items()
    ]
    return tuple(sorted(terms, key=lambda term: term[0]))
