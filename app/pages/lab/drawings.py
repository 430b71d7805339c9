"""A small picture of each demo for the list, drawn from the demo's own numbers."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from app.lab import demo, run_demo
from app.lab.demos.rmsprop_counterexample import CounterexampleParams
from app.lab.meadow import meadow
from app.lab.rate_gradients import Descending
from app.lab.rmsprop_step import minimum_norm
from app.lab.rules import Hyper, make_rule

WIDTH, HEIGHT, MARGIN = 240, 120, 12
Place = tuple[float, float]


def drawing(name: str) -> Markup:
    """SVG of a demo by its name; a plain curve for demos of other packages."""
    return _drawings().get(name) or _svg(_plain())


@cache
def _drawings() -> Mapping[str, Markup]:
    return {name: _svg(draw()) for name, draw in _DRAWN.items()}


def _svg(parts: Sequence[str]) -> Markup:
    body = "".join(parts)
    return Markup(f'<svg class="demo-drawing" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">{body}</svg>')


class _Frame:
    """Takes a window of the plane to the drawing, y upwards."""

    def __init__(self, x0: float, x1: float, y0: float, y1: float) -> None:
        self._x, self._y = (x0, (WIDTH - 2 * MARGIN) / (x1 - x0)), (y0, (HEIGHT - 2 * MARGIN) / (y1 - y0))

    def at(self, x: float, y: float) -> Place:
        (x0, across), (y0, up) = self._x, self._y
        return MARGIN + (x - x0) * across, HEIGHT - MARGIN - (y - y0) * up

    def line(self, places: Sequence[Place], look: str) -> str:
        text = " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.at(*place) for place in places))
        return f'<polyline class="{look}" points="{text}"/>'

    def dot(self, place: Place, look: str, radius: float = 4) -> str:
        x, y = self.at(*place)
        return f'<circle class="{look}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"/>'


def _floor() -> str:
    return f'<path class="axis" d="M{MARGIN} {MARGIN}V{HEIGHT - MARGIN}H{WIDTH - MARGIN}"/>'


def _series(name: str, params: Mapping[str, object], kinds: Sequence[str]) -> list[list[Place]]:
    series = run_demo(demo(name), params).series
    return [list(zip(series[kind]["x"], series[kind]["y"], strict=True)) for kind in kinds]


def _logged(curves: Sequence[list[Place]], floor: float) -> list[str]:
    """Curves over their steps, values on a logarithmic axis that ends at `floor`."""
    held = [[(x, np.log10(max(y, floor))) for x, y in _some(curve)] for curve in curves]
    most = max(x for curve in held for x, _ in curve)
    frame = _Frame(0, most, np.log10(floor), max(y for curve in held for _, y in curve) + 0.3)
    return [_floor(), *(frame.line(curve, f"line s{place + 1}") for place, curve in enumerate(held))]


def _some(curve: list[Place]) -> list[Place]:
    """Enough points for a small drawing: the first ones, where most happens, then evenly spread ones."""
    rest = curve[8:]
    return [*curve[:8], *rest[:: max(1, len(rest) // 32)], curve[-1]]


def _min_norm() -> list[str]:
    kinds = ("sgd/distance", "heavy-ball/distance", "adam/distance")
    params = {"compare": ["heavy-ball", "adam"], "steps": 1500}
    return _logged(_series("min-norm", params, kinds), 1e-6)


def _counterexample() -> list[str]:
    """The line of solutions, the smallest one, and where RMSProp's first step lands on it."""
    step = CounterexampleParams().first_step()
    rate = step.rate_for_zero_loss
    assert rate is not None  # its target is not zero
    smallest = tuple(float(value) for value in minimum_norm(step.x, step.target))
    landed = tuple(float(weight) for weight in step.with_rate(rate))
    frame = _Frame(-0.55, 1.65, -0.1, 1.0)
    return [
        frame.line([(-1, 0), (2, 0)], "axis"),
        frame.line([(0, -0.2), (0, 1.2)], "axis"),
        frame.line([(0.5, 1), (1.05, -0.1)], "line dashed"),
        frame.line([(0, 0), (smallest[0], smallest[1])], "line s2"),
        frame.line([(0, 0), (landed[0], landed[1])], "line s1"),
        frame.dot((smallest[0], smallest[1]), "dot s2"),
        frame.dot((landed[0], landed[1]), "dot s1"),
    ]


def _unrolled() -> list[str]:
    """Three steps of the loop: weights above, gradients below."""
    parts = []
    for step in range(4):
        x = 30 + 60 * step
        if step < 3:
            parts.append(f'<path class="line quiet" d="M{x} 40H{x + 60}M{x} 40L{x + 30} 86L{x + 60} 40"/>')
            parts.append(f'<circle class="dot s2" cx="{x + 30}" cy="86" r="8"/>')
        parts.append(f'<rect class="dot s1" x="{x - 11}" y="29" width="22" height="22" rx="5"/>')
    return parts


