"""What `forward` does with each layer that is no plain module call."""

from collections.abc import Callable

from app.shapes.exporting.expressions import size_source
from app.shapes.exporting.names import Names
from app.shapes.report import Layer

_Expression = Callable[[Layer, list[str]], str]


def _reshape(layer: Layer, inputs: list[str]) -> str:
    return (
        f"{inputs[0]}.reshape({inputs[0]}.shape[0], {', '.join(size_source(s) for s in layer.output_shape)})"
    )


def _mean(layer: Layer, inputs: list[str]) -> str:
    keep = ", keepdim=True" if layer.values["keepdim"] else ""
    return f"{inputs[0]}.mean(dim={list(layer.values['dim'])}{keep})"


def _slice(layer: Layer, inputs: list[str]) -> str:
    axis = layer.values["dim"] % (len(layer.input_shapes[0]) + 1)
    bounds = [
        "" if layer.values[name] is None else size_source(layer.values[name]) for name in ("start", "stop")
    ]
    if layer.values["step"] != 1:
        bounds.append(size_source(layer.values["step"]))
    return f"{inputs[0]}[{':, ' * axis}{':'.join(bounds)}]"


def _concat(layer: Layer, inputs: list[str]) -> str:
    return f"torch.cat([{', '.join(inputs)}], dim={layer.values['dim']})"


EXPRESSIONS: dict[str, _Expression] = {
    "Add": lambda layer, inputs: " + ".join(inputs),
    "Multiply": lambda layer, inputs: " * ".join(inputs),
    "Concat": _concat,
    "Mean": _mean,
    "Permute": lambda layer, inputs: f"{inputs[0]}.permute({', '.join(map(str, layer.values['dims']))})",
    "Reshape": _reshape,
    "Slice": _slice,
    "Parameter": lambda layer, inputs: "",
}
"""Layer types that are an expression in `forward`, not a module."""

_BATCH_SECOND = ("RNN", "GRU", "LSTM", "MultiheadAttention", "TransformerEncoderLayer")


def returns_tuple(layer: Layer) -> bool:
    """Whether the module's call needs more than its plain result (a tuple, or the batch in another place)."""
    return layer.type in _BATCH_SECOND or bool(layer.values.get("return_indices"))


def statement(layer: Layer, names: Names) -> str:
    """The line of `forward` that computes a layer."""
    inputs = [names.variable(read) for read in layer.node.reads]
    target = names.variable(layer.node.place)
    if layer.type == "Parameter":
        sizes = ", -1" * len(layer.output_shape)
        attribute = f"self.{names.attribute(layer.node.place)}"
        return f"{target} = {attribute}.expand({names.variable(-1)}.shape[0]{sizes})"
    if layer.type in EXPRESSIONS:
        return f"{target} = {EXPRESSIONS[layer.type](layer, inputs)}"
    module = f"self.{names.attribute(layer.node.place)}"
    if layer.type not in _BATCH_SECOND:
        picked = "[0]" if returns_tuple(layer) else ""
        return f"{target} = {module}({', '.join(inputs)}){picked}"
    if layer.type == "MultiheadAttention":
        inputs = [inputs[0], inputs[min(1, len(inputs) - 1)], inputs[-1]]
    swap = "" if layer.values["batch_first"] else ".transpose(0, 1)"
    picked = "" if layer.type == "TransformerEncoderLayer" else "[0]"
    return f"{target} = {module}({', '.join(name + swap for name in inputs)}){picked}{swap}"
