"""Compute a network: every layer's shapes and counts, and its memory."""

from collections.abc import Mapping
from typing import Any

from app.shapes.errors import NetworkError, RefusedError, ShapeError, escaped
from app.shapes.layers import Call, Effect, LayerType, Shape, product, show
from app.shapes.layers.conditions import Condition, strongest
from app.shapes.memory import estimate
from app.shapes.network import parse_network
from app.shapes.nodes import Network, Node
from app.shapes.recent import Recent
from app.shapes.receptive.axes import AxisMap, keep_all
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
        empty: list[Any] = [None] * len(network.nodes)
        self.layers: list[Layer] = empty.copy()
        self.names: list[str] = [node.name for node in network.nodes] + [source.name for source in inputs]
        self.shapes: list[Shape] = empty + [source.shape for source in inputs]
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
        parameters: Size = sum([layer.parameters for layer in layers])
        memory = estimate(network, [layer.effect for layer in layers], parameters)
        return Report(network, layers, memory, tuple(strongest(self.conditions)[:_MAX_CONDITIONS]))

    def _compute(self, node: Node) -> Layer:
        reads, place = node.reads, node.place
        if len(reads) == 1:  # as nearly every layer does
            (read,) = reads
            shapes: tuple[Shape, ...] = (self.shapes[read],)
            raw = self.raw[read]
            inputs: tuple[str, ...] = (self.names[read],)
        else:
            shapes = tuple([self.shapes[read] for read in reads])
            raw = all([self.raw[read] for read in reads])
            inputs = tuple([self.names[read] for read in reads])
        effect, values, conditions = self._effect(node, shapes, raw)
        if conditions:
            self.conditions.extend(conditions)
        self.shapes[place] = effect.output
        self.raw[place] = raw and effect.rearranges and bool(reads)
        return Layer(node, effect, values, inputs, shapes)

    def _effect(self, node: Node, shapes: tuple[Shape, ...], raw: bool) -> _Known:
        arguments = node.arguments
        if node.shares is not None:
            arguments = {**self.network.nodes[node.shares].arguments, **arguments}
        key = (node.type.name, raw, shapes, _frozen(arguments))
        found = self.known.get(key)
        if found is not None:
            return found
        lasting = not self.network.symbols and len(shapes) <= _FEW and _numeric(shapes)
        found = RECENT.get(key) if lasting else None
        if found is None:
            values = read_arguments(node.type, arguments, self.network.symbols)
            call = Call(node.type, values, shapes, raw)
            effect = node.type.apply(call)
            _check_size(effect)
            found = (effect, values, call.conditions)
            if lasting and _worth_keeping(effect):
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
    values = dict(layer.defaults)
    for name, item in raw.items():
        argument = layer.argument(name)
        if argument is None:
            known = ", ".join(argument.name for argument in layer.arguments) or "none"
            raise RefusedError(
                f"{layer.name} has no argument {describe(name)}; its arguments are: {known}",
                f"/{escaped(name)}",
            )
        values[name] = None if item is None and argument.inferred else argument.read(item, symbols)
    for name in layer.required:
        if name not in raw:
            raise RefusedError(f"{name} is missing", f"/{name}")
    return values


def _numeric(shapes: tuple[Shape, ...]) -> bool:
    """Whether shapes are free of symbols."""
    for shape in shapes:
        for size in shape:
            if type(size) is not int:
                return False
    return True


def _worth_keeping(effect: Effect) -> bool:
    """Whether an effect is small, free of symbols, and not cut short by this request's bound on windows."""
    if type(effect.parameters) is not int or type(effect.connections) is not int:
        return False
    for relations in effect.axes:
        if relations is keep_all(len(effect.output)):
            continue
        for relation in relations:
            if relation is not None and (type(relation) is not AxisMap or len(relation.runs) > _FEW):
                return False
    return True


def _check_size(effect: Effect) -> None:
    """PyTorch counts bytes in 64 bits, so no tensor can be larger."""
    elements = product(effect.output)
    if isinstance(elements, int) and elements * 4 > LARGEST:
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
