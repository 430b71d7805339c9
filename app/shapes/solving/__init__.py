"""Shapes backwards: which kernel, stride, padding, dilation and output_padding give a wanted size."""

from app.shapes.solving.block import BlockAnswer, solve_block
from app.shapes.solving.solve import Answer, solve

__all__ = ["Answer", "BlockAnswer", "solve", "solve_block"]
