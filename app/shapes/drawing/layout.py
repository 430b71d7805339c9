"""Where the boxes of a drawn network stand: a column for each step of depth, a lane for each branch."""

import math
from dataclasses import dataclass

from app.shapes.layers import Shape
from app.shapes.report import Report
from app.shapes.sizes import Size, substitute, symbols_of

SYMBOL_VALUE = 16
"""Symbols are drawn as if they had this value."""
TALLEST = 120.0
WIDEST = 40.0
COMPACT_ABOVE = 80
"""Networks of more layers than this are drawn narrow and without labels."""


@dataclass(frozen=True)
class Box:
    """A layer's place and size in pixels; `x` and `y` are its centre."""

    x: float
    y: float
    width: float
    height: float
    lane: int


@dataclass(frozen=True)
class Layout:
    """Boxes by place in the network; inputs at -1, -2 …"""

    boxes: dict[int, Box]
    width: float
    height: float
    compact: bool


def lay_out(report: Report) -> Layout:
    """A column for each step of depth; a branch takes the free lane nearest to what it reads."""
    depths, lanes = _grid(report)
    shapes: dict[int, Shape] = {layer.node.place: layer.output_shape for layer in report.layers}
    shapes |= {-1 - i: source.shape for i, source in enumerate(report.network.inputs)}
    compact = len(shapes) > COMPACT_ABOVE
    sizes = _box_sizes(shapes)
    column = 16.0 if compact else 58.0
    below = 16.0 if compact else 110.0  # labels hang below the boxes
    lane_height = max(height for _, height in sizes.values()) + below
    top = min(lanes.values())
    count = max(lanes.values()) - top + 1
    boxes = {
        place: Box(
            column * (depths[place] + 0.5) + 20,
            40 + lane_height * (lanes[place] - top) + (lane_height - below) / 2,
            min(sizes[place][0], column * 0.75),
            sizes[place][1],
            lanes[place],
        )
        for place in shapes
    }
    width = column * (max(depths.values()) + 1) + (40 if compact else 110)
    return Layout(boxes, width, 50 + lane_height * count, compact)


def _grid(report: Report) -> tuple[dict[int, int], dict[int, int]]:
    depths = {-1 - i: 0 for i in range(len(report.network.inputs))}
    lanes = {-1 - i: i for i in range(len(report.network.inputs))}
    taken = {(0, lane) for lane in lanes.values()}
    for place in report.network.order:
        reads = report.network.nodes[place].reads
        depth = 1 + max((depths[read] for read in reads), default=0)
        wished = min((lanes[read] for read in reads), key=abs, default=1)
        lane = next(
            wished + step
            for offset in range(len(lanes) + 1)
            for step in (offset, -offset)
            if (depth, wished + step) not in taken
        )
        depths[place], lanes[place] = depth, lane
        taken.add((depth, lane))
    return depths, lanes


def _box_sizes(shapes: dict[int, Shape]) -> dict[int, tuple[float, float]]:
    """Height to scale with the spatial height, width with the logarithm of the channels."""
    numbers = {place: [_number(size) for size in shape] for place, shape in shapes.items()}
    spatial = max((sizes[1] for sizes in numbers.values() if len(sizes) > 1), default=1)
    channels = max(sizes[0] for sizes in numbers.values())
    found: dict[int, tuple[float, float]] = {}
    for place, sizes in numbers.items():
        share = math.log1p(sizes[0]) / math.log1p(channels)
        if len(sizes) == 1:
            found[place] = (7.0, 10 + 60 * share)
        else:
            found[place] = (6 + (WIDEST - 6) * share, 6 + (TALLEST - 6) * sizes[1] / spatial)
    return found


def _number(size: Size) -> float:
    if isinstance(size, int):
        return float(size)
    value = substitute(size, dict.fromkeys(symbols_of(size), SYMBOL_VALUE))
    return float(max(1, value)) if isinstance(value, int) else 1.0
