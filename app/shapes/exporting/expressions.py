"""Sizes and argument values as Python source."""

import keyword

from app.shapes.layers.arguments import Argument, AxesKind, PaddingKind, SingleKind
from app.shapes.sizes import Expression, Size
from app.shapes.sizes.polynomial import Atom, Call, Monomial, Terms, build, denominator_of, join, terms_of
from app.shapes.sizes.text import ordered_terms

_TAKEN = frozenset({"self", "nn", "torch", "OrderedDict", "min", "max", "super"})


def size_source(size: Size) -> str:
    """A size as an integer expression in Python: floors become `//`."""
    if isinstance(size, int):
        return str(size)
    number, monomial = denominator_of(size)
    if number == 1 and not monomial:
        return _sum(size.terms)
    above = {join(term, monomial): coefficient * number for term, coefficient in size.terms.items()}
    return f"({_sum(terms_of(build(above)))}) // ({_sum({monomial: number})})"


def symbol_source(name: str) -> str:
    """A symbol as a Python name."""
    return name + "_" if keyword.iskeyword(name) or name in _TAKEN else name


def value_source(argument: Argument, value: object) -> str:
    """An argument's value as PyTorch reads it; equal axes as one number."""
    if (
        isinstance(value, tuple)
        and isinstance(argument.kind, (AxesKind, PaddingKind))
        and len(set(value)) == 1
    ) or (isinstance(value, tuple) and isinstance(argument.kind, SingleKind)):
        value = value[0]
    return _source(value)


def _source(value: object) -> str:
    if isinstance(value, Expression):
        return size_source(value)
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        items = ", ".join(_source(item) for item in value)
        return f"({items},)" if len(value) == 1 else f"({items})"
    return repr(value)


def _sum(terms: Terms) -> str:
    text = ""
    for monomial, coefficient in ordered_terms(terms):
        body = _product(int(max(coefficient, -coefficient)), monomial)
        sign = "-" if coefficient < 0 else "+"
        text = f"{text} {sign} {body}" if text else (f"-{body}" if sign == "-" else body)
    return text or "0"


def _product(coefficient: int, monomial: Monomial) -> str:
    factors = [_atom(atom) + (f"**{exponent}" if exponent != 1 else "") for atom, exponent in monomial]
    return " * ".join(factors if coefficient == 1 and factors else [str(coefficient), *factors])


def _atom(atom: Atom) -> str:
    if not isinstance(atom, Call):
        return symbol_source(atom)
    inner = [size_source(argument) for argument in atom.arguments]
    if atom.function == "pow":
        return f"({inner[0]}**({inner[1]}))"
    if atom.function == "floor":
        return f"({inner[0]})"
    if atom.function == "inverse":
        return f"(1 / ({inner[0]}))"
    return f"{atom.function}({', '.join(inner)})"
