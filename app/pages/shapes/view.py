"""What the calculator shows of a computed network: rows for its table, and everything beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from app.pages.shapes.asked import Asked
from app.shapes import Report, ShapeError, analyse
from app.shapes.drawing import to_svg
from app.shapes.exporting import pytorch_code
from app.shapes.exporting.result import RESULT_TERMS
from app.shapes.inspection import Inspection, inspect_layer
from app.shapes.layers import LAYERS
from app.shapes.presets import COURSE, preset_names
from app.shapes.scaling import Scaling, scaling
from app.shapes.sizes import bounded_work

COUNTS = {
    "parameters": "Parameters",
    "weights": "Weights",
    "neurons": "Neurons",
    "connections": "Connections",
}
"""The counts of the table, in order."""
TOTALS = {
    **COUNTS,
    "biases": "Biases",
    "buffers": "Buffers",
    "connections_in_bounds": "Connections in bounds",
    "multiply_accumulates": "Multiply\N{EN DASH}accumulates",
}
"""All counts, those of the table first."""
FAMILIES = {kind.name: kind.family for kind in LAYERS.values()}


@dataclass(frozen=True)
class Row:
    """A line of the table: a layer with its numbers, or the head of a block."""

    name: str
    depth: int
    layer: Mapping[str, Any] | None = None
    arguments: str = ""

    @property
    def short(self) -> str:
        """The name without that of its block."""
        block = "".join(f"{name}." for name in (self.layer or {}).get("block", ()))
        return self.name.removeprefix(block)


@dataclass(frozen=True)
class View:
    """A network as the page shows it; with a `problem`, only what was asked."""

    asked: Asked
    free: bool
    problem: ShapeError | None
    report: Report | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    drawing: str = ""
    code: str = ""
    inspection: Inspection | None = None
    scaling: Scaling | None = None

    @property
    def shown(self) -> Mapping[str, Any]:
        """The result, with nothing in it where there is none."""
        parts = ("symbols", "inputs", "blocks", "totals", "memory", "conditions", "notes")
        return {**dict.fromkeys(parts), **self.result}

    @property
    def values(self) -> dict[str, str]:
        """Every symbol of the network with the value given for it, empty where there is none."""
        given = (self.asked.body or {}).get("substitute")
        values = {name: str(value) for name, value in given.items()} if isinstance(given, dict) else {}
        free = self.result.get("symbols", ())
        return dict(sorted({**dict.fromkeys(free, ""), **values}.items()))


def view(asked: Asked, *, free: bool = False, layer: str = "", grows: str = "") -> View:
    """Compute what was asked for; `free` leaves its symbols without their values.

    `layer` is looked at in depth, and `grows` is the symbol whose doubling is read; both have defaults.
    """
    if asked.body is None:
        return View(asked, free, asked.problem)
    body = {key: value for key, value in asked.body.items() if not (free and key == "substitute")}
    try:
        report = analyse(body)
        with bounded_work(RESULT_TERMS):
            result = report.to_json()
            name = layer if any(found.name == layer for found in report.layers) else report.layers[0].name
            return View(
                asked,
                free,
                None,
                report,
                result,
                tuple(rows(report)),
                Markup(to_svg(report, title=asked.title or "The network")),  # escaped there
                pytorch_code(report),
                inspect_layer(report, name),
                _scaling(body, report, grows),
            )
    except ShapeError as error:
        return View(asked, free, error)


def rows(report: Report) -> Iterator[Row]:
    """The lines of the table: layers in order, the head of a block where one begins."""
    before: tuple[str, ...] = ()
    for layer in report.layers:
        block = layer.node.block
        shared = 0
        while shared < min(len(block), len(before)) and block[shared] == before[shared]:
            shared += 1
        for depth in range(shared, len(block)):
            yield Row(".".join(block[: depth + 1]), depth)
        before = block
        told = ", ".join(f"{name} {_told(value)}" for name, value in layer.node.arguments.items())
        yield Row(layer.name, len(block), report.layer_json(layer), told)


def presets() -> list[tuple[str, list[str]]]:
    """The names of all presets by family, for a list to choose from."""
    names = preset_names()
    return [
        ("Of the write-up and the course", list(COURSE)),
        ("torchvision", [name for name in names if name not in COURSE]),
    ]


def _scaling(body: Mapping[str, Any], report: Report, grows: str) -> Scaling | None:
    given = body.get("substitute") or {}
    names = sorted({*report.symbols, *given})
    wanted = grows if grows in names else ("NF" if "NF" in names else (names or [""])[0])
    if not wanted:
        return None
    try:
        return scaling(body, wanted)
    except ShapeError:  # a symbol that is given a value and stands nowhere
        return None


def _told(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"({', '.join(_told(item) for item in value)})"
    if isinstance(value, bool) or value is None:
        return str(value).lower() if value is not None else "none"
    return str(value)
