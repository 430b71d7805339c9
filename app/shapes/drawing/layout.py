"""Where the boxes of a drawn network stand: a column for each step of depth, a lane for each branch."""

import math
from dataclasses import dataclass

from app.shapes.layers import Shape
from app.shapes.report import Report
from app.shapes.sizes import Size, side_by_side, substitute, symbols_of

SYMBOL_VALUE = 16
"""Symbols are drawn as if they had this value."""
TALLEST = 112.0
WIDEST = 44.0
SLIM = 6.0
OBLIQUE = (0.3, 0.2)
"""How far back the far side of a block is drawn, right and up, for each unit of its width."""
COMPACT_ABOVE = 80
"""Networks of more layers than this are drawn narrow and without labels."""
FONT_SIZE = 10.0
LABEL_LINE = 12.0
_LETTER = 0.58 * FONT_SIZE  # what a letter of a sans-serif face takes, on the generous side
_MARGIN = 16.0
_SLIM_FAMILIES = frozenset({"activation", "normalisation", "dropout"})
"""Layers that keep the shape: a slim slab before the block they work on, with no label."""


@dataclass(frozen=True)
class Box:
    """A layer's place and size in pixels; `x` and `y` are the centre of its front.

    `back` is how far right and up its far side lies; `labels` are lines to stand beneath.
    """

    x: float
    y: float
    width: float
    height: float
    lane: int
    back: tuple[float, float] = (0.0, 0.0)
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Layout:
    """Boxes by place in the network; inputs at -1, -2 …"""

    boxes: dict[int, Box]
    width: float
    height: float
    compact: bool


@dataclass(frozen=True)
class _Block:
    """What is known of a box before it has a place."""

    width: float
    height: float
    back: tuple[float, float]
    labels: tuple[str, ...]

    @property
    def label_width(self) -> float:
        return max((len(line) * _LETTER for line in self.labels), default=0.0)


def lay_out(report: Report) -> Layout:
    """A column for each step of depth; a branch takes the free lane nearest to what it reads."""
    depths, lanes = _grid(report)
    compact = len(depths) > COMPACT_ABOVE
    blocks = _blocks(report, compact)
    lefts = _columns(depths, blocks, compact)
    tops, height = _rows(depths, lanes, blocks)
    boxes = {
        place: Box(
            lefts[depths[place]] + block.width / 2,
            tops[lanes[place]],
            block.width,
            block.height,
            lanes[place],
            block.back,
            block.labels,
        )
        for place, block in blocks.items()
    }
    ends = (
        max(box.x + box.width / 2 + box.back[0], box.x + box.back[0] / 2 + blocks[place].label_width / 2)
        for place, box in boxes.items()
    )
    return Layout(boxes, max(ends) + _MARGIN, height, compact)


def _columns(depths: dict[int, int], blocks: dict[int, _Block], compact: bool) -> list[float]:
    """Where the fronts of each column begin: blocks keep clear of each other, and so do their labels."""
    members: list[list[_Block]] = [[] for _ in range(max(depths.values()) + 1)]
    for place, depth in depths.items():
        members[depth].append(blocks[place])
    lefts: list[float] = []
    clear = label_end = _MARGIN
    for column in members:
        slim = all(block.width == SLIM for block in column)
        gap = 6.0 if compact else 5.0 if slim else 16.0
        left = clear + (gap if lefts else 0.0)
        for block in column:
            middle = (block.width + block.back[0]) / 2
            if block.labels:
                left = max(left, label_end - middle + block.label_width / 2)
        lefts.append(left)
        clear = left + max(block.width for block in column)
        if not slim:
            # What follows a block stands clear of its far side, unless it is a slab laid against it.
            ends = [left + (b.width + b.back[0] + b.label_width) / 2 + 8 for b in column if b.labels]
            label_end = max([label_end, *ends])
        following = members[len(lefts)] if len(lefts) < len(members) else []
        if not all(block.width == SLIM for block in following):
            clear += max(block.back[0] for block in column)
    return lefts


def _rows(
    depths: dict[int, int], lanes: dict[int, int], blocks: dict[int, _Block]
) -> tuple[dict[int, float], float]:
    """The middle of each lane, and the height of all."""
    found: dict[int, float] = {}
    y = _MARGIN + _room_for_arcs(depths)
    for lane in range(min(lanes.values()), max(lanes.values()) + 1):
        inside = [blocks[place] for place, its in lanes.items() if its == lane]
        tallest = max((block.height for block in inside), default=0.0)
        up = max((block.back[1] for block in inside), default=0.0)
        below = LABEL_LINE * max((len(block.labels) for block in inside), default=0)
        found[lane] = y + up + tallest / 2
        y += up + tallest + below + _MARGIN
    return found, y


def _room_for_arcs(depths: dict[int, int]) -> float:
    """Skips are arcs above the first lane."""
    return 24.0 if max(depths.values()) > 1 else 0.0


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


def _blocks(report: Report, compact: bool) -> dict[int, _Block]:
    """Height and depth to scale with the spatial sizes, width with the logarithm of the channels."""
    shapes: dict[int, Shape] = {-1 - i: source.shape for i, source in enumerate(report.network.inputs)}
    families = dict.fromkeys(shapes, "input")
    names = {-1 - i: source.name for i, source in enumerate(report.network.inputs)}
    for layer in report.layers:
        shapes[layer.node.place] = layer.output_shape
        families[layer.node.place], names[layer.node.place] = layer.node.type.family, layer.type
    numbers = {place: [_number(size) for size in shape] for place, shape in shapes.items()}
    spatial = max((size for sizes in numbers.values() for size in sizes[1:]), default=1)
    channels = max(sizes[0] for sizes in numbers.values())
    found: dict[int, _Block] = {}
    for place, sizes in numbers.items():
        share = math.log1p(sizes[0]) / math.log1p(channels)
        slim = families[place] in _SLIM_FAMILIES
        widest = 10.0 if compact else WIDEST
        width = SLIM if slim else SLIM + 1 + (widest - SLIM) * share
        height, back = 10 + 60 * share, (0.0, 0.0)
        if len(sizes) == 1:
            width = SLIM if slim else SLIM + 1
        else:
            height = 6 + (TALLEST - 6) * sizes[-2 if len(sizes) > 2 else -1] / spatial
        if len(sizes) > 2:
            far = 6 + (TALLEST - 6) * sizes[-1] / spatial
            back = (OBLIQUE[0] * far, OBLIQUE[1] * far)
        labels = () if compact or slim else (names[place], side_by_side(shapes[place]))
        found[place] = _Block(width, height, back, labels)
    return found


def _number(size: Size) -> float:
    if isinstance(size, int):
        return float(size)
    value = substitute(size, dict.fromkeys(symbols_of(size), SYMBOL_VALUE))
    return float(max(1, value)) if isinstance(value, int) else 1.0
