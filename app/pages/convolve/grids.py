"""Grids of exact numbers as text, in fields and in links: `0,1/9;-2,0.5` has two rows."""

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm

from app.shapes import ShapeError

Grid = tuple[tuple[Fraction, ...], ...]

MAX_IMAGE = 16
MAX_KERNEL = 9
_LONG = 1_000
_CELL = re.compile(r"[+-]?(?:\d{1,9}(?:/\d{1,9}|\.\d{0,6})?|\.\d{1,6})\Z", re.ASCII)


def read_grid(text: str, name: str, most: int) -> Grid:
    """The grid of a text; raises ShapeError that names the cell that is no number."""
    rows = cells(text)
    if len(rows) > most or len(rows[0]) > most:
        raise ShapeError(f"{name}: at most {most} rows and columns", f"/{name}")
    if any(len(row) != len(rows[0]) for row in rows):
        raise ShapeError(f"{name}: every row needs as many numbers as the first", f"/{name}")
    return tuple(
        tuple(read_cell(cell, f"{name}: row {y}, column {x}") for x, cell in enumerate(row))
        for y, row in enumerate(rows)
    )


def read_cell(text: str, where: str) -> Fraction:
    """The number of a cell, 0 where it is empty; raises ShapeError."""
    bare = text.strip().replace("\N{MINUS SIGN}", "-")
    if not bare:
        return Fraction(0)
    if not _CELL.match(bare):
        raise ShapeError(f"{where}: expected a number such as 5, -0.5 or 1/9, not {bare[:20]!r}")
    try:
        return Fraction(bare)
    except ZeroDivisionError:
        raise ShapeError(f"{where}: nothing can be divided by 0") from None


def cells(text: str) -> list[list[str]]:
    """The cells of a grid's text, whatever stands in them."""
    return [[cell.strip() for cell in row.split(",")] for row in text.split(";")]


def form_grid(form: Mapping[str, str], prefix: str, most: int) -> str:
    """The text of the grid whose cells a form holds, as `i.0.0`, in the size that it holds too."""
    height, width = (_side(form.get(f"{prefix}.{side}", ""), most) for side in ("rows", "columns"))
    places = [
        (int(match[1]), int(match[2]))
        for name in form
        if (match := re.fullmatch(rf"{prefix}\.(\d{{1,2}})\.(\d{{1,2}})", name, re.ASCII))
    ]
    height = height or 1 + max((y for y, _ in places), default=0)
    width = width or 1 + max((x for _, x in places), default=0)

    def cell(y: int, x: int) -> str:
        return form.get(f"{prefix}.{y}.{x}", "").replace(",", ".").replace(";", " ").strip() or "0"

    return ";".join(",".join(cell(y, x) for x in range(width)) for y in range(height))


def integers(grid: Grid) -> tuple[list[list[int]], int]:
    """The grid multiplied by the least number that makes all of it integers, and that number."""
    scale = lcm(*(cell.denominator for row in grid for cell in row))
    return [[int(cell * scale) for cell in row] for row in grid], scale


def flipped(grid: Sequence[Sequence[Fraction]]) -> Grid:
    """The grid turned by half a turn, as convolution turns its kernel."""
    return tuple(tuple(row[::-1]) for row in grid[::-1])


def shown(number: Fraction, fractions: bool = False) -> str:
    """A number as a cell shows it: as a fraction if wanted and short, else rounded to three decimals."""
    exact = number.denominator == 1 or (fractions and number.denominator < _LONG)
    text = str(number) if exact else f"{float(round(number, 3)):.3f}".rstrip("0").rstrip(".")
    return text.replace("-", "\N{MINUS SIGN}")


def _side(text: str, most: int) -> int:
    """A number of rows or columns within bounds; 0 where there is none."""
    digits = text.strip()
    return min(most, max(1, int(digits))) if digits.isascii() and digits.isdigit() and len(digits) < 9 else 0
