"""Every layer type with its arguments, defaults and formulas, for people and for forms."""

from functools import lru_cache

from app.shapes.exporting.formulas import general_formula, general_parameters
from app.shapes.layers import LAYERS, Argument, LayerType
from app.shapes.network import MAX_RANK
from app.shapes.nodes import MAX_LAYERS
from app.shapes.sizes.parsing import FUNCTIONS


@lru_cache(maxsize=1)
def catalogue() -> dict[str, object]:
    """All layer types by family, and the rules of networks and sizes, as JSON."""
    return {
        "layers": [_layer(kind) for kind in LAYERS.values()],
        "limits": {"layers": MAX_LAYERS, "rank": MAX_RANK},
        "sizes": {"operators": ["+", "-", "*", "/", "**", "(", ")"], "functions": list(FUNCTIONS)},
    }


def _layer(kind: LayerType) -> dict[str, object]:
    least, most = kind.inputs
    return {
        "type": kind.name,
        "family": kind.family,
        "module": f"{kind.home}.{kind.name}" if kind.home else None,
        "summary": kind.summary,
        "inputs": {"least": least, "most": most},
        "arguments": [_argument(argument) for argument in kind.arguments],
        "formula": general_formula(kind),
        "parameters_formula": general_parameters(kind) or None,
    }


def _argument(argument: Argument) -> dict[str, object]:
    body: dict[str, object] = {
        "name": argument.name,
        "kind": argument.kind.label,
        "required": argument.required,
        "inferred": argument.inferred,
    }
    if not argument.required:
        body["default"] = argument.default
    return body
