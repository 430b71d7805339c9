"""Formulas of layers in LaTeX: with PyTorch's letters, and with a layer's own numbers put in."""

import re

from app.shapes.layers import Call, LayerType
from app.shapes.layers.base import Variables
from app.shapes.report import Layer
from app.shapes.sizes import Size, to_latex

_LETTERS = {
    "L": "L_{in}",
    "P": "2 p",
    "e": "e",
    "C": "C_{in}",
    "O": "C_{out}",
    "G": "g",
    "K": r"\prod k",
    "B": "C_{out}",
}
_AXES = {1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}
_VARIABLE = re.compile(r"@([A-Za-z])")


def general_formula(kind: LayerType) -> str:
    """The output's size with the letters of PyTorch's documentation (e is output_padding)."""
    return _VARIABLE.sub(lambda match: _LETTERS.get(match[1], match[1]), kind.formula)


def general_parameters(kind: LayerType) -> str:
    """The number of parameters, likewise; empty where a layer has no formula for them."""
    return _VARIABLE.sub(lambda match: _LETTERS.get(match[1], match[1]), kind.parameters_formula)


def layer_formulas(layer: Layer) -> list[str]:
    """Equations for one layer: each spatial size of its output, and its parameters."""
    kind = layer.node.type
    call = Call(kind, dict(layer.values), layer.input_shapes)
    found: list[str] = []
    if kind.variables is not None:
        axes = kind.variables(call)
        sizes = layer.output_shape[-len(axes) :]
        names = _AXES[len(axes)]
        for name, size, variables in zip(names, sizes, axes, strict=True):
            formula = kind.formula
            if layer.values.get("ceil_mode"):
                formula = formula.replace("lfloor", "lceil").replace("rfloor", "rceil")
            found.append(_equation(f"{name}_{{out}}", formula, variables, size))
    if kind.parameter_variables is not None and layer.node.shares is None:
        variables = kind.parameter_variables(call)
        found.append(_equation(r"\text{parameters}", kind.parameters_formula, variables, layer.parameters))
    return found


def _equation(name: str, formula: str, variables: Variables, value: Size) -> str:
    def filled(match: re.Match[str]) -> str:
        found = variables[match[1]]
        if isinstance(found, str):
            return found
        text = to_latex(found)
        return rf"\left({text}\right)" if re.search(r" [+-] ", text) and "frac" not in text else text

    body = _VARIABLE.sub(filled, formula)
    return f"{name} = {body} = {to_latex(value)}"
