"""Drawings of computed networks and of receptive fields."""

from app.shapes.drawing.field import Extent, draw_field
from app.shapes.drawing.svg import to_svg

__all__ = ["Extent", "draw_field", "to_svg"]
