"""The result of computing a network, and its JSON as the REST contract has it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from app.shapes.following import follow
from app.shapes.layers import Effect, Shape, product
from app.shapes.memory import Memory, tensor_bytes
from app.shapes.nodes import Network, Node
from app.shapes.receptive import PHASES_LISTED, Field, ReceptiveField, Span, Track, receptive_field
from app.shapes.sizes import Size, symbols_of, to_json, to_latex

COUNTS = (
    "parameters",
    "weights",
    "biases",
    "buffers",
    "neurons",
    "connections",
    "connections_in_bounds",
    "multiply_accumulates",
)
PHASES_IN_ALL = 25_000
"""Windows that the JSON of one network lists for an axis; the longest networks list only short periods."""
_LATEX = ("parameters", "weights", "biases", "neurons", "connections")


@dataclass(slots=True)
class Layer:
    """One computed layer. A layer that shares another's parameters counts none itself."""

    node: Node
    effect: Effect
    values: Mapping[str, Any]
    inputs: tuple[str, ...]
    input_shapes: tuple[Shape, ...]

    @property
    def name(self) -> str:
        """The layer's name, with those of its blocks in front."""
        return self.node.name

    @property
    def type(self) -> str:
        """PyTorch's name of the layer type."""
        return self.node.type.name

    @property
    def output_shape(self) -> Shape:
        """The output of one sample."""
        return self.effect.output

    @property
    def parameters(self) -> Size:
        """What `sum(p.numel() for p in module.parameters())` says."""
        return 0 if self.node.shares is not None else self.effect.parameters

    @property
    def weights(self) -> Size:
        """Weights of convolutions, linear and recurrent layers."""
        return 0 if self.node.shares is not None else self.effect.weights

    @property
    def biases(self) -> Size:
        """Their biases."""
        return 0 if self.node.shares is not None else self.effect.biases

    @property
    def buffers(self) -> Size:
        """Elements of registered buffers."""
        return 0 if self.node.shares is not None else self.effect.buffers

    @property
    def neurons(self) -> Size:
        """Elements of the output; 0 where values are only moved or passed on."""
        return 0 if self.effect.rearranges else product(self.effect.output)

    @property
    def connections(self) -> Size:
        """Multiply-accumulates of Conv, ConvTranspose and Linear in dense form, padding included."""
        return self.effect.connections

    @property
    def connections_in_bounds(self) -> Size | None:
        """The connections that do not meet padding; None when symbolic."""
        bounded = self.effect.connections_in_bounds
        return bounded if isinstance(bounded, int) else None

    @property
    def multiply_accumulates(self) -> Size:
        """The connections and what recurrent layers, attention and Bilinear multiply besides."""
        return self.effect.connections + self.effect.other_products


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over layers."""

    parameters: Size
    weights: Size
    biases: Size
    buffers: Size
    neurons: Size
    connections: Size
    connections_in_bounds: Size | None
    multiply_accumulates: Size

    def to_json(self) -> dict[str, object]:
        """Counts as JSON."""
        return {name: _json(getattr(self, name)) for name in COUNTS}


def total(layers: Iterable[Layer]) -> Totals:
    """The sums over some layers; in-bounds connections are None as soon as one of them is."""
    chosen = list(layers)
    bounded = [layer.connections_in_bounds for layer in chosen]
    return Totals(
        parameters=sum((layer.parameters for layer in chosen), start=0),
        weights=sum((layer.weights for layer in chosen), start=0),
        biases=sum((layer.biases for layer in chosen), start=0),
        buffers=sum((layer.buffers for layer in chosen), start=0),
        neurons=sum((layer.neurons for layer in chosen), start=0),
        connections=sum((layer.connections for layer in chosen), start=0),
        connections_in_bounds=None
        if None in bounded
        else sum((b for b in bounded if b is not None), start=0),
        multiply_accumulates=sum((layer.multiply_accumulates for layer in chosen), start=0),
    )


@dataclass(frozen=True)
class Report:
    """A computed network."""

    network: Network
    layers: tuple[Layer, ...]
    memory: Memory
    conditions: tuple[str, ...]
    """What must hold for PyTorch to accept the network, where symbols leave it open."""

    @cached_property
    def totals(self) -> Totals:
        """Sums over all layers."""
        return total(self.layers)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Every layer's receptive field on all inputs, by place; followed when first asked for."""
        return follow(self.network, [layer.effect for layer in self.layers])

    def field(self, layer: Layer) -> Field:
        """The receptive field of a layer: a track for each axis but the first of every input."""
        return self.fields[layer.node.place]

    @cached_property
    def blocks(self) -> dict[str, Totals]:
        """Sums over the layers of each block, outer blocks and repeats included, by path."""
        members: dict[str, list[Layer]] = {}
        for layer in self.layers:
            for depth in range(1, len(layer.node.block) + 1):
                members.setdefault(".".join(layer.node.block[:depth]), []).append(layer)
        return {path: total(layers) for path, layers in members.items()}

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        """Layers that no other layer reads."""
        read = {name for layer in self.layers for name in layer.inputs}
        return tuple(layer.name for layer in self.layers if layer.name not in read)

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """Every symbol left in the shapes and counts."""
        found: set[str] = set()
        for layer in self.layers:
            for size in (*layer.output_shape, layer.effect.parameters, layer.connections):
                found |= symbols_of(size)
        for source in self.network.inputs:
            for size in source.shape:
                found |= symbols_of(size)
        return tuple(sorted(found))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was noticed on the way."""
        notes = [
            f"layer {layer.node.place} ({layer.name}): {note}"
            for layer in self.layers
            for note in layer.effect.notes
        ]
        return tuple(notes)

    def receptive_fields(self, layer: Layer) -> dict[str, ReceptiveField]:
        """The receptive field of a layer's output on each input that it depends on and that has spatial
        axes.
        """
        found: dict[str, ReceptiveField] = {}
        begin = 0
        for source in self.network.inputs:
            end = begin + len(source.shape) - 1
            field = receptive_field(self.field(layer)[begin:end])
            if field is not None:
                found[source.name] = field
            begin = end
        return found

    def windows_of(self, layer: Layer, position: Sequence[int]) -> dict[str, list[Span | None]]:
        """The window of one element of a layer's output along each spatial axis of each input, not clipped.

        `position` has an index for every axis of the output, channels included. None stands where the window
        is unknown; a window of size 0 sees nothing.
        """
        found: dict[str, list[Span | None]] = {}
        begin = 0
        for source in self.network.inputs:
            end = begin + len(source.shape) - 1
            tracks = self.field(layer)[begin:end]
            if None not in tracks:
                found[source.name] = [_window(track, position) for track in tracks]
            begin = end
        return found

    def seen_by(self, layer: Layer, position: Sequence[int]) -> dict[str, list[range | None]]:
        """The input indices that one element of a layer's output sees, along each spatial axis of each input.

        As `windows_of`, but indices outside of the input (in the padding) are left out.
        """
        windows = self.windows_of(layer, position)
        return {
            source.name: [
                _clipped(length, window)
                for length, window in zip(source.shape[1:], windows[source.name], strict=True)
            ]
            for source in self.network.inputs
            if source.name in windows
        }

    def layer_json(self, layer: Layer) -> dict[str, object]:
        """One layer as JSON."""
        listed = min(PHASES_LISTED, PHASES_IN_ALL // len(self.layers))
        fields = {name: field.to_json(listed) for name, field in self.receptive_fields(layer).items()}
        body: dict[str, object] = {
            "name": layer.name,
            "type": layer.type,
            "inputs": list(layer.inputs),
            "input_shape": _shape(layer.input_shapes[0]) if layer.input_shapes else None,
            "output_shape": _shape(layer.output_shape),
            **{name: _json(getattr(layer, name)) for name in COUNTS},
            "activation_bytes": _json(
                tensor_bytes(layer.output_shape, self.network.batch) if layer.effect.allocates else 0
            ),
            "receptive_field": next(iter(fields.values()), None),
            "pointer": layer.node.pointer,
        }
        if layer.node.block:
            body["block"] = list(layer.node.block)
        if len(layer.input_shapes) > 1:
            body["input_shapes"] = [_shape(shape) for shape in layer.input_shapes]
        if len(self.network.inputs) > 1:
            body["receptive_fields"] = fields
        if layer.node.shares is not None:
            body["shares"] = self.network.nodes[layer.node.shares].name
        return body

    def to_json(self) -> dict[str, object]:
        """The whole result as JSON, without the PyTorch code (see `app.shapes.exporting`)."""
        return {
            "inputs": {source.name: _shape(source.shape) for source in self.network.inputs},
            "outputs": list(self.outputs),
            "layers": [self.layer_json(layer) for layer in self.layers],
            "totals": self.totals.to_json(),
            "blocks": [{"name": name, "totals": totals.to_json()} for name, totals in self.blocks.items()],
            "memory": {"batch": to_json(self.network.batch), **self.memory.to_json()},
            "symbols": list(self.symbols),
            "conditions": list(self.conditions),
            "notes": list(self.notes),
            "latex": {name: to_latex(getattr(self.totals, name)) for name in _LATEX},
        }


def _window(track: Track | None, position: Sequence[int]) -> Span | None:
    if track is None or track.windows is None:
        return None
    return track.windows.at(0 if track.position is None else position[track.position]) or Span(0, 0)


def _clipped(length: Size, window: Span | None) -> range | None:
    if window is None or not isinstance(length, int):
        return None
    if not isinstance(window.start, int) or not isinstance(window.size, int):
        return None
    return range(max(0, window.start), min(length, window.start + window.size))


def _shape(shape: Shape) -> list[int | str]:
    return [to_json(size) for size in shape]


def _json(size: Size | None) -> int | str | None:
    return None if size is None else to_json(size)
