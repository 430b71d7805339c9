"""A network before anything is computed: inputs and a flat list of nodes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.shapes.layers import LayerType, Shape
from app.shapes.sizes import Size

MAX_LAYERS = 2_000


@dataclass(frozen=True, slots=True)
class Source:
    """A named input of the network."""

    name: str
    shape: Shape


@dataclass(slots=True)
class Node:
    """One layer; `reads` refers to nodes by their place, and to inputs by negative numbers (-1 the first)."""

    place: int
    name: str
    pointer: str
    type: LayerType
    arguments: Mapping[str, object]
    block: tuple[str, ...] = ()
    reads: tuple[int, ...] = ()
    shares: int | None = None


@dataclass(frozen=True, slots=True)
class Network:
    """Inputs, nodes in the order they were given, and the order in which they can be computed."""

    inputs: tuple[Source, ...]
    nodes: tuple[Node, ...]
    order: tuple[int, ...]
    batch: Size = 1
    symbols: Mapping[str, Size] = field(default_factory=dict)
