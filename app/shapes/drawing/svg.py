"""A computed network as an SVG drawing: boxes to scale, branches drawn, readable in light and dark and
aloud.
"""

from html import escape

from app.shapes.drawing.layout import FONT_SIZE, LABEL_LINE, SYMBOL_VALUE, Box, Layout, lay_out
from app.shapes.report import Layer, Report
from app.shapes.sizes import side_by_side, to_text

_LONGEST_TITLE = 200
_COLOURS = {
    **dict.fromkeys(("convolution", "linear", "recurrent", "attention"), "#b5370f"),
    **dict.fromkeys(("pooling", "resizing"), "#23659f"),
    "activation": "#2b7449",
    "merging": "#82509f",
    "normalisation": "#8a6100",
}
_OTHERS, _INK = "#5d6770", "#3c3833"
_TINTS = {"roof": 0.22, "wall": 0.58, "front": 0.38}
"""Shares of colour on white. Colours are attributes, so that the style sheet of a page is stronger."""


def to_svg(report: Report, *, title: str = "Network", prefix: str = "network") -> str:
    """The drawing; `prefix` keeps ids apart when a page holds several.

    It stands alone on white; for a page's own colours boxes carry the classes `layer` and their family, their
    faces `roof`, `wall` and `front`.
    """
    layout = lay_out(report)
    width, height = round(layout.width), round(layout.height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" '
        f'role="img" aria-labelledby="{escape(prefix)}-title {escape(prefix)}-desc" font-family="sans-serif" '
        f'font-size="{FONT_SIZE:g}" text-anchor="middle" fill="{_INK}" color="{_INK}" '
        'stroke-linejoin="round">',
        f'<title id="{escape(prefix)}-title">{escape(_printable(title))}</title>',
        f'<desc id="{escape(prefix)}-desc">{escape(_description(report))}</desc>',
        '<g class="edges" fill="none" stroke="currentColor" stroke-opacity="0.5">',
        *_edges(report, layout),
        "</g>",
    ]
    for i, source in enumerate(report.network.inputs):
        box = layout.boxes[-1 - i]
        parts.append(_box(box, "input", f"{source.name}, the input: {side_by_side(source.shape)}"))
    for layer in report.layers:
        box = layout.boxes[layer.node.place]
        parts.append(_box(box, layer.node.type.family, f"{_told(layer)}: {side_by_side(layer.output_shape)}"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _printable(text: str) -> str:
    """A stranger's text without what XML forbids: control characters, halves of surrogate pairs."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:_LONGEST_TITLE])


def _box(box: Box, family: str, told: str) -> str:
    left, top = box.x - box.width / 2, box.y - box.height / 2
    right, bottom = left + box.width, top + box.height
    dx, dy = box.back
    colour = _COLOURS.get(family, _OTHERS)
    faces = []
    if dx:
        back = (left + dx, top - dy), (right + dx, top - dy)
        faces = [
            _face("roof", colour, (left, top), *back, (right, top)),
            _face("wall", colour, (right, top), back[1], (right + dx, bottom - dy), (right, bottom)),
        ]
    front = (
        f'<rect class="front" x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}" fill="{_tint(colour, _TINTS["front"])}"/>'
    )
    words = [
        f'<text class="{name}" x="{box.x + dx / 2:.1f}" y="{bottom + LABEL_LINE * line:.1f}" '
        f'stroke="none">{escape(label)}</text>'
        for line, (name, label) in enumerate(zip(("kind", "shape"), box.labels, strict=False), 1)
    ]
    inside = "".join((f"<title>{escape(told)}</title>", *faces, front, *words))
    return f'<g class="layer {escape(family)}" color="{colour}" stroke="currentColor">{inside}</g>'


def _face(name: str, colour: str, *corners: tuple[float, float]) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    return f'<polygon class="{name}" points="{points}" fill="{_tint(colour, _TINTS[name])}"/>'


def _tint(colour: str, share: float) -> str:
    """The colour mixed with white."""
    channels = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(255 - share * (255 - channel)):02x}" for channel in channels)


def _edges(report: Report, layout: Layout) -> list[str]:
    paths: list[str] = []
    columns = {(round(box.x), box.lane) for box in layout.boxes.values()}
    for layer in report.layers:
        target = layout.boxes[layer.node.place]
        for read in layer.node.reads:
            source = layout.boxes[read]
            between = source.lane == target.lane and any(
                lane == source.lane and source.x + 1 < x < target.x - 1 for x, lane in columns
            )
            paths.append(f'<path d="{_over(source, target) if between else _between(source, target)}"/>')
    return paths


def _over(source: Box, target: Box) -> str:
    """An arc above what stands between."""
    (start, first), (end, last) = (_roof(box) for box in (source, target))
    top = min(first, last) - 8 - min(16.0, (end - start) / 20)
    return f"M{start:.1f} {first:.1f} C{start:.1f} {top:.1f} {end:.1f} {top:.1f} {end:.1f} {last:.1f}"


def _roof(box: Box) -> tuple[float, float]:
    return box.x + box.back[0] / 2, box.y - box.height / 2 - box.back[1] / 2


def _between(source: Box, target: Box) -> str:
    """From the middle of one front to the next block: straight, or bent into another lane."""
    end = target.x - target.width / 2
    if source.lane == target.lane:
        return f"M{source.x:.1f} {source.y:.1f} H{end:.1f}"
    start = source.x + source.width / 2 + source.back[0]
    middle = (start + end) / 2
    return (
        f"M{source.x:.1f} {source.y:.1f} H{start:.1f} "
        f"C{middle:.1f} {source.y:.1f} {middle:.1f} {target.y:.1f} {end:.1f} {target.y:.1f}"
    )


def _told(layer: Layer) -> str:
    """A layer in words, for tooltips and screen readers."""
    parameters = to_text(layer.parameters)
    counted = "no parameters" if parameters == "0" else f"{parameters} parameters"
    return f"{layer.name}, {layer.type}, {counted}, reads {', '.join(layer.inputs) or 'nothing'}"


def _description(report: Report) -> str:
    last = report.layers[-1]
    shape = side_by_side(last.output_shape)
    text = (
        f"{len(report.layers)} layers, {to_text(report.totals.parameters)} parameters; "
        f"{len(report.outputs)} output{'s' if len(report.outputs) > 1 else ''}, "
        f"the last layer {last.name} gives {shape}. "
        "Height and depth show the spatial size, width the channels."
    )
    return text + (f" Symbols are drawn as {SYMBOL_VALUE}." if report.symbols else "")
