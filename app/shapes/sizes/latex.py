"""Sizes as LaTeX, in the same order of terms as their text."""

from fractions import Fraction

from app.shapes.sizes.polynomial import (
    Atom,
    Coefficient,
    Monomial,
    Size,
    Terms,
    build,
    denominator_of,
    join,
    terms_of,
)
from app.shapes.sizes.text import ordered_terms

_GREEK_NAMES = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi
omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega
"""
_GREEK = frozenset(_GREEK_NAMES.split())


def to_latex(size: Size) -> str:
    """A size as LaTeX, without surrounding dollar signs."""
    if isinstance(size, int):
        return str(size)
    number, monomial = denominator_of(size)
    if number == 1 and not monomial:
        return _sum(size.terms)
    above = {join(term, monomial): coefficient * number for term, coefficient in size.terms.items()}
    numerator = _sum(terms_of(build(above)))
    return rf"\frac{{{numerator}}}{{{_product(number, monomial)}}}"


def name_to_latex(name: str) -> str:
    """A symbol's name: Greek letters by name, digits and what follows an underscore as a subscript."""
    head, *parts = [part for part in name.split("_") if part] or [name]
    stem = head.rstrip("0123456789")
    if stem != head:
        parts.insert(0, head[len(stem) :])
    shown = f"\\{stem}" if stem in _GREEK else stem if len(stem) == 1 else rf"\mathit{{{stem}}}"
    return shown + (rf"_{{{','.join(_subscript(part) for part in parts)}}}" if parts else "")


def _subscript(part: str) -> str:
    return part if len(part) == 1 or part.isdigit() else rf"\mathit{{{part}}}"


def _sum(terms: Terms) -> str:
    text = ""
    for monomial, coefficient in ordered_terms(terms):
        body = _product(max(coefficient, -coefficient), monomial)
        if text:
            text += f" - {body}" if coefficient < 0 else f" + {body}"
        else:
            text = f"-{body}" if coefficient < 0 else body
    return text or "0"


def _product(coefficient: Coefficient, monomial: Monomial) -> str:
    factors = [_atom(atom, exponent) for atom, exponent in monomial]
    value = Fraction(coefficient)
    if value.denominator != 1:
        factors.insert(0, rf"\frac{{{value.numerator}}}{{{value.denominator}}}")
    elif value != 1 or not factors:
        factors.insert(0, str(value.numerator))
    return r" \, ".join(factors)


def _atom(atom: Atom, exponent: int) -> str:
    raised = "" if exponent == 1 else f"^{{{exponent}}}"
    if isinstance(atom, str):
        return name_to_latex(atom) + raised
    inner = [to_latex(argument) for argument in atom.arguments]
    if atom.function == "floor":
        return rf"\left\lfloor {inner[0]} \right\rfloor{raised}"
    if atom.function == "inverse":
        body = rf"\left({inner[0]}\right){raised}"
        return rf"\frac{{1}}{{{body}}}"
    if atom.function == "pow":
        return f"{inner[0]}^{{{to_latex(atom.arguments[1] * exponent)}}}"
    return rf"\{atom.function}\left({', '.join(inner)}\right){raised}"
