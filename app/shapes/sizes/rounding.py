"""Quotients, floors, minima and powers of sizes, resolved as far as integers in positive symbols allow.

Canonical forms make equal sizes equal objects: whole terms leave a floor (`floor((H + 1)/2)` is `floor((H -
1)/2) + 1`), floors of floors merge (`floor(floor(H/2)/2)` is `floor(H/4)`), and a ceiling is a floor.
"""

import math

from app.shapes.errors import SizeError
from app.shapes.sizes.bounds import lower_bound
from app.shapes.sizes.division import divide
from app.shapes.sizes.limits import MAX_EXPONENT
from app.shapes.sizes.polynomial import (
    Call,
    Coefficient,
    Expression,
    Monomial,
    Size,
    Terms,
    build,
    denominator_of,
    from_call,
    join,
    monomial_of,
    power,
    terms_of,
)


def floor_ratio(numerator: Size, denominator: Size) -> Size:
    """`floor(numerator/denominator)` for a positive denominator."""
    if isinstance(numerator, int) and isinstance(denominator, int):
        return numerator // denominator
    if denominator == 1:
        return numerator
    return floor(divide(numerator, denominator))


def ceiling_ratio(numerator: Size, denominator: Size) -> Size:
    """`ceiling(numerator/denominator)` for a positive denominator."""
    return -floor_ratio(-numerator, denominator)


def floor(size: Size) -> Size:
    """The largest integer not above `size`."""
    if isinstance(size, int):
        return size
    whole, rest = _split_whole(size)
    if not isinstance(rest, Expression):
        return whole + rest
    merged = _merge_inner_floor(rest)
    if merged is not None:
        return whole + floor(merged)
    return whole + from_call("floor", rest)


def ceiling(size: Size) -> Size:
    """The smallest integer not below `size`: `-floor(-size)`, as one floor where the denominator is known."""
    if isinstance(size, int):
        return size
    number, monomial = denominator_of(size)
    if _has_inverse(size) or not number:
        return -floor(-size)
    step = build({monomial: number})
    return floor_ratio(size * step + step - 1, step)


def minimum(*sizes: Size) -> Size:
    """The smallest of the sizes, resolved where one is provably never above another."""
    numbers = [size for size in sizes if isinstance(size, int)]
    return min(numbers) if len(numbers) == len(sizes) else _extreme("min", sizes)


def maximum(*sizes: Size) -> Size:
    """The largest of the sizes, resolved where one is provably never below another."""
    numbers = [size for size in sizes if isinstance(size, int)]
    return max(numbers) if len(numbers) == len(sizes) else _extreme("max", sizes)


def raise_to(base: Size, exponent: Size) -> Size:
    """`base**exponent`; a symbolic exponent needs a positive integer or a single product as its base."""
    if isinstance(exponent, int):
        if exponent < 0:
            return divide(1, raise_to(base, -exponent))
        if exponent > MAX_EXPONENT and base not in (0, 1, -1):
            raise SizeError(f"exponents above {MAX_EXPONENT} are not supported")
        return power(base, exponent)
    result: Size = 1
    for monomial, coefficient in exponent.terms.items():
        if not isinstance(coefficient, int):
            raise SizeError("an exponent must be a whole number")
        result = result * _power_of_term(base, monomial, coefficient)
    return result


def _power_of_term(base: Size, monomial: Monomial, coefficient: int) -> Size:
    if not monomial:
        return raise_to(base, coefficient)
    if abs(coefficient) > MAX_EXPONENT or any(exponent < 0 for _, exponent in monomial):
        raise SizeError("an exponent must be a whole number of reasonable size")
    exponent = Expression({monomial: 1})
    if isinstance(base, int):
        if not 1 <= base <= 10**6:
            raise SizeError("with a symbol in the exponent the base must be an integer from 1 to 1000000")
        atoms = {
            Call("pow", (prime, exponent)): times * coefficient for prime, times in _factors(base).items()
        }
        return Expression({monomial_of(atoms.items()): 1}) if atoms else 1
    if len(base.terms) == 1 and next(iter(base.terms.values())) == 1:
        (factors,) = base.terms
        powers = (
            (Call("pow", (Expression({((atom, 1),): 1}), exponent)), e * coefficient) for atom, e in factors
        )
        return Expression({monomial_of(powers): 1})
    raise SizeError("with a symbol in the exponent the base must be an integer or a product of symbols")


def _factors(number: int) -> dict[int, int]:
    found: dict[int, int] = {}
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            found[divisor] = found.get(divisor, 0) + 1
            number //= divisor
        divisor += 1
    if number > 1:
        found[number] = found.get(number, 0) + 1
    return found


