"""Unroll nested lists of layers into nodes: names, scopes, blocks and their repeats."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.shapes.errors import NetworkError, RefusedError, escaped
from app.shapes.layers import LAYERS, LayerType
from app.shapes.nodes import MAX_LAYERS, Node
from app.shapes.sizes import describe

MAX_DEPTH = 16
MAX_READS = 20_000
"""Inputs that all layers may name together."""
BLOCK = "Sequential"
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")


@dataclass(slots=True)
class Scope:
    """Names visible inside one list of layers; values are nodes, or inputs when negative."""

    outer: "Scope | None"
    block: tuple[str, ...]
    entry: int
    names: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    layers: Sequence[Any] = ()
    _given: frozenset[str] | None = None

    def fresh(self, stem: str) -> str:
        """A name for a layer that has none: one that no layer of this list was given."""
        if self._given is None:
            self._given = frozenset(str(item.get("name")) for item in self.layers if isinstance(item, dict))
        while True:
            self.counts[stem] = self.counts.get(stem, 0) + 1
            name = f"{stem}{self.counts[stem]}"
            if name not in self._given:
                return name

    def find(self, name: str) -> int | None:
        """The node or input that a name means here, inner names first."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            if name == "input" and scope.outer is not None:
                return scope.entry
            scope = scope.outer
        return None


