"""Exact arithmetic: fractions from text, and numbers a + b sqrt(m)."""

from app.lab.exact.fractions import ExactText, parse_fraction
from app.lab.exact.quadratic import Quadratic, root

__all__ = ["ExactText", "Quadratic", "parse_fraction", "root"]
