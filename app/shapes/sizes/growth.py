"""What becomes of a size when one symbol is multiplied: "what changes if NF doubles"."""

from dataclasses import dataclass
from fractions import Fraction

from app.shapes.sizes.bounds import lower_bound
from app.shapes.sizes.division import divide
from app.shapes.sizes.polynomial import Call, Expression, Size, symbol
from app.shapes.sizes.substitution import substitute, symbols_of


@dataclass(frozen=True)
class Growth:
    """How a size grows when `symbol` is multiplied by `factor`.

    `ratio` is the exact quotient of the new size and the old one when it does not depend on any symbol. Else
    the quotient lies in `[low, high]` for all symbols, where that can be shown, and tends to `high` as the
    symbol grows.
    """

    symbol: str
    factor: int
    before: Size
    after: Size
    ratio: Fraction | None
    low: int | None
    high: int | None


def growth(size: Size, name: str, factor: int = 2) -> Growth:
    """The growth of `size` when the symbol `name` is multiplied by a whole `factor` of at least 2."""
    after = substitute(size, {name: factor * symbol(name)})
    quotient = divide(after, size) if size else 1
    ratio = _constant(quotient)
    if ratio is not None:
        return Growth(name, factor, size, after, ratio, None, None)
    degrees = _degrees(size, name)
    low, high = (factor ** min(degrees), factor ** max(degrees)) if degrees else (None, None)
    return Growth(name, factor, size, after, None, low, high)


def _constant(quotient: Size) -> Fraction | None:
    if isinstance(quotient, int):
        return Fraction(quotient)
    return Fraction(quotient.terms[()]) if list(quotient.terms) == [()] else None


def _degrees(size: Size, name: str) -> list[int]:
    """The powers of `name` if the size is a sum of positive terms in which it stands alone, else none."""
    if not isinstance(size, Expression):
        return [0]
    powers = []
    for monomial, coefficient in size.terms.items():
        for atom, _ in monomial:
            if isinstance(atom, Call) and (name in symbols_of(Expression({((atom, 1),): 1}))):
                return []
        rest = Expression({tuple(pair for pair in monomial if pair[0] != name) or ((name, 1),): 1})
        bound = lower_bound(rest)
        if coefficient < 0 or bound is None or bound < 0:
            return []
        powers.append(dict(monomial).get(name, 0))
    return powers
