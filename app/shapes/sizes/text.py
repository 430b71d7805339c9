"""Sizes as text in the grammar they are read in, terms in the order SymPy prints them."""

from collections.abc import Iterable
from fractions import Fraction

from app.shapes.sizes.limits import spend
from app.shapes.sizes.polynomial import (
    Atom,
    Call,
    Coefficient,
    Expression,
    Monomial,
    Size,
    Terms,
    atom_key,
    build,
    denominator_of,
    join,
    terms_of,
)

_TIMES = "\N{MULTIPLICATION SIGN}"


def to_text(size: Size) -> str:
    """A size in the grammar of `parsing`: expanded, one fraction bar at most."""
    if isinstance(size, int):
        return str(size)
    if size.text is None:
        size.text = _text(size)
    spend(len(size.terms))
    return size.text


def _text(size: Expression) -> str:
    number, monomial = denominator_of(size)
    if number == 1 and not monomial:
        return _sum_text(size.terms)
    above = {join(term, monomial): coefficient * number for term, coefficient in size.terms.items()}
    numerator = _sum_text(terms_of(build(above)))
    if len(above) > 1:
        numerator = f"({numerator})"
    denominator = _product_text(number, monomial)
    if "*" in denominator.replace("**", ""):
        denominator = f"({denominator})"
    return f"{numerator}/{denominator}"


def to_json(size: Size) -> int | str:
    """A JSON integer when the size is one, else its text."""
    return size if isinstance(size, int) else to_text(size)


def side_by_side(sizes: Iterable[Size]) -> str:
    """A shape for people, with multiplication signs between its sizes and sums in brackets."""
    return _TIMES.join(f"({text})" if " " in (text := to_text(size)) else text for size in sizes)


def ordered_terms(terms: Terms) -> list[tuple[Monomial, Coefficient]]:
    """Terms by falling powers, earlier names first; `c - x` keeps its positive constant in front."""
    atoms = sorted({atom for monomial in terms for atom, _ in monomial}, key=atom_key)
    place = {atom: i for i, atom in enumerate(atoms)}

    def exponents(term: tuple[Monomial, Coefficient]) -> list[int]:
        vector = [0] * len(atoms)
        for atom, exponent in term[0]:
            vector[place[atom]] = -exponent
        return vector

    ordered = sorted(terms.items(), key=exponents)
    if (
        len(ordered) == 2
        and not ordered[1][0]
        and ordered[1][1] > 0 > ordered[0][1]
        and len(ordered[0][0]) == 1
    ):
        ordered.reverse()
    return ordered


def is_inverse(atom: Atom) -> bool:
    """Whether an atom is the reciprocal of a sum."""
    return isinstance(atom, Call) and atom.function == "inverse"


def _sum_text(terms: Terms) -> str:
    text = ""
    for monomial, coefficient in ordered_terms(terms):
        sign = "-" if coefficient < 0 else "+"
        body = _product_text(max(coefficient, -coefficient), monomial)
        text = (f"-{body}" if sign == "-" else body) if not text else f"{text} {sign} {body}"
    return text or "0"


def _product_text(coefficient: Coefficient, monomial: Monomial) -> str:
    if isinstance(coefficient, int) and all(isinstance(atom, str) for atom, _ in monomial):
        factors = [f"{atom}**{exponent}" if exponent != 1 else str(atom) for atom, exponent in monomial]
        return "*".join(factors if coefficient == 1 and factors else [str(coefficient), *factors])
    above = [_atom_text(atom, exponent) for atom, exponent in monomial if not is_inverse(atom)]
    below = [
        f"({to_text(a.arguments[0])})" + _power_text(e)
        for a, e in monomial
        if isinstance(a, Call) and is_inverse(a)
    ]
    value = Fraction(coefficient)
    if value.numerator != 1 or not above:
        above.insert(0, str(value.numerator))
    if value.denominator != 1:
        below.insert(0, str(value.denominator))
    product = "*".join(above)
    if not below:
        return product
    return f"{product}/{below[0]}" if len(below) == 1 else f"{product}/({'*'.join(below)})"


def _power_text(exponent: int) -> str:
    return "" if exponent == 1 else f"**{exponent}"


def _atom_text(atom: Atom, exponent: int) -> str:
    if isinstance(atom, str):
        return atom + _power_text(exponent)
    if atom.function == "pow":
        base, power = atom.arguments
        raised = power * exponent
        text = to_text(raised)
        plain = isinstance(raised, Expression) and text.isidentifier()
        return f"{to_text(base)}**{text if plain else f'({text})'}"
    return f"{atom.function}({', '.join(to_text(argument) for argument in atom.arguments)})" + _power_text(
        exponent
    )
