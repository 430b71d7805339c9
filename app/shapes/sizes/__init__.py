"""Sizes: exact integers or expressions in positive integer symbols, read by a grammar of their own."""

from app.shapes.sizes.bounds import known_at_least, known_equal, lower_bound, upper_bound
from app.shapes.sizes.division import divide
from app.shapes.sizes.growth import Growth, growth
from app.shapes.sizes.latex import name_to_latex, to_latex
from app.shapes.sizes.limits import LARGEST, bounded_work
from app.shapes.sizes.parsing import describe, parse_expression, parse_size
from app.shapes.sizes.polynomial import Expression, Size, fraction, symbol
from app.shapes.sizes.rounding import ceiling, ceiling_ratio, floor, floor_ratio, maximum, minimum
from app.shapes.sizes.substitution import is_whole, substitute, symbols_of
from app.shapes.sizes.text import side_by_side, to_json, to_text

__all__ = [
    "LARGEST",
    "Expression",
    "Growth",
    "Size",
    "bounded_work",
    "ceiling",
    "ceiling_ratio",
    "describe",
    "divide",
    "floor",
    "floor_ratio",
    "fraction",
    "growth",
    "is_whole",
    "known_at_least",
    "known_equal",
    "lower_bound",
    "maximum",
    "minimum",
    "name_to_latex",
    "parse_expression",
    "parse_size",
    "side_by_side",
    "substitute",
    "symbol",
    "symbols_of",
    "to_json",
    "to_latex",
    "to_text",
    "upper_bound",
]
