"""Drawings of computed networks."""

from app.shapes.drawing.svg import to_svg

__all__ = ["to_svg"]
