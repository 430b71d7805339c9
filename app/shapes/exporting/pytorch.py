"""A computed network as PyTorch code that runs: `nn.Sequential` for a chain, a module of its own if not."""

import re
from collections.abc import Iterator

from app.shapes.exporting.expressions import size_source, symbol_source, value_source
from app.shapes.exporting.forward import EXPRESSIONS, returns_tuple, statement
from app.shapes.exporting.names import Names
from app.shapes.layers import LayerType
from app.shapes.report import Layer, Report

_INDENT = "    "


def pytorch_code(report: Report) -> str:
    """The network as one expression when it is a chain of modules, else as a class called Network.

    Needs `torch`, `nn` and, for named chains, `OrderedDict`; symbols are free names in an expression and
    arguments of the class.
    """
    return _Chain(report).source() if is_chain(report) else _class(report)


def pytorch_file(report: Report) -> str:
    """The network as a Python file: imports, and a function or a class that builds it."""
    code = pytorch_code(report)
    imports = ["import torch"] if "torch." in re.sub(r"nn\.\w+", "", code) else []
    imports = (["from collections import OrderedDict", ""] if "OrderedDict(" in code else []) + imports
    homes: dict[str, set[str]] = {}
    for layer in report.layers:
        kind = layer.node.type
        if kind.home.startswith("torchvision") and kind.name not in EXPRESSIONS:
            homes.setdefault(kind.home, set()).add(kind.name)
    imports.append("from torch import nn")
    imports += [f"from {home} import {', '.join(sorted(names))}" for home, names in sorted(homes.items())]
    if not is_chain(report):
        return "\n".join(imports) + "\n\n\n" + code + "\n"
    arguments = ", ".join(f"{symbol_source(name)}: int" for name in report.symbols)
    body = f"def network({arguments}) -> nn.Module:\n{_INDENT}return " + code.replace("\n", "\n" + _INDENT)
    return "\n".join(imports) + "\n\n\n" + body + "\n"


def is_chain(report: Report) -> bool:
    """Whether every layer is a module that reads nothing but the one before it."""
    return len(report.network.inputs) == 1 and all(
        layer.node.reads == ((place - 1,) if place else (-1,))
        and layer.node.shares is None
        and layer.node.type.name not in EXPRESSIONS
        and not returns_tuple(layer)
        for place, layer in enumerate(report.layers)
    )


def module_source(layer: Layer) -> str:
    """The call that builds a layer's module: `nn.Conv2d(3, 32, 3, padding="same")`."""
    kind = layer.node.type
    parts: list[str] = []
    positional = True
    for argument in kind.arguments:
        value = layer.values[argument.name]
        if argument.inferred and value is None:
            value = layer.effect.inferred[argument.name]
        if argument.required or argument.inferred:
            text = value_source(argument, value)
            parts.append(text if positional else f"{argument.name}={text}")
            continue
        positional = False
        if value != argument.standard or type(value) is not type(argument.standard):
            parts.append(f"{argument.name}={value_source(argument, value)}")
    return f"{_home(kind)}{kind.name}({', '.join(parts)})"


def _home(kind: LayerType) -> str:
    return "nn." if kind.home == "torch.nn" else ""


class _Chain:
    """Nested `nn.Sequential` calls, one for each block."""

    def __init__(self, report: Report) -> None:
        self.layers = report.layers

    def source(self) -> str:
        """The outermost call."""
        return self._sequential(list(self.layers), 0, "")

    def _sequential(self, layers: list[Layer], depth: int, indent: str) -> str:
        inner = indent + _INDENT
        entries: list[tuple[str, str]] = []
        for name, members in _grouped(layers, depth):
            if len(members) == 1 and len(members[0].node.block) == depth:
                entries.append((name, module_source(members[0])))
            else:
                entries.append((name, self._sequential(members, depth + 1, inner)))
        if all(_automatic(name, i, source) for i, (name, source) in enumerate(entries)):
            lines = [f"{inner}{source}," for _, source in entries]
            return "nn.Sequential(\n" + "\n".join(lines) + f"\n{indent})"
        deeper = inner + _INDENT
        lines = [
            f'{deeper}("{name.replace(".", "_")}", {source.replace(chr(10), chr(10) + _INDENT)}),'
            for name, source in entries
        ]
        return f"nn.Sequential(\n{inner}OrderedDict([\n" + "\n".join(lines) + f"\n{inner}])\n{indent})"


def _grouped(layers: list[Layer], depth: int) -> Iterator[tuple[str, list[Layer]]]:
    """Layers at this depth one by one, those of a deeper block together."""
    i = 0
    while i < len(layers):
        block = layers[i].node.block
        if len(block) == depth:
            prefix = ".".join(block) + "." if block else ""
            yield layers[i].name.removeprefix(prefix), [layers[i]]
            i += 1
            continue
        end = i
        while end < len(layers) and layers[end].node.block[: depth + 1] == block[: depth + 1]:
            end += 1
        yield block[depth], layers[i:end]
        i = end


def _automatic(name: str, index: int, source: str) -> bool:
    """Whether a name says no more than the place or the type."""
    kind = re.match(r"(?:nn\.)?(\w+)", source)
    return name == str(index) or bool(kind and re.fullmatch(kind[1].lower() + r"\d+", name))


def _class(report: Report) -> str:
    names = Names(report)
    symbols = "".join(f", {symbol_source(name)}: int" for name in report.symbols)
    lines = [
        "class Network(nn.Module):",
        f"{_INDENT}def __init__(self{symbols}) -> None:",
        f"{_INDENT * 2}super().__init__()",
    ]
    for layer in report.layers:
        kind = layer.node.type.name
        if layer.node.shares is not None or (kind in EXPRESSIONS and kind != "Parameter"):
            continue
        attribute = f"{_INDENT * 2}self.{names.attribute(layer.node.place)} = "
        if kind == "Parameter":
            shape = ", ".join(size_source(size) for size in layer.output_shape)
            lines.append(f"{attribute}nn.Parameter(torch.zeros(1, {shape}))")
        else:
            lines.append(attribute + module_source(layer))
    inputs = ", ".join(f"{names.variable(-1 - i)}: torch.Tensor" for i in range(len(report.network.inputs)))
    outputs = [names.variable(layer.node.place) for layer in report.layers if layer.name in report.outputs]
    result = "torch.Tensor" if len(outputs) == 1 else f"tuple[{', '.join(['torch.Tensor'] * len(outputs))}]"
    lines += ["", f"{_INDENT}def forward(self, {inputs}) -> {result}:"]
    lines += [f"{_INDENT * 2}{statement(report.layers[place], names)}" for place in report.network.order]
    lines.append(f"{_INDENT * 2}return {', '.join(outputs)}")
    return "\n".join(lines)