def _best_rate() -> list[str]:
    rng = np.random.default_rng([0, 0])
    problem = Descending.of(rng.normal(size=(10, 30)), rng.normal(size=10), rng.normal(size=30))
    best = problem.best_single_rate()
    rates = np.linspace(0, 2 * best, 41)
    curve = [(float(rate), problem.loss(float(rate), 1)) for rate in rates]
    frame = _Frame(0, 2 * best, 0, 1.05 * curve[0][1])
    at_best = (best, problem.loss(best, 1))
    return [
        _floor(),
        frame.line([(best, 0), at_best], "line dashed"),
        frame.line(curve, "line s2"),
        frame.dot(at_best, "dot s1"),
    ]


def _decay() -> list[str]:
    kinds = ("sgd/gap", "heavy-ball/gap", "adam/gap")
    return _logged(_series("weight-decay", {"steps": 300, "sweep": 0}, kinds), 1e-17)


def _walks() -> list[str]:
    """Gradient descent and heavy ball on an ill-conditioned quadratic, over its contours."""
    start, scales = np.array([-2.6, 0.85]), np.array([1.0, 12.0])
    frame = _Frame(-3, 3, -1.1, 1.1)
    angle = np.linspace(0, 2 * np.pi, 61)
    parts = []
    for level in (0.35, 1.4, 3.2, 5.6):
        x, y = np.sqrt(2 * level / scales)[:, None] * np.array([np.cos(angle), np.sin(angle)])
        parts.append(frame.line(list(zip(x.tolist(), y.tolist(), strict=True)), "line faint"))
    for place, (rule, rate) in enumerate((("gd", 0.15), ("heavy-ball", 0.03))):
        parts.append(frame.line(_walk(rule, rate, start, scales), f"line s{place + 1}"))
    return [*parts, frame.dot((-2.6, 0.85), "dot s4"), frame.dot((0, 0), "dot s3")]


def _walk(name: str, rate: float, start: NDArray[np.float64], scales: NDArray[np.float64]) -> list[Place]:
    rule = make_rule(name, Hyper(rate, momentum=0.8))
    w = start.copy()
    slots, path = rule.start(w), [(float(w[0]), float(w[1]))]
    for step in range(1, 60):
        w = w - rule.move(scales * w, slots, step)
        path.append((float(w[0]), float(w[1])))
    return path


def _field() -> list[str]:
    """How many paths lead from each pixel through five layers of kernel 3; the frame is all it sees."""
    counts = np.ones(1)
    for _ in range(5):
        counts = np.convolve(counts, np.ones(3))
    shares = np.outer(counts, counts) / counts.max() ** 2
    side, left = 96 / len(counts), (WIDTH - 96) / 2
    parts = [f'<rect class="window" x="{left - 1}" y="11" width="98" height="98"/>']
    for row, column in np.argwhere(shares > 0.01):
        parts.append(
            f'<rect class="dot s1" x="{left + column * side:.1f}" y="{12 + row * side:.1f}" '
            f'width="{side:.1f}" height="{side:.1f}" opacity="{shares[row, column]:.2f}"/>'
        )
    return parts


def _colorizer() -> list[str]:
    """A made picture, gray and in colour, coarsely."""
    picture = meadow(1, first=3)[0][4:28, 4:28].reshape(12, 2, 12, 2, 3).mean(axis=(1, 3))
    gray = np.repeat((picture @ [0.299, 0.587, 0.114])[..., None], 3, axis=2)
    parts = []
    for left, shown in ((18, gray), (126, picture)):
        for (row, column), color in zip(np.ndindex(12, 12), shown.reshape(-1, 3).astype(int), strict=True):
            red, green, blue = color
            parts.append(
                f'<rect x="{left + 8 * column}" y="{12 + 8 * row}" width="8.2" height="8.2" '
                f'fill="#{red:02x}{green:02x}{blue:02x}"/>'
            )
    return parts


def _plain() -> list[str]:
    frame = _Frame(0, 5, 0, 1)
    return [_floor(), frame.line([(x / 8, float(np.exp(-x / 8))) for x in range(41)], "line s1")]


_DRAWN: Mapping[str, Callable[[], list[str]]] = {
    "min-norm": _min_norm,
    "rmsprop-counterexample": _counterexample,
    "unrolled-gradient": _unrolled,
    "optimal-learning-rate": _best_rate,
    "weight-decay": _decay,
    "trajectories": _walks,
    "receptive-field": _field,
    "train-colorizer": _colorizer,
}
