"""A computed network as an SVG drawing: boxes to scale, branches drawn, readable in light and dark and
aloud.
"""

from html import escape

from app.shapes.drawing.layout import SYMBOL_VALUE, Box, Layout, lay_out
from app.shapes.layers import Shape
from app.shapes.report import Layer, Report
from app.shapes.sizes import side_by_side, to_text

_OPACITY = {
    "convolution": 0.45,
    "linear": 0.45,
    "recurrent": 0.45,
    "attention": 0.45,
    "pooling": 0.25,
    "resizing": 0.25,
    "merging": 0.3,
    "folding": 0.25,
    "padding": 0.15,
    "normalisation": 0.12,
    "activation": 0.12,
    "dropout": 0.06,
    "shape": 0.06,
}


def to_svg(report: Report, *, title: str = "Network", prefix: str = "network") -> str:
    """The drawing; `prefix` keeps ids apart when a page holds several.

    Everything is drawn in `currentColor`; boxes carry the classes `layer` and their family for a page's own
    colours.
    """
    layout = lay_out(report)
    width, height = round(layout.width), round(layout.height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" '
        f'role="img" aria-labelledby="{escape(prefix)}-title {escape(prefix)}-desc" font-family="sans-serif" '
        f'font-size="10" fill="currentColor">',
        f'<title id="{escape(prefix)}-title">{escape(title)}</title>',
        f'<desc id="{escape(prefix)}-desc">{escape(_description(report))}</desc>',
        '<g class="edges" fill="none" stroke="currentColor" stroke-opacity="0.5">',
        *_edges(report, layout),
        "</g>",
    ]
    for i, source in enumerate(report.network.inputs):
        parts.append(
            _box(layout, -1 - i, source.name, "input", source.shape, f"{source.name}, the input", 0.2)
        )
    for layer in report.layers:
        family = layer.node.type.family
        parts.append(
            _box(
                layout,
                layer.node.place,
                layer.type,
                family,
                layer.output_shape,
                _told(layer),
                _OPACITY[family],
            )
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _box(layout: Layout, node: int, label: str, family: str, shape: Shape, told: str, opacity: float) -> str:
    box = layout.boxes[node]
    shown = side_by_side(shape)
    drawn = (
        f'<rect x="{box.x - box.width / 2:.1f}" y="{box.y - box.height / 2:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}" rx="2" fill-opacity="{opacity}" stroke="currentColor"/>'
    )
    text = ""
    if not layout.compact:
        y = box.y + box.height / 2 + 10
        place = f"translate({box.x - 3:.1f} {y:.1f}) rotate(50)"
        text = f'<text transform="{place}">{escape(label)} {escape(shown)}</text>'
    return f'<g class="layer {escape(family)}"><title>{escape(f"{told}: {shown}")}</title>{drawn}{text}</g>'


def _edges(report: Report, layout: Layout) -> list[str]:
    paths: list[str] = []
    columns = {(round(box.x), box.lane) for box in layout.boxes.values()}
    for layer in report.layers:
        target = layout.boxes[layer.node.place]
        for read in layer.node.reads:
            source = layout.boxes[read]
            start, end = source.x + source.width / 2, target.x - target.width / 2
            between = source.lane == target.lane and any(
                lane == source.lane and source.x + 1 < x < target.x - 1 for x, lane in columns
            )
            paths.append(f'<path d="{_path(source, target, start, end, over=between)}"/>')
    return paths


def _path(source: Box, target: Box, start: float, end: float, *, over: bool) -> str:
    if over:  # an arc above what stands between
        top = (
            min(source.y - source.height / 2, target.y - target.height / 2)
            - 8
            - min(24.0, (end - start) / 20)
        )
        return (
            f"M{source.x:.1f} {source.y - source.height / 2:.1f} "
            f"C{source.x:.1f} {top:.1f} {target.x:.1f} {top:.1f} "
            f"{target.x:.1f} {target.y - target.height / 2:.1f}"
        )
    if source.lane == target.lane:
        return f"M{start:.1f} {source.y:.1f} H{end:.1f}"
    middle = (start + end) / 2
    return (
        f"M{start:.1f} {source.y:.1f} "
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
        "Height shows the spatial size, width the channels."
    )
    return text + (f" Symbols are drawn as {SYMBOL_VALUE}." if report.symbols else "")
