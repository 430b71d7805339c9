"""Computed networks as JSON, PyTorch code, formulas and tables."""

from app.shapes.exporting.formulas import general_formula, general_parameters, layer_formulas
from app.shapes.exporting.pytorch import pytorch_code, pytorch_file
from app.shapes.exporting.result import result_json
from app.shapes.exporting.tables import to_csv, to_latex_table, to_markdown

__all__ = [
    "general_formula",
    "general_parameters",
    "layer_formulas",
    "pytorch_code",
    "pytorch_file",
    "result_json",
    "to_csv",
    "to_latex_table",
    "to_markdown",
]
