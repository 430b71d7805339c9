"""Compute a network: every layer's shapes, counts and receptive field, and the totals."""

from collections.abc import Mapping
from typing import Any

from app.shapes.errors import NetworkError, RefusedError, ShapeError, escaped
from app.shapes.layers import REQUIRED, Call, Effect, LayerType, Shape, product, show
from app.shapes.layers.conditions import Condition, strongest
from app.shapes.memory import estimate
from app.shapes.network import parse_network
from app.shapes.nodes import Network, Node
from app.shapes.recent import Recent
from app.shapes.receptive import Field, input_field, through
from app.shapes.receptive.axes import AxisMap
from app.shapes.receptive.budget import bounded_windows
from app.shapes.report import Layer, Report
from app.shapes.sizes import LARGEST, Size, bounded_work, describe, to_text

_MAX_CONDITIONS = 100
_Known = tuple[Effect, dict[str, Any], list[Condition]]
_FEW = 8
RECENT: Recent[_Known] = Recent(4_096)
"""Effects of layers without symbols, by type, arguments and input shapes."""


def analyse(body: Mapping[str, Any]) -> Report:
    """The report on a network given as the body of a shapes request; raises ShapeError."""
    with bounded_work(), bounded_windows():
        try:
            return compute(parse_network(body))
        except RecursionError:
            raise NetworkError("something in the request nests too deep") from None


def compute(network: Network) -> Report:
    """The report on a parsed network; call it as `analyse` does when the network is not your own."""
    return _Computation(network).run()


