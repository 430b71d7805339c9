"""The computational graph of the unrolled loop as SVG, for any number of steps."""

from dataclasses import dataclass, field
from html import escape

DRAWN = 64
"""Longer loops are drawn with their middle left out."""

_COLUMN, _BOX, _HEIGHT = 132, 56, 34
_TOP, _WEIGHTS, _GRADIENTS, _BOTTOM = 30, 118, 206, 290
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass
class _Drawing:
    parts: list[str] = field(default_factory=list)

    def box(self, x: float, y: float, text: str, *, width: float = _BOX, kept: bool = False) -> None:
        look = 'fill="currentColor" fill-opacity="0.14"' if kept else 'fill="none"'
        self.parts.append(
            f'<rect x="{x - width / 2:g}" y="{y - _HEIGHT / 2:g}" width="{width:g}" height="{_HEIGHT}" '
            f'rx="6" {look} stroke="currentColor"/>'
            f'<text x="{x:g}" y="{y + 5:g}" text-anchor="middle">{escape(text)}</text>'
        )

    def arrow(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.parts.append(
            f'<path d="M{x0:g} {y0:g}L{x1:g} {y1:g}" fill="none" stroke="currentColor" '
            f'stroke-opacity="0.6" marker-end="url(#tip)"/>'
        )


def draw(steps: int) -> str:
    """SVG text: every w, every gradient, and what feeds them; shaded is what reverse mode keeps."""
    shown = _columns(steps)
    last = len(shown) - 1
    width = _COLUMN * (last + 2)
    drawing = _Drawing()
    half = _HEIGHT / 2
    drawing.box(width / 2, _TOP, "learning rate η", width=width - 20)
    drawing.box(width / 2, _BOTTOM, "data X, t", width=width - 20)
    for place, step in enumerate(shown):
        x = _COLUMN * (place + 0.5)
        if step is None:
            drawing.parts.append(f'<text x="{x:g}" y="{_WEIGHTS + 5}" text-anchor="middle">…</text>')
            continue
        drawing.box(x, _WEIGHTS, f"w{step}".translate(_SUBSCRIPTS), kept=True)
        if step > 0:
            drawing.arrow(x, _TOP + half, x, _WEIGHTS - half)
        if step == steps:
            continue
        middle = x + _COLUMN / 2
        drawing.box(middle, _GRADIENTS, f"∇L(w{step})".translate(_SUBSCRIPTS), width=78, kept=True)
        drawing.arrow(x + _BOX / 2, _WEIGHTS, x + _COLUMN - _BOX / 2, _WEIGHTS)
        drawing.arrow(x + 8, _WEIGHTS + half, middle - 18, _GRADIENTS - half)
        drawing.arrow(middle + 18, _GRADIENTS - half, x + _COLUMN - 8, _WEIGHTS + half)
        drawing.arrow(middle, _BOTTOM - half, middle, _GRADIENTS + half)
    x = _COLUMN * (last + 1.5)
    drawing.box(x, _WEIGHTS, f"L(w{steps})".translate(_SUBSCRIPTS), width=86)
    drawing.arrow(x - _COLUMN + _BOX / 2, _WEIGHTS, x - 43, _WEIGHTS)
    drawing.arrow(x, _BOTTOM - half, x, _WEIGHTS + half)
    return _wrapped(steps, width, "".join(drawing.parts))


def describe(steps: int) -> str:
    """The graph in words, for those who cannot see it."""
    return (
        f"Each of {steps} steps takes w and its gradient on the data to the next w, scaled by the one "
        f"learning rate, which so reaches the final loss L(w{steps}) along {steps} arrows. "
        "Shaded is what reverse mode keeps."
    )


def _columns(steps: int) -> list[int | None]:
    if steps <= DRAWN:
        return list(range(steps + 1))
    half = DRAWN // 2
    return [*range(half), None, *range(steps - half + 1, steps + 1)]


def _wrapped(steps: int, width: float, body: str) -> str:
    title = f"Computational graph of {steps} step{'s' if steps > 1 else ''}"
    tip = (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0L8 4L0 8z" fill="currentColor"/></marker></defs>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} 320" width="{width:g}" height="320" '
        f'role="img" font-family="system-ui, sans-serif" font-size="15" fill="currentColor">'
        f"<title>{title}</title><desc>{escape(describe(steps))}</desc>{tip}{body}</svg>"
    )
