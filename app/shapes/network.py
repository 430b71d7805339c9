"""A network as it was asked for: named inputs and a flat, ordered list of nodes, blocks unrolled.

A layer reads the one before it, or those named in `inputs`. A block (`type` "Sequential", with `layers` of
its own and an optional `repeat`) has its own names; inside it `input` is what the block reads and outer names
stay visible. The block's output is that of its last layer.
"""

import re
from collections.abc import Mapping
from typing import Any

from app.shapes.errors import NetworkError, ShapeError, escaped
from app.shapes.layers.arguments import substitute_whole
from app.shapes.nodes import Network, Source
from app.shapes.order import computable_order
from app.shapes.sizes import Size, describe, parse_size
from app.shapes.unroll import NAME, Scope, Unroller

MAX_RANK = 8
MAX_SUBSTITUTIONS = 100
_FIELDS = ("input", "layers", "batch", "substitute", "name", "title", "notes")
"""The last three are what presets and imports say about themselves; nothing is computed from them."""
_SYMBOL = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}")


def parse_network(body: Mapping[str, Any]) -> Network:
    """Read the body of a shapes request; raises ShapeError with a pointer into it."""
    if not isinstance(body, dict):
        raise NetworkError("expected an object with input and layers")
    unknown = [key for key in body if key not in _FIELDS]
    if unknown:
        raise NetworkError(
            f"unknown field {describe(unknown[0])}; known are {', '.join(_FIELDS)}",
            f"/{escaped(unknown[0])}",
        )
    symbols = _substitutions(body.get("substitute"))
    inputs = _inputs(body.get("input"), symbols)
    unroller = Unroller([source.name for source in inputs])
    unroller.add_list(body.get("layers"), "/layers", Scope(None, (), -1), 0)
    nodes = tuple(unroller.nodes)
    unroller.resolve()
    order = tuple(range(len(nodes))) if unroller.in_order else computable_order(nodes)
    return Network(inputs, nodes, order, _read(body.get("batch", 1), symbols, "batch"), symbols)


def _read(raw: object, symbols: Mapping[str, Size], name: str, pointer: str = "") -> Size:
    try:
        return parse_size(substitute_whole(parse_size(raw), symbols))
    except ShapeError as error:
        raise type(error)(f"{name}: {error.detail}", pointer or f"/{name}") from None


def _substitutions(raw: object) -> dict[str, Size]:
    if raw is None:
        return {}
    if not isinstance(raw, dict) or len(raw) > MAX_SUBSTITUTIONS:
        raise NetworkError(
            f"substitute: expected an object of at most {MAX_SUBSTITUTIONS} symbols", "/substitute"
        )
    values: dict[str, Size] = {}
    for name, value in raw.items():
        if not isinstance(name, str) or not _SYMBOL.fullmatch(name):
            raise NetworkError(
                f"substitute: {describe(name)} is no symbol", f"/substitute/{escaped(str(name))}"
            )
        values[name] = _read(value, {}, f"substitute: {name}", f"/substitute/{name}")
    return values


def _inputs(raw: object, symbols: Mapping[str, Size]) -> tuple[Source, ...]:
    named = raw if isinstance(raw, dict) else {"input": raw}
    if not 1 <= len(named) <= 16:
        raise NetworkError("input: expected one shape, or an object of up to 16 named shapes", "/input")
    sources = []
    for name, shape in named.items():
        pointer = f"/input/{escaped(str(name))}" if isinstance(raw, dict) else "/input"
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise NetworkError(f"input: {describe(name)} is no name", pointer)
        if not isinstance(shape, (list, tuple)) or not 1 <= len(shape) <= MAX_RANK:
            raise NetworkError(
                f"{name}: expected the shape of one sample, 1 to {MAX_RANK} sizes such as [3, 32, 32]",
                pointer,
            )
        sizes = tuple(_read(size, symbols, f"{name}[{i}]", f"{pointer}/{i}") for i, size in enumerate(shape))
        sources.append(Source(name, sizes))
    return tuple(sources)
