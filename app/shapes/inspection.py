"""One layer of a network in depth: arguments in effect, formulas, and what one output sees of the input."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.shapes.drawing.field import Extent, draw_field
from app.shapes.errors import NetworkError, ShapeError
from app.shapes.exporting.formulas import general_formula, general_parameters, layer_formulas
from app.shapes.exporting.mathml import to_mathml
from app.shapes.layers import Shape, show
from app.shapes.receptive import Span
from app.shapes.report import Layer, Report
from app.shapes.sizes import Expression, side_by_side, to_json

MAX_LATEX = 4_000
"""Formulas of more characters than this stay LaTeX: nobody reads them, and turning them takes long."""
MAX_TURNS = 12
"""Windows that are told one by one."""
_AXES = {1: ("index",), 2: ("row", "column"), 3: ("slice", "row", "column")}


@dataclass(frozen=True)
class Sight:
    """What one output sees of one input, axis by axis: the window, and the indices in it that exist."""

    input: str
    shape: Shape
    windows: tuple[Span | None, ...]
    seen: tuple[range | None, ...]

    @property
    def known(self) -> bool:
        """Whether it can be told in numbers, and there is an axis to see along."""
        return bool(self.seen) and None not in self.seen

    def extents(self) -> list[Extent] | None:
        """The axes to draw; None where one of them cannot be told in numbers."""
        found: list[Extent] = []
        for length, window, seen in zip(self.shape[1:], self.windows, self.seen, strict=True):
            if seen is None or window is None or not isinstance(length, int):
                return None
            if not isinstance(window.start, int) or not isinstance(window.size, int):
                return None
            found.append(Extent(length, (window.start, window.start + window.size), (seen.start, seen.stop)))
        return found or None

    def to_json(self) -> list[dict[str, object] | None]:
        """For each axis the window, not clipped, and the first and last index in it that exist."""
        axes: list[dict[str, object] | None] = []
        for window, seen in zip(self.windows, self.seen, strict=True):
            if window is None:
                axes.append(None)
                continue
            start, size = to_json(window.start), to_json(window.size)
            first, last = (seen[0], seen[-1]) if seen else (None, None)
            axes.append({"start": start, "size": size, "first": first, "last": last})
        return axes


@dataclass(frozen=True)
class Inspection:
    """A layer of a report, and what its output at `position` sees; None where that has symbolic sizes."""

    report: Report
    layer: Layer
    position: tuple[int, ...] | None
    sights: tuple[Sight, ...]

    @property
    def caption(self) -> str:
        """What the output sees, in a sentence; empty where that cannot be told in numbers."""
        told = [_told(sight) for sight in self.sights if sight.known]
        if self.position is None or not told:
            return ""
        where = _at(self.position[1:])
        sees = f"The output of {self.layer.name}{where and f' at {where}'} sees {'; '.join(told)}."
        return f"{sees} {self.alternation}".rstrip()

    @property
    def alternation(self) -> str:
        """Which windows the outputs have in turns, in a sentence; empty where all are alike."""
        field = self.report.layer_json(self.layer).get("receptive_field")
        phases = field.get("phases") if isinstance(field, dict) else None
        turns = [", ".join(str(phase["size"]) for phase in axis[:MAX_TURNS]) for axis in phases or () if axis]
        if not turns or all("," not in sizes for sizes in turns):
            return ""
        if len(set(turns)) == 1:
            return f"Windows take turns: {turns[0]} along each axis."
        named = zip(_AXES.get(len(turns), ()), turns, strict=False)
        return f"Windows take turns: {'; '.join(f'{name} {sizes}' for name, sizes in named)}."

    def drawings(self) -> dict[str, str]:
        """An SVG drawing of each input, with what is seen of it marked."""
        return {
            sight.input: draw_field(axes, title=self.caption)
            for sight in self.sights
            if (axes := sight.extents()) is not None
        }

    def general(self) -> list[str]:
        """The formulas of the layer's type with PyTorch's letters, in LaTeX."""
        kind = self.layer.node.type
        parameters = general_parameters(kind)
        return [general_formula(kind), *([rf"\text{{parameters}} = {parameters}"] if parameters else [])]

    def equations(self) -> list[str]:
        """The layer's equations with its numbers put in, in LaTeX; one for sizes that come about alike."""
        names: dict[str, list[str]] = {}
        for equation in layer_formulas(self.layer):
            name, _, body = equation.partition(" = ")
            names.setdefault(body, []).append(name)
        return [" = ".join([*sides, body]) for body, sides in names.items()]

    def typeset(self) -> list[dict[str, str | None]]:
        """The equations as LaTeX and MathML; those of the layer's type where it has none of its own."""
        return [_formula(latex) for latex in self.equations() or self.general()]

    def to_json(self) -> dict[str, object]:
        """JSON, formulas both as LaTeX and as MathML."""
        return {
            "layer": self.report.layer_json(self.layer),
            "arguments": {name: _argument(value) for name, value in self._arguments().items()},
            "general": [_formula(latex) for latex in self.general()],
            "formulas": [_formula(latex) for latex in self.equations()],
            "position": None if self.position is None else list(self.position),
            "sees": {sight.input: sight.to_json() for sight in self.sights},
            "caption": self.caption,
            "drawings": self.drawings(),
        }

    def _arguments(self) -> dict[str, object]:
        inferred = self.layer.effect.inferred
        return {
            name: inferred.get(name) if value is None else value for name, value in self.layer.values.items()
        }


