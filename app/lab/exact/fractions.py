"""Fractions from JSON: integers, decimals meant as written, or texts such as `2/7`."""

import math
import re
from fractions import Fraction
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

MAX_DIGITS = 18
SMALLEST, LARGEST = Fraction(1, 10**12), Fraction(10**12)
_NUMBER = re.compile(
    rf"\s*([+-]?)(\d{{1,{MAX_DIGITS}}}(?:\.\d{{0,{MAX_DIGITS}}})?|\.\d{{1,{MAX_DIGITS}}})"
    rf"(?:[eE]([+-]?\d{{1,2}}))?(?:\s*/\s*(\d{{1,{MAX_DIGITS}}}))?\s*",
    re.ASCII,
)


def parse_fraction(raw: Any) -> Fraction:
    """The fraction that a JSON number or text means: 0.91 and "0.91" are 91/100. Raises ValueError."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise ValueError('must be a number or a fraction such as "2/7"')
    if isinstance(raw, float) and not math.isfinite(raw):
        raise ValueError("must be a finite number")
    text = raw if isinstance(raw, str) else repr(raw)
    match = _NUMBER.fullmatch(text)
    if match is None:
        shown = text if len(text) <= 40 else text[:40] + "…"
        raise ValueError(
            f'{shown!r} is not a number or a fraction such as "2/7" of at most {MAX_DIGITS} digits'
        )
    sign, mantissa, exponent, denominator = match.groups()
    if denominator is not None and int(denominator) == 0:
        raise ValueError(f"{text.strip()!r} divides by zero")
    value = Fraction(mantissa) * Fraction(10) ** int(exponent or 0) / int(denominator or 1)
    return -value if sign == "-" else value


def _as_text(raw: Any) -> str:
    value = parse_fraction(raw)
    if value and not SMALLEST <= abs(value) <= LARGEST:
        raise ValueError(f"must be 0 or between {float(SMALLEST):g} and {float(LARGEST):g} in size")
    return str(value)


ExactText = Annotated[
    str,
    BeforeValidator(_as_text),
    WithJsonSchema(
        {
            "type": ["number", "string"],
            "minimum": -int(LARGEST),
            "maximum": int(LARGEST),
            "maxLength": 80,
            "pattern": r"^\s*[+-]?[0-9.]+([eE][+-]?[0-9]+)?(\s*/\s*[0-9]+)?\s*$",
        }
    ),
]
"""A field that takes numbers and fraction texts and holds the fraction in lowest terms as text."""
