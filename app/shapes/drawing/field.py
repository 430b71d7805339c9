"""A receptive field as an SVG drawing: the input to scale, the window over it, and what is seen marked."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape

SIDE = 208
"""Longest side of what is drawn, in pixels."""
STRIP = 32
"""Height of an input that has one axis."""
MARGIN = 4
THINNEST = 2.0
MAX_CELLS = 32
"""Inputs of at most this many indices a side are drawn with a line between any two."""

Part = tuple[int, int]
"""First index and the one after the last."""


@dataclass(frozen=True)
class Extent:
    """One axis of the input: its length, the window over it, and the part of the window that exists."""

    length: int
    window: Part
    seen: Part

    @property
    def drawn(self) -> Part:
        """All that has to be drawn."""
        return min(0, self.window[0]), max(self.length, self.window[1])


def draw_field(axes: Sequence[Extent], *, title: str) -> str:
    """The drawing of an input with these axes; of three the last two are shown.

    Everything is drawn in `currentColor`; the parts carry the classes `input`, `cells`, `window` and `seen`.
    """
    across = _Ruler(axes[-1])
    down = _Ruler(axes[-2]) if len(axes) > 1 else _Ruler(Extent(1, (0, 1), (0, 1)))
    unit = Fraction(SIDE, max(across.span, down.span if len(axes) > 1 else 0))
    across.unit, down.unit = unit, unit if len(axes) > 1 else Fraction(STRIP)
    x, y = across.axis, down.axis
    parts = [_rectangle("input", across.px((0, x.length)), down.px((0, y.length)), 'fill-opacity="0.06"')]
    if max(x.length, y.length) <= MAX_CELLS:
        parts.append(_cells(across, down))
    parts.append(
        _rectangle("window", across.px(x.window), down.px(y.window), 'fill="none" stroke-dasharray="3 3"')
    )
    if all(axis.seen[0] < axis.seen[1] for axis in axes):
        parts.append(_rectangle("seen", across.px(x.seen), down.px(y.seen), 'fill-opacity="0.3"'))
    width, height = (float(ruler.span * ruler.unit) + 2 * MARGIN for ruler in (across, down))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="field-drawing" role="img" '
        f'aria-label="{escape(title)}" viewBox="0 0 {width:.1f} {height:.1f}" width="{width:.0f}" '
        f'height="{height:.0f}" fill="currentColor" stroke="currentColor">{"".join(parts)}</svg>'
    )


class _Ruler:
    """Indices along one axis as pixels; exact until the last step, because indices may be huge."""

    def __init__(self, axis: Extent) -> None:
        self.axis = axis
        self.low, high = axis.drawn
        self.span = high - self.low
        self.unit = Fraction(1)

    def px(self, part: Part) -> tuple[float, float]:
        """Where a part begins, and how long it is."""
        start, length = (part[0] - self.low) * self.unit, (part[1] - part[0]) * self.unit
        return float(start) + MARGIN, max(THINNEST, float(length))


def _rectangle(kind: str, x: tuple[float, float], y: tuple[float, float], look: str) -> str:
    return (
        f'<rect class="{kind}" x="{x[0]:.1f}" y="{y[0]:.1f}" width="{x[1]:.1f}" height="{y[1]:.1f}" {look}/>'
    )


def _cells(across: _Ruler, down: _Ruler) -> str:
    (left, width), (top, height) = (ruler.px((0, ruler.axis.length)) for ruler in (across, down))
    lines = [f"M{across.px((i, i))[0]:.1f} {top:.1f}v{height:.1f}" for i in range(1, across.axis.length)]
    lines += [f"M{left:.1f} {down.px((i, i))[0]:.1f}h{width:.1f}" for i in range(1, down.axis.length)]
    return f'<path class="cells" fill="none" stroke-opacity="0.25" stroke-width="0.5" d="{"".join(lines)}"/>'
