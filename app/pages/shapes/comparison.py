"""Two networks side by side: the totals, how many times one is the other, and both tables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.pages.forms import read_form
from app.pages.render import render
from app.pages.shapes.asked import Asked, asked_for, typed
from app.pages.shapes.view import FAMILIES, TOTALS, Row, presets, rows
from app.services import Services, services
from app.shapes import Report, ShapeError, analyse
from app.shapes.drawing import to_svg
from app.shapes.exporting.result import RESULT_TERMS
from app.shapes.scaling import Change, compare
from app.shapes.sizes import bounded_work

router = APIRouter(prefix="/shapes", include_in_schema=False)

Parts = Annotated[Services, Depends(services)]
LEFT, RIGHT = "write-up-cnn", "write-up-fcnn"
SIDES = ("a", "b")
COUNTS = {"neurons": "Neurons", "weights": "Weights", "connections": "Connections"}
"""The counts of both tables: those of the write-up, and what they cost."""


@dataclass(frozen=True)
class Side:
    """One of the two networks; `problem` where it cannot be computed."""

    key: str
    asked: Asked
    report: Report | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    drawing: str = ""
    problem: ShapeError | None = None

    @property
    def place(self) -> str:
        """Which of the two it is."""
        return "First network" if self.key == "a" else "Second network"

    @property
    def title(self) -> str:
        """What it is called on the page."""
        return self.asked.title or self.place


@dataclass(frozen=True)
class Line:
    """One total of both: what each has as a share of the larger, where both are numbers, for a bar."""

    title: str
    change: Change

    @property
    def shares(self) -> tuple[float, float]:
        """Lengths of the two bars, 0 to 1."""
        before, after = self.change.before, self.change.after
        if not isinstance(before, int) or not isinstance(after, int):
            return 0.0, 0.0
        most = max(before, after, 1)
        return before / most, after / most


def comparison_address(first: Asked, second: Asked | None = None) -> str | None:
    """A link to this page with two networks, the second the write-up's other one unless told; None where
    they do not fit in one.
    """
    second = second or asked_for(LEFT if first.preset == RIGHT else RIGHT)
    pairs = [asked.parameters(key, f"z{key}") for key, asked in zip(SIDES, (first, second), strict=True)]
    if None in pairs:
        return None
    return f"/shapes/compare?{urlencode([item for pair in pairs for item in (pair or {}).items()])}"


@router.get("/compare")
async def comparison(
    request: Request, parts: Parts, a: str = "", b: str = "", za: str = "", zb: str = ""
) -> Response:
    """Two networks compared; the query names presets, or holds packed texts."""

    def compute() -> dict[str, Any]:
        return _compared(asked_for(a, za, default=LEFT), asked_for(b, zb, default=RIGHT))

    return _page(request, await parts.arithmetic.run(compute))


@router.post("/compare")
async def compare_typed(request: Request, parts: Parts) -> Response:
    """The two networks of the plain form, under a link of their own where one can hold them."""
    form = await read_form(request)
    pair = [_asked(form, key) for key in SIDES]
    address = comparison_address(*pair)
    if address is not None and all(asked.problem is None for asked in pair):
        return RedirectResponse(address, 303)
    return _page(request, await parts.arithmetic.run(lambda: _compared(*pair)))


def _asked(form: Mapping[str, str], key: str) -> Asked:
    if form.get("load") == key:
        return asked_for(form.get(key, ""))
    known, text = form.get(f"from-{key}", ""), form.get(f"text-{key}", "")
    asked = typed(text) if text.strip() else asked_for(known, default=LEFT if key == "a" else RIGHT)
    if known and asked.problem is None:
        original = asked_for(known)
        return original if original.body == asked.body else asked
    return asked


def _compared(*pair: Asked) -> dict[str, Any]:
    sides = [_side(key, asked) for key, asked in zip(SIDES, pair, strict=True)]
    first, second = (side.report for side in sides)
    lines: list[Line] = []
    if first is not None and second is not None:
        lines = [Line(TOTALS[name], change) for name, change in compare(first, second).items()]
    return {"sides": sides, "lines": lines, "swapped": comparison_address(*reversed(pair))}


def _side(key: str, asked: Asked) -> Side:
    if asked.body is None:
        return Side(key, asked, problem=asked.problem)
    try:
        report = analyse(asked.body)
        with bounded_work(RESULT_TERMS):
            drawing = to_svg(report, title=asked.title or "The network", prefix=f"network-{key}")
            return Side(
                key,
                asked,
                report,
                report.to_json(),
                tuple(rows(report)),
                Markup(drawing),  # escaped there
            )
    except ShapeError as error:
        return Side(key, asked, problem=error)


def _page(request: Request, found: dict[str, Any]) -> Response:
    problem = any(side.problem for side in found["sides"])
    context = {**found, "presets": presets(), "counts": COUNTS, "families": FAMILIES}
    return render(request, "shapes/compare.html", context, status=422 if problem else 200)