class _Computation:
    """One pass over a network; equal layers on equal inputs are computed once.

    Lists by place hold the inputs too: input i stands at index -1 - i, as in `Node.reads`.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        inputs = network.inputs[::-1]
        ranks = [len(source.shape) - 1 for source in inputs]
        empty: list[Any] = [None] * len(network.nodes)
        self.layers: list[Layer] = empty.copy()
        self.names: list[str] = [node.name for node in network.nodes] + [source.name for source in inputs]
        self.shapes: list[Shape] = empty + [source.shape for source in inputs]
        self.fields: list[Field] = empty + [
            input_field(rank + 1, sum(ranks[i + 1 :]), sum(ranks[:i])) for i, rank in enumerate(ranks)
        ]
        self.unseen: Field = (None,) * sum(ranks)
        # Whether a tensor may hold the integers that an embedding reads.
        self.raw: list[bool] = empty + [True] * len(inputs)
        self.known: dict[object, _Known] = {}
        self.conditions: list[Condition] = []

    def run(self) -> Report:
        """Compute every node in order and gather the report."""
        network = self.network
        for place in network.order:
            node = network.nodes[place]
            try:
                self.layers[place] = self._compute(node)
            except ShapeError as error:
                raise _at(node, error) from None
        for node in network.nodes:
            if node.shares is not None:
                self._check_shared(self.layers[node.place], self.layers[node.shares])
        layers = tuple(self.layers)
        parameters: Size = sum((layer.parameters for layer in layers), start=0)
        memory = estimate(network, [layer.effect for layer in layers], parameters)
        return Report(network, layers, memory, tuple(strongest(self.conditions)[:_MAX_CONDITIONS]))

    def _compute(self, node: Node) -> Layer:
        reads, place = node.reads, node.place
        shapes = tuple([self.shapes[read] for read in reads])
        raw = all([self.raw[read] for read in reads])
        effect, values, conditions = self._effect(node, shapes, raw)
        if conditions:
            self.conditions.extend(conditions)
        output = self.shapes[place] = effect.output
        self.raw[place] = raw and effect.rearranges and bool(reads)
        fields = [self.fields[read] for read in reads]
        field = self.fields[place] = through(fields, effect.axes, shapes, output) if reads else self.unseen
        return Layer(node, effect, values, tuple([self.names[read] for read in reads]), shapes, field)

    def _effect(self, node: Node, shapes: tuple[Shape, ...], raw: bool) -> _Known:
        arguments = node.arguments
        if node.shares is not None:
            arguments = {**self.network.nodes[node.shares].arguments, **arguments}
        key = (node.type.name, raw, shapes, _frozen(arguments))
        found = self.known.get(key)
        if found is not None:
            return found
        lasting = not self.network.symbols and all(type(size) is int for shape in shapes for size in shape)
        found = RECENT.get(key) if lasting else None
        if found is None:
            values = read_arguments(node.type, arguments, self.network.symbols)
            call = Call(node.type, values, shapes, raw)
            effect = node.type.apply(call)
            _check_size(effect)
            found = (effect, values, call.conditions)
            if lasting and len(shapes) <= _FEW and _worth_keeping(effect):
                RECENT.put(key, found)
        self.known[key] = found
        return found

    def _check_shared(self, layer: Layer, owner: Layer) -> None:
        for name in layer.node.arguments:
            if layer.values[name] != owner.values[name]:
                error = RefusedError(
                    f"{name} differs from {owner.name}, whose parameters it shares", f"/{name}"
                )
                raise _at(layer.node, error)
        for name, size in layer.effect.inferred.items():
            theirs = owner.effect.inferred[name]
            if size != theirs:
                error = RefusedError(
                    f"its input gives {name} {to_text(size)}, but {owner.name}, whose parameters it shares, "
                    f"has {to_text(theirs)}",
                    "/shares",
                )
                raise _at(layer.node, error)


def read_arguments(
    layer: LayerType, raw: Mapping[str, object], symbols: Mapping[str, Size]
) -> dict[str, Any]:
    """Every argument of a layer type from JSON, defaults filled in; refuses unknown and missing ones."""
    values: dict[str, Any] = {}
    given = 0
    for argument in layer.arguments:
        name = argument.name
        if name in raw:
            given += 1
            item = raw[name]
            values[name] = None if item is None and argument.inferred else argument.read(item, symbols)
        elif argument.default is REQUIRED:
            raise RefusedError(f"{name} is missing", f"/{name}")
        else:
            values[name] = argument.standard
    if given < len(raw):
        unknown = next(name for name in raw if name not in values)
        known = ", ".join(argument.name for argument in layer.arguments) or "none"
        raise RefusedError(
            f"{layer.name} has no argument {describe(unknown)}; its arguments are: {known}",
            f"/{escaped(unknown)}",
        )
    return values


def _worth_keeping(effect: Effect) -> bool:
    """Whether an effect is small, free of symbols, and not cut short by this request's bound on windows."""
    if type(effect.parameters) is not int or type(effect.connections) is not int:
        return False
    return all(
        relation is None or (isinstance(relation, AxisMap) and len(relation.runs) <= _FEW)
        for relations in effect.axes
        for relation in relations
    )


def _check_size(effect: Effect) -> None:
    """PyTorch counts bytes in 64 bits, so no tensor can be larger."""
    for name, count in (("output", product(effect.output)), ("parameters", effect.parameters)):
        if isinstance(count, int) and count * 4 > LARGEST and name == "output":
            raise RefusedError(f"its output {show(effect.output)} has more bytes than 64 bits can count")


def _frozen(raw: Mapping[str, object]) -> object:
    """The arguments as one hashable value; types tell 1, 1.0 and true apart."""
    frozen: list[object] = []
    for name, value in raw.items():
        kind = value.__class__
        frozen += (name, kind, value if kind in _PLAIN else repr(value))
    return tuple(frozen)


_PLAIN = frozenset({int, str, bool, float, type(None)})


def _at(node: Node, error: ShapeError) -> ShapeError:
    """The error with the layer's name and index, pointing into the request."""
    kind = type(error) if isinstance(error, (RefusedError, NetworkError)) else RefusedError
    return kind(
        f"layer {node.place} ({node.name}, {node.type.name}): {error.detail}", node.pointer + error.pointer
    )