def _split_whole(size: Expression) -> tuple[Size, Size]:
    """Split into an integer-valued part and the rest, whose coefficients are fractions where they can be."""
    whole: Terms = {}
    rest: Terms = {}
    for monomial, coefficient in size.terms.items():
        if any(_is_fractional(atom, exponent) for atom, exponent in monomial):
            rest[monomial] = coefficient
            continue
        # Constants end up in (-1, 0], as in the textbook's floor((H - 1)/2) + 1, others in [0, 1).
        integer = math.floor(coefficient) if monomial else math.ceil(coefficient)
        whole[monomial] = integer
        rest[monomial] = coefficient - integer
    remainder = build(rest)
    if isinstance(remainder, Expression):
        settled = _floor_of_small(remainder.terms)
        if settled is not None:
            remainder = settled
    return build(whole), remainder


def _floor_of_small(terms: Terms) -> int | None:
    """The floor of a lone fraction that is known to stay within one unit: `1/2`, `-1/s`, `3/(4*s)`."""
    if len(terms) != 1:
        return None
    ((monomial, coefficient),) = terms.items()
    if not all(isinstance(atom, str) and exponent < 0 for atom, exponent in monomial):
        return None
    if -1 <= coefficient < 0:
        return -1
    return 0 if 0 < coefficient < 1 else None


def _merge_inner_floor(rest: Expression) -> Size | None:
    """`floor((floor(x) + y)/d)` is `floor((x + y)/d)` for integers y and d > 0: return the inner
    expression.
    """
    if _has_inverse(rest):
        return None
    number, monomial = denominator_of(rest)
    lone: tuple[Monomial, Call] | None = None
    for term, coefficient in rest.terms.items():
        scaled = join(term, monomial)
        calls = [atom for atom, _ in scaled if isinstance(atom, Call) and atom.function == "floor"]
        if not calls:
            continue
        if lone is not None or scaled != ((calls[0], 1),) or coefficient * number != 1:
            return None
        lone = (term, calls[0])
    if lone is None:
        return None
    others: dict[Monomial, Coefficient] = {term: c for term, c in rest.terms.items() if term != lone[0]}
    step = build({monomial: number})
    return divide(lone[1].arguments[0] + build(others) * step, step)


def _is_fractional(atom: str | Call, exponent: int) -> bool:
    return exponent < 0 or (isinstance(atom, Call) and atom.function == "inverse")


def _has_inverse(size: Size) -> bool:
    return any(
        isinstance(atom, Call) and atom.function == "inverse" for term in terms_of(size) for atom, _ in term
    )


def _extreme(function: str, sizes: tuple[Size, ...]) -> Size:
    flat: list[Size] = []
    for size in sizes:
        for part in _parts(function, size):
            if part not in flat:
                flat.append(part)
    if len(flat) > 16:
        raise SizeError(f"more than 16 different sizes in one {function}")
    beats = _never_above if function == "min" else _never_below
    kept = list(flat)
    for size in flat:
        if any(beats(other, size) for other in kept if other is not size):
            kept.remove(size)
    if len(kept) == 1:
        return kept[0]
    ordered = sorted(kept, key=lambda size: Call("", (size,)).key)
    return from_call(function, *ordered)


def _parts(function: str, size: Size) -> tuple[Size, ...]:
    if isinstance(size, Expression) and len(size.terms) == 1:
        ((monomial, coefficient),) = size.terms.items()
        if coefficient == 1 and len(monomial) == 1 and monomial[0][1] == 1:
            atom = monomial[0][0]
            if isinstance(atom, Call) and atom.function == function:
                return atom.arguments
    return (size,)


def _never_above(left: Size, right: Size) -> bool:
    bound = lower_bound(_unfloored_difference(right, left))
    return bound is not None and bound >= 0


def _never_below(left: Size, right: Size) -> bool:
    return _never_above(right, left)


def _unfloored_difference(left: Size, right: Size) -> Size:
    """`left - right` with both floors opened where each side is one floor plus whole terms (floor is
    monotone).
    """
    opened_left, opened_right = _open_floor(left), _open_floor(right)
    if opened_left is not None and opened_right is not None:
        return opened_left - opened_right
    return left - right


def _open_floor(size: Size) -> Size | None:
    if isinstance(size, int):
        return size
    floors = [(term, c) for term, c in size.terms.items() if any(isinstance(atom, Call) for atom, _ in term)]
    if not floors:
        return size
    if len(floors) > 1:
        return None
    ((term, coefficient),) = floors
    atom = term[0][0]
    if coefficient != 1 or len(term) != 1 or term[0][1] != 1:
        return None
    if not isinstance(atom, Call) or atom.function != "floor":
        return None
    return size - Expression({term: 1}) + atom.arguments[0]
