"""What must hold for PyTorch to accept a symbolic layer, in the plainest form: `floor((H - 3)/2) + 1 >= 1`
is `H >= 3`.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from app.shapes.sizes import Expression, Size, divide, fraction, to_text
from app.shapes.sizes.polynomial import Call, build, denominator_of, terms_of


@dataclass(frozen=True, slots=True)
class Condition:
    """A sentence; of several with the same `subject` (a lower bound) only the highest `bound` matters."""

    text: str
    subject: Size | None = None
    bound: int = 0


def at_least(value: Size, least: Size) -> Condition:
    """`value >= least`, solved for what varies."""
    subject, bound = value - least, Fraction(0)
    while isinstance(subject, Expression):
        constant = subject.terms.get((), 0)
        if constant:
            subject, bound = subject - fraction(*Fraction(constant).as_integer_ratio()), bound - constant
            continue
        number, monomial = denominator_of(subject)
        if number != 1 and not monomial:
            subject, bound = subject * number, bound * number
            continue
        if monomial and bound == 0:
            subject = subject * build({monomial: number})
            continue
        terms = terms_of(subject)
        if len(terms) > 1:
            break
        ((term, coefficient),) = terms.items()
        if coefficient != 1 and coefficient > 0:
            subject, bound = (
                divide(subject, fraction(*Fraction(coefficient).as_integer_ratio())),
                bound / coefficient,
            )
            continue
        atom, exponent = term[0]
        if (
            coefficient == 1
            and len(term) == 1 == exponent
            and isinstance(atom, Call)
            and atom.function == "floor"
        ):
            subject, bound = atom.arguments[0], Fraction(math.ceil(bound))
            continue
        break
    whole = math.ceil(bound)
    return Condition(f"{to_text(subject)} >= {whole}", subject, whole)


def strongest(conditions: list[Condition]) -> list[str]:
    """The sentences that say everything, in the order they came up."""
    bounds: dict[object, Condition] = {}
    for condition in conditions:
        key: object = condition.text if condition.subject is None else condition.subject
        known = bounds.get(key)
        if known is None or known.bound < condition.bound:
            bounds[key] = condition
    return [condition.text for condition in bounds.values()]
