"""Exact quotients of sizes: polynomial division where it comes out even, one canonical fraction where not."""

from fractions import Fraction

from app.shapes.errors import SizeError
from app.shapes.sizes.polynomial import (
    Call,
    Coefficient,
    Expression,
    Monomial,
    Size,
    atom_key,
    build,
    denominator_of,
    fraction,
    from_call,
    join,
    terms_of,
)

_MAX_STEPS = 200


def divide(numerator: Size, denominator: Size) -> Size:
    """`numerator/denominator`, exactly; raises SizeError when the denominator is zero."""
    if isinstance(denominator, int):
        if denominator == 1:
            return numerator
        if denominator == 0:
            raise SizeError("division by zero")
        if isinstance(numerator, int):
            return fraction(numerator, denominator)
        return numerator * Expression({(): Fraction(1, denominator)})
    if len(denominator.terms) == 1:
        ((monomial, coefficient),) = denominator.terms.items()
        reciprocal = Expression({tuple((atom, -e) for atom, e in monomial): Fraction(1) / coefficient})
        return numerator * reciprocal
    number, monomial = denominator_of(denominator)
    scale = build({monomial: number})
    whole = denominator * scale
    if not isinstance(whole, Expression) or len(whole.terms) == 1:
        return divide(numerator * scale, whole)
    lead = _lead(whole)
    scaled = numerator * scale
    quotient = _exact_quotient(scaled, whole, lead)
    if quotient is not None:
        return quotient
    content = whole.terms[lead]
    primitive = divide(whole, fraction_of(content))
    return divide(scaled, fraction_of(content)) * from_call("inverse", primitive)


def fraction_of(coefficient: Coefficient) -> Size:
    """A coefficient as a size."""
    return build({(): coefficient})


def _lead(size: Expression) -> Monomial:
    return max(size.terms, key=_lex)


def _lex(monomial: Monomial) -> tuple[object, ...]:
    # Sum of exponents first, then lexicographic: a monomial order, so that leading terms multiply.
    return (sum(exponent for _, exponent in monomial), tuple((_Reversed(atom), e) for atom, e in monomial))


class _Reversed:
    """An atom that sorts before those with a smaller key, so that earlier names lead."""

    __slots__ = ("key",)

    def __init__(self, atom: str | Call) -> None:
        self.key = atom_key(atom)

    def __lt__(self, other: "_Reversed") -> bool:
        return other.key < self.key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reversed) and self.key == other.key

    __hash__ = None  # type: ignore[assignment]


def _exact_quotient(numerator: Size, denominator: Expression, lead: Monomial) -> Size | None:
    """The polynomial quotient when it leaves no remainder, else None."""
    remainder, quotient = numerator, fraction(0, 1)
    inverse_lead = tuple((atom, -exponent) for atom, exponent in lead)
    for _ in range(_MAX_STEPS):
        if not remainder:
            return quotient
        top = max(terms_of(remainder), key=_lex)
        factor = join(top, inverse_lead)
        if any(exponent < 0 for _, exponent in factor):
            return None
        step = build({factor: terms_of(remainder)[top] / Fraction(denominator.terms[lead])})
        quotient = step + quotient
        remainder = remainder - step * denominator
    return None
