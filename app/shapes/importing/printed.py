"""Read what `print(model)` shows: one line for each layer, brackets for what it holds."""

import ast
import re
from typing import Any

from app.shapes.importing.arguments import layer_from
from app.shapes.importing.literals import ImportRefused, keywords_of, parse_source, value_of
from app.shapes.layers import LAYERS

Layer = dict[str, Any]
_LINE = re.compile(r"(?:\((?P<name>[^()]{1,200})\): )?(?P<kind>[A-Za-z_][A-Za-z0-9_]*)\((?P<rest>.*)")
_MAX_DEPTH = 16

HIDDEN = {
    "AvgPool": ("ceil_mode", "count_include_pad", "divisor_override"),
    "MaxPool": ("return_indices",),
    "Upsample": ("align_corners", "recompute_scale_factor"),
    "BatchNorm": ("bias",),
    "InstanceNorm": ("bias",),
    "GroupNorm": ("bias",),
    "LayerNorm": ("bias",),
    "RNN": ("nonlinearity",),
    "PReLU": ("init",),
}
"""Arguments that some version of PyTorch does not print, by the layer's name without dimensions."""


class _Lines:
    """The lines still to be read."""

    def __init__(self, text: str) -> None:
        self.lines = [line.strip() for line in text.splitlines() if line.strip()]
        self.place = 0

    def next(self) -> str:
        """Take a line."""
        if self.place >= len(self.lines):
            raise ImportRefused("the printed model ends too early: a bracket is never closed")
        self.place += 1
        return self.lines[self.place - 1]

    @property
    def done(self) -> bool:
        """Whether nothing is left."""
        return self.place >= len(self.lines)


def read_printed(text: str, notes: list[str]) -> list[Layer]:
    """The layers of a printed model; what the text does not show is added to `notes`."""
    lines = _Lines(text)
    layer = _entry(lines, lines.next(), notes, 0)
    if not lines.done:
        raise ImportRefused(f"text after the model's last bracket: {lines.next()[:60]!r}")
    if layer["type"] != "Sequential":
        return [layer]
    layers: list[Layer] = layer["layers"]
    return layers


def _entry(lines: _Lines, line: str, notes: list[str], depth: int) -> Layer:
    match = _LINE.fullmatch(line)
    if match is None:
        raise ImportRefused(f"this line is no printed layer: {line[:80]!r}")
    if depth > _MAX_DEPTH:
        raise ImportRefused("the printed model nests too deep")
    kind, rest = match["kind"], match["rest"]
    if not rest:
        layer = _container(lines, kind, notes, depth)
    elif rest.endswith(")"):
        layer = _single(kind, rest[:-1], notes)
    else:
        raise ImportRefused(f"this line is cut off: {line[:80]!r}")
    name = match["name"]
    if name and not name.isdigit():
        layer["name"] = name
    return layer


def _container(lines: _Lines, kind: str, notes: list[str], depth: int) -> Layer:
    if kind in LAYERS:
        raise ImportRefused(f"a printed {kind} does not show its own arguments (such as the number of heads)")
    children: list[Layer] = []
    while (line := lines.next()) != ")":
        children.append(_entry(lines, line, notes, depth + 1))
    if kind in ("ModuleList", "ModuleDict"):
        raise ImportRefused(f"a {kind} does not show what its module does with it")
    if kind != "Sequential":
        _note(
            notes,
            f"{kind} is no Sequential: its layers are taken one after the other, as printed; "
            "print(model) does not show its forward method",
        )
    if not children:
        raise ImportRefused(f"an empty {kind}")
    return {"type": "Sequential", "layers": children}


def _single(kind: str, rest: str, notes: list[str]) -> Layer:
    if kind == "Sequential":
        raise ImportRefused("an empty Sequential")
    call = parse_source(f"{kind}({_readable(rest)})")
    if not isinstance(call, ast.Call):
        raise ImportRefused(f"this is no printed layer: {kind}({rest[:60]})")
    positional = [value_of(argument) for argument in call.args]
    keywords = keywords_of(kind, call)
    if kind.startswith("Upsampling"):
        keywords.pop("mode", None)  # printed, but part of the name
    layer = layer_from(kind, positional, keywords)
    known = LAYERS[kind]
    hidden = [n for n in HIDDEN.get(kind.rstrip("123d"), ()) if known.argument(n) and n not in keywords]
    if hidden:
        _note(notes, f"{kind}: the text does not show {', '.join(hidden)}; taken as PyTorch's default")
    return layer


def _readable(rest: str) -> str:
    """What PyTorch prints without quotes gets them: `padding=same`, `mode=nearest`, `approximate=none`."""
    return re.sub(r"\b(mode|padding|padding_mode|approximate)=([A-Za-z]+)(?=[,)]|$)", r'\1="\2"', rest)


def _note(notes: list[str], text: str) -> None:
    if text not in notes:
        notes.append(text)
