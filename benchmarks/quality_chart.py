"""A small chart as SVG text: two measures against a logarithmic axis, a line for each kind of point."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 420, 300
LEFT, RIGHT, TOP, BOTTOM = 58, 16, 40, 48
COLORS = (("#b5370f", "#ff8a5c"), ("#23659f", "#7db7ec"), ("#2b7449", "#74c495"), ("#82509f", "#c79be3"))
"""Of the lines, on light ground and on dark."""
_GROUND = "svg{{background:{0}}}text{{fill:{1}}}.axis{{stroke:{2}}}.grid{{stroke:{3}}}"


@dataclass(frozen=True)
class Point:
    """One measured thing: the line it belongs to, its own label, and its place in both panels."""

    line: str
    label: str
    x: float
    y: tuple[float, float]


def chart(points: Sequence[Point], *, x: str, y: tuple[str, str], title: str) -> str:
    """Two panels side by side, one for each value of `y`."""
    size = f'viewBox="0 0 {2 * WIDTH} {HEIGHT}" width="{2 * WIDTH}" height="{HEIGHT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f"<style>{_style()}</style>",
    ]
    for panel, heading in enumerate(y):
        parts.append(f'<g transform="translate({panel * WIDTH} 0)">')
        parts += _panel(points, panel, x, heading)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _panel(points: Sequence[Point], panel: int, x: str, heading: str) -> list[str]:
    logs = [math.log(point.x) for point in points]
    values = [point.y[panel] for point in points]
    low_x, high_x = _room(min(logs), max(logs))
    low_y, high_y = _room(min(values), max(values))

    def place(point: Point) -> tuple[float, float]:
        across = (math.log(point.x) - low_x) / (high_x - low_x)
        up = (point.y[panel] - low_y) / (high_y - low_y)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = [f'<text x="{LEFT}" y="20" font-weight="bold">{escape(heading)}</text>']
    for value in _linear_ticks(low_y, high_y):
        y = bottom - (value - low_y) / (high_y - low_y) * (bottom - TOP)
        parts.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{right}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    for value in _logarithmic_ticks(math.exp(low_x), math.exp(high_x)):
        x_at = LEFT + (math.log(value) - low_x) / (high_x - low_x) * (right - LEFT)
        parts.append(f'<path class="grid" d="M{x_at:.1f} {TOP}V{bottom}"/>')
        parts.append(f'<text x="{x_at:.1f}" y="{bottom + 16}" text-anchor="middle">{value:g}</text>')
    parts.append(f'<path class="axis" d="M{LEFT} {TOP}V{bottom}H{right}" fill="none"/>')
    parts.append(f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x)}</text>')
    for number, line in enumerate(dict.fromkeys(point.line for point in points)):
        series = f"s{number % len(COLORS)}"
        own = [point for point in points if point.line == line]
        path = " ".join("{:.1f},{:.1f}".format(*place(point)) for point in sorted(own, key=lambda p: p.x))
        parts.append(f'<polyline class="{series}" points="{path}" fill="none" stroke-width="2"/>')
        for point in own:
            across, down = place(point)
            parts.append(f'<circle class="{series}" cx="{across:.1f}" cy="{down:.1f}" r="3.5"/>')
            beside = (-5, -7, "end") if number % 2 == 0 else (6, 15, "start")  # of two lines that come near
            parts.append(_label(point.label, series, across + beside[0], down + beside[1], beside[2]))
        parts.append(f'<text class="{series}" x="{LEFT + 80 * number}" y="36">{escape(line)}</text>')
    return parts


def _label(text: str, series: str, x: float, y: float, anchor: str) -> str:
    return f'<text class="{series}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _style() -> str:
    """Colours on light ground, and on dark for who prefers it."""
    grounds = (("#fff", "#1c1a17", "#8a857c", "#e6e3dd"), ("#1d1c1a", "#f1eee8", "#8a857c", "#3a3732"))
    light, dark = (
        _GROUND.format(*ground)
        + "".join(
            f"polyline.s{number}{{stroke:{pair[shade]}}}circle.s{number},text.s{number}{{fill:{pair[shade]}}}"
            for number, pair in enumerate(COLORS)
        )
        for shade, ground in enumerate(grounds)
    )
    return f"{light}@media (prefers-color-scheme:dark){{{dark}}}"


def _linear_ticks(low: float, high: float) -> list[float]:
    """Round values between two, at most six steps apart."""
    step = 10.0 ** math.floor(math.log10((high - low) / 2))
    step *= next(times for times in (1, 2, 5, 10, 20) if (high - low) / (times * step) <= 6)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(number * step, 10) for number in range(first, last + 1)]


def _logarithmic_ticks(low: float, high: float) -> list[float]:
    """Round values between two positive ones."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high / low > 4 else (1, 1.5, 2, 3, 4, 5, 6, 8)
    values = [times * 10.0**decade for decade in decades for times in steps]
    return [value for value in values if low <= value <= high]


def _room(low: float, high: float) -> tuple[float, float]:
    """A little beyond both ends."""
    space = max(high - low, 1e-3) * 0.12
    return low - space, high + space
