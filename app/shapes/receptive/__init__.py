"""Receptive fields: which indices of a network's input reach an output, exactly, phases and all."""

from app.shapes.receptive.axes import AxisMap, AxisRelation, Run, Unknown
from app.shapes.receptive.field import (
    PHASES_LISTED,
    Field,
    ReceptiveField,
    Track,
    input_field,
    receptive_field,
    through,
    through_one,
)
from app.shapes.receptive.windows import Span, Windows

__all__ = [
    "PHASES_LISTED",
    "AxisMap",
    "AxisRelation",
    "Field",
    "ReceptiveField",
    "Run",
    "Span",
    "Track",
    "Unknown",
    "Windows",
    "input_field",
    "receptive_field",
    "through",
    "through_one",
]