class Unroller:
    """Unrolls nested lists of layers into nodes, remembering what each one refers to by name."""

    def __init__(self, inputs: Sequence[str]) -> None:
        self.nodes: list[Node] = []
        self.inputs = {name: -1 - i for i, name in enumerate(inputs)}
        self.pending: list[tuple[Node, Scope, list[str] | None, object]] = []
        self.paths: dict[str, int] = {}
        self.reads = 0
        self.in_order = True
        """Whether every layer comes after those it reads; known once all names are resolved."""

    def add_list(self, raw: object, pointer: str, scope: Scope, depth: int) -> int:
        """Add every layer of a list; returns the node that is its output."""
        if not isinstance(raw, (list, tuple)):
            raise NetworkError("expected a list of layers", pointer)
        if not raw:
            raise NetworkError(
                "a network needs at least one layer" if depth == 0 else "an empty block", pointer
            )
        if depth > MAX_DEPTH:
            raise NetworkError(f"blocks nest deeper than {MAX_DEPTH}", pointer)
        scope.layers = raw
        previous = scope.entry
        for i, item in enumerate(raw):
            here = f"{pointer}/{i}"
            if not isinstance(item, dict):
                raise NetworkError(f"layer {i}: expected an object, not {describe(item)}", here)
            kind = item.get("type")
            if kind == BLOCK:
                previous = self._add_block(item, here, scope, previous, depth)
            else:
                layer = LAYERS.get(kind) if isinstance(kind, str) else None
                previous = self._add_layer(item, layer, here, scope, previous)
        return previous

    def _add_layer(
        self, item: Mapping[str, Any], layer: LayerType | None, pointer: str, scope: Scope, previous: int
    ) -> int:
        place = len(self.nodes)
        if place >= MAX_LAYERS:
            raise NetworkError(f"a network of more than {MAX_LAYERS} layers", pointer)
        if layer is None:
            layer = self._shared_type(item, pointer, scope, place)
        name = self._name(item, pointer, scope, layer.name)
        arguments = dict(item)
        arguments.pop("type", None)
        arguments.pop("name", None)
        inputs, shares = arguments.pop("inputs", None), arguments.pop("shares", None)
        path = ".".join((*scope.block, name)) if scope.block else name
        reads = (previous,) if layer.inputs[1] else ()
        node = Node(place, path, pointer, layer, arguments, scope.block, reads)
        self.nodes.append(node)
        self._declare(scope, name, path, place, pointer)
        if inputs is None and shares is None:
            _check_count(node)
        else:
            self.pending.append((node, scope, _input_names(inputs, pointer, path), shares))
        return place

    def _add_block(
        self, item: Mapping[str, Any], pointer: str, scope: Scope, previous: int, depth: int
    ) -> int:
        extra = [key for key in item if key not in ("type", "name", "inputs", "layers", "repeat")]
        if extra:
            raise NetworkError(
                f"unknown field {describe(extra[0])} in a block; known are name, inputs, layers, repeat",
                f"{pointer}/{escaped(extra[0])}",
            )
        name = self._name(item, pointer, scope, "block")
        repeat = item.get("repeat")
        if repeat is not None and (isinstance(repeat, bool) or not isinstance(repeat, int)):
            raise NetworkError(
                f"{name}: repeat must be an integer, not {describe(repeat)}", f"{pointer}/repeat"
            )
        if repeat is not None and not 1 <= repeat <= MAX_LAYERS:
            raise NetworkError(f"{name}: repeat must lie between 1 and {MAX_LAYERS}", f"{pointer}/repeat")
        path = (*scope.block, name)
        inputs = _input_names(item.get("inputs"), pointer, ".".join(path))
        if inputs is not None:
            if len(inputs) != 1:
                raise NetworkError(
                    f"{name}: a block reads one input; its layers may name others", f"{pointer}/inputs"
                )
            entry = self._known(scope, inputs[0])
            if entry is None:
                raise NetworkError(
                    f"{name} reads {describe(inputs[0])}, which is no layer before it", f"{pointer}/inputs/0"
                )
            previous = entry
        for turn in range(repeat or 1):
            block = path if repeat is None else (*path, str(turn))
            previous = self.add_list(
                item.get("layers"), f"{pointer}/layers", Scope(scope, block, previous), depth + 1
            )
        self._declare(scope, name, ".".join(path), previous, pointer)
        return previous

    def _known(self, scope: Scope, name: str) -> int | None:
        found = scope.find(name)
        return self.inputs.get(name, self.paths.get(name)) if found is None else found

    def _shared_type(self, item: Mapping[str, Any], pointer: str, scope: Scope, place: int) -> LayerType:
        """The type of a layer that names none: that of the layer it shares with."""
        name = item.get("type")
        owner = item.get("shares")
        if name is None and isinstance(owner, str):
            found = self._known(scope, owner)
            if found is not None and found >= 0:
                return self.nodes[found].type
        if name is None:
            raise NetworkError(f"{_called(item, place)} has no type", pointer)
        raise RefusedError(
            f"{_called(item, place)}: {describe(name)} is not supported (see GET /shapes/layers)",
            f"{pointer}/type",
        )

    def _name(self, item: Mapping[str, Any], pointer: str, scope: Scope, stem: str) -> str:
        name = item.get("name")
        if name is None:
            return scope.fresh(stem.lower())
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise NetworkError(
                f"{describe(name)} is no name: letters, digits, '_', '.' and '-', at most 200",
                f"{pointer}/name",
            )
        return name

    def _declare(self, scope: Scope, name: str, path: str, place: int, pointer: str) -> None:
        if name in scope.names or (scope.outer is None and name in self.inputs) or path in self.paths:
            raise NetworkError(f"the name {name!r} is taken twice", f"{pointer}/name")
        scope.names[name] = place
        self.paths[path] = place

    def resolve(self) -> None:
        """Turn the names that layers refer to into nodes and inputs; later layers may be named too."""
        for node, scope, names, shares in self.pending:
            self._resolve(node, scope, names, shares)
        for node, *_ in self.pending:
            self._resolve_owner(node)

    def _resolve_owner(self, node: Node) -> None:
        """Of layers that share with one that shares itself, the owner is the last in the row."""
        seen: set[int | None] = {node.place}
        while node.shares is not None and (owner := self.nodes[node.shares].shares) is not None:
            if node.shares in seen:
                raise NetworkError(
                    f"{node.name} shares parameters in a circle: no layer has them", f"{node.pointer}/shares"
                )
            seen.add(node.shares)
            node.shares = owner

    def _resolve(self, node: Node, scope: Scope, names: list[str] | None, shares: object) -> None:
        if names is not None:
            self.reads += len(names)
            if self.reads > MAX_READS:
                raise NetworkError(
                    f"the layers name more than {MAX_READS} inputs in all", f"{node.pointer}/inputs"
                )
            reads = []
            for i, name in enumerate(names):
                found = self._known(scope, name)
                if found is None:
                    raise NetworkError(
                        f"{node.name} reads {describe(name)}, which does not exist",
                        f"{node.pointer}/inputs/{i}",
                    )
                reads.append(found)
                self.in_order &= found < node.place
            node.reads = tuple(reads)
        if shares is not None:
            owner = self._known(scope, shares) if isinstance(shares, str) else None
            if owner is None or owner < 0 or owner == node.place:
                raise NetworkError(
                    f"{node.name} shares the parameters of {describe(shares)}, which is no other layer",
                    f"{node.pointer}/shares",
                )
            theirs = self.nodes[owner].type
            if theirs is not node.type:
                raise RefusedError(
                    f"layer {node.place} ({node.name}): a {node.type.name} cannot share the parameters of "
                    f"a {theirs.name}",
                    f"{node.pointer}/shares",
                )
            node.shares = owner
        _check_count(node)


def _input_names(inputs: object, pointer: str, name: str) -> list[str] | None:
    if inputs is None:
        return None
    if isinstance(inputs, str):
        return [inputs]
    if not isinstance(inputs, (list, tuple)) or not all([isinstance(entry, str) for entry in inputs]):
        raise NetworkError(f"{name}: inputs must be a list of names", f"{pointer}/inputs")
    return list(inputs)


def _check_count(node: Node) -> None:
    least, most = node.type.inputs
    if not least <= len(node.reads) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise NetworkError(
            f"{node.name} ({node.type.name}) takes {wanted} inputs, not {len(node.reads)}",
            f"{node.pointer}/inputs",
        )


def _called(item: Mapping[str, Any], place: int) -> str:
    """A layer that cannot be read yet, by its index and its name if it has one."""
    name = item.get("name")
    return f"layer {place} ({name[:80]})" if isinstance(name, str) else f"layer {place}"
