"""Networks out of text: what `print(model)` shows, or `nn.Sequential(…)` source, read and never run."""

import re
from collections.abc import Iterator
from typing import Any

from app.shapes.errors import ShapeError
from app.shapes.importing.literals import MAX_TEXT, ImportRefused
from app.shapes.importing.printed import read_printed
from app.shapes.importing.source import read_source
from app.shapes.json_text import parse_json
from app.shapes.sizes import describe

__all__ = ["ImportRefused", "import_network", "read_network"]

_PRINTED = re.compile(r"\A\s*\w+\([ \t]*$|^[ \t]*\([^()\n]+\): \w+\(", re.MULTILINE)
_SPACE = {1: ["L"], 2: ["H", "W"], 3: ["D", "H", "W"]}
_DIMENSIONS = re.compile(r"([123])d\Z")


def import_network(text: object) -> dict[str, Any]:
    """A body for a shapes request, with `notes` that name what the text does not show; raises
    ImportRefused.
    """
    if not isinstance(text, str):
        raise ImportRefused(f"text: expected a string, not {describe(text)}", "/text")
    if not text.strip():
        raise ImportRefused("text: nothing to read", "/text")
    if len(text) > MAX_TEXT:
        raise ImportRefused(f"text: at most {MAX_TEXT} characters are read, not {len(text)}", "/text")
    notes: list[str] = []
    try:
        layers = read_printed(text, notes) if _PRINTED.search(text) else read_source(text, notes)
    except ShapeError as error:
        raise ImportRefused(f"text: {error.detail}", "/text") from None
    except RecursionError:
        raise ImportRefused("text: something in it nests too deep", "/text") from None
    shape = _input_shape(layers)
    notes.insert(0, f"the text does not show the input's size; taken as {_shown(shape)}")
    return {"input": shape, "layers": layers, "notes": notes}


def read_network(text: str) -> dict[str, Any]:
    """A body for a shapes request out of whatever was typed: JSON, or what `import_network` reads."""
    if not text.lstrip().startswith("{"):
        return import_network(text)
    body: dict[str, Any] = parse_json(text)
    return body


def _leaves(layers: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for layer in layers:
        if layer["type"] == "Sequential":
            yield from _leaves(layer["layers"])
        else:
            yield layer


def _input_shape(layers: list[dict[str, Any]]) -> list[Any]:
    """The input's shape as far as the first layers tell it: symbols for the rest."""
    for layer in _leaves(layers):
        kind: str = layer["type"]
        dims = _DIMENSIONS.search(kind)
        if kind in ("RNN", "GRU", "LSTM"):
            return ["L", layer.get("input_size", "F")]
        if kind in ("MultiheadAttention", "TransformerEncoderLayer"):
            return ["L", layer.get("embed_dim", layer.get("d_model", "F"))]
        if kind == "Embedding":
            return ["L"]
        if kind == "Linear":
            return [layer.get("in_features", "F")]
        if kind in ("LayerNorm", "RMSNorm"):
            sizes = layer["normalized_shape"]
            return list(sizes) if isinstance(sizes, list) else [sizes]
        if dims:
            return [layer.get("in_channels", layer.get("num_features", "C")), *_SPACE[int(dims[1])]]
        if kind in (
            "Upsample",
            "Unfold",
            "PixelShuffle",
            "PixelUnshuffle",
            "ChannelShuffle",
            "Flatten",
            "GroupNorm",
        ):
            return [layer.get("num_channels", "C"), "H", "W"]
    return ["C", "H", "W"]


def _shown(shape: list[Any]) -> str:
    return f"[{', '.join(str(size) for size in shape)}]"