def inspect_layer(report: Report, name: str, position: Sequence[int] | None = None) -> Inspection:
    """Look at the layer called `name`, and at one element of its output: the middle one unless told.

    `position` has an index for every axis of the output, channels first; raises NetworkError where there is
    no such layer or element.
    """
    layer = next((layer for layer in report.layers if layer.name == name), None)
    if layer is None:
        raise NetworkError(f"there is no layer called {name[:80]!r}", "/name")
    place = _checked(layer, position)
    if place is None:
        return Inspection(report, layer, None, ())
    windows, seen = report.windows_of(layer, place), report.seen_by(layer, place)
    sights = [
        Sight(source.name, source.shape, tuple(windows[source.name]), tuple(seen[source.name]))
        for source in report.network.inputs
        if source.name in windows
    ]
    return Inspection(report, layer, place, tuple(sights))


def read_position(text: str) -> tuple[int, ...]:
    """Indices out of `0,16,16`; raises ShapeError."""
    parts = text.split(",")
    if len(parts) > 16 or not all(part.strip().isascii() and part.strip().isdigit() for part in parts):
        raise ShapeError(f"expected indices such as 0,16,16, not {text[:40]!r}", "/position")
    if any(len(part.strip()) > 19 for part in parts):
        raise ShapeError("an index of more than 19 digits", "/position")
    return tuple(int(part) for part in parts)


def _checked(layer: Layer, position: Sequence[int] | None) -> tuple[int, ...] | None:
    sizes = [size for size in layer.output_shape if isinstance(size, int)]
    if len(sizes) < len(layer.output_shape):
        return None
    if position is None:
        return (0, *(size // 2 for size in sizes[1:]))
    fits = len(position) == len(sizes) and all(0 <= i < n for i, n in zip(position, sizes, strict=False))
    if not fits:
        raise NetworkError(
            f"{list(position)} is no element of {layer.name}'s output {show(layer.output_shape)}", "/position"
        )
    return tuple(position)


def _at(indices: Sequence[int]) -> str:
    names = _AXES.get(len(indices), ())
    return ", ".join(f"{name} {index}" for name, index in zip(names, indices, strict=False))


def _told(sight: Sight) -> str:
    names = _AXES.get(len(sight.seen), ())
    spans = [span for span in sight.seen if span is not None]
    if not all(spans):
        return f"nothing of {sight.input}"
    whole = all(len(span) == size for span, size in zip(spans, sight.shape[1:], strict=True))
    shape = side_by_side(sight.shape[1:])
    if whole:
        return f"all of {sight.input}, {shape}"
    ranges = " and ".join(_range(name, span) for name, span in zip(names, spans, strict=False))
    return f"{ranges or 'a part'} of {sight.input}: {side_by_side([len(span) for span in spans])} of {shape}"


def _range(name: str, span: range) -> str:
    if len(span) == 1:
        return f"{name} {span[0]}"
    plural = "indices" if name == "index" else f"{name}s"
    return f"{plural} {span[0]} to {span[-1]}"


def _formula(latex: str) -> dict[str, str | None]:
    return {"latex": latex, "mathml": to_mathml(latex) if len(latex) <= MAX_LATEX else None}


def _argument(value: object) -> object:
    if isinstance(value, Expression):
        return to_json(value)
    if isinstance(value, tuple):
        return [_argument(item) for item in value]
    return value
