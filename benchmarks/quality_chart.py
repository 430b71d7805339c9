"""A small chart as SVG text: two measures against a logarithmic axis, a line for each kind of point."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 420, 300
LEFT, RIGHT, TOP, BOTTOM = 58, 16, 40, 48
COLORS = ("#b5370f", "#23659f", "#2b7449", "#82509f")


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
        f'<rect width="{2 * WIDTH}" height="{HEIGHT}" fill="#fff"/>',
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

    parts = [
        f'<text x="{LEFT}" y="20" font-weight="bold">{escape(heading)}</text>',
        f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" stroke="#888"/>',
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x)}</text>',
    ]
    for step in range(5):
        value = low_y + (high_y - low_y) * step / 4
        y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * step / 4
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.2f}</text>')
        time = math.exp(low_x + (high_x - low_x) * step / 4)
        at = LEFT + (WIDTH - LEFT - RIGHT) * step / 4
        parts.append(f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{time:.3g}</text>')
    for number, line in enumerate(dict.fromkeys(point.line for point in points)):
        color = COLORS[number % len(COLORS)]
        own = [point for point in points if point.line == line]
        path = " ".join("{:.1f},{:.1f}".format(*place(point)) for point in sorted(own, key=lambda p: p.x))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        for point in own:
            across, down = place(point)
            parts.append(f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3.5" fill="{color}"/>')
            parts.append(f'<text x="{across + 6:.1f}" y="{down - 6:.1f}">{escape(point.label)}</text>')
        at = LEFT + 80 * number
        parts.append(f'<text x="{at}" y="35" fill="{color}">{escape(line)}</text>')
    return parts


def _room(low: float, high: float) -> tuple[float, float]:
    """A little beyond both ends."""
    space = max(high - low, 1e-3) * 0.12
    return low - space, high + space
