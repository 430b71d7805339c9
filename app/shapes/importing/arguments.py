"""PyTorch's positional and keyword arguments as a layer of a shapes request."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.shapes.errors import ShapeError
from app.shapes.importing.literals import ImportRefused
from app.shapes.layers import LAYERS, REQUIRED, Argument

_HARMLESS = frozenset({"device", "dtype"})
_NEEDED_BY_PYTORCH_ALONE = ("in_channels", "in_features", "num_features", "num_channels")


def layer_from(kind: str, positional: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """A layer with its arguments by name; defaults are left out, what is unknown is refused."""
    known = LAYERS.get(kind)
    if known is None or known.home == "":
        raise ImportRefused(f"{kind} is not supported")
    names = [argument.name for argument in known.arguments if not argument.keyword_only]
    if len(positional) > len(names):
        raise ImportRefused(f"{kind} takes {len(names)} arguments, not {len(positional)}")
    given = dict(zip(names, positional, strict=False))
    for name, value in keywords.items():
        if name in _HARMLESS:
            continue
        if name in given or known.argument(name) is None:
            raise ImportRefused(f"{kind} has no argument {name}, or has it twice")
        given[name] = value
    layer: dict[str, Any] = {"type": kind}
    for argument in known.arguments:
        if argument.name in given and not _is_default(argument, given[argument.name]):
            layer[argument.name] = given[argument.name]
    return layer


def _is_default(argument: Argument, value: Any) -> bool:
    if argument.default is REQUIRED:
        return False
    try:
        read = None if value is None else argument.kind.read(value, {})
    except ShapeError:
        return False  # told when the network is computed, with its place
    return bool(read == argument.standard) and type(read) is type(argument.standard)
