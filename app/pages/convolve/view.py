"""What the page shows of a convolution: the padded image with the window on it, the output, and one sum."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

from app.pages.convolve.grids import MAX_IMAGE, MAX_KERNEL, Grid, cells, flipped, integers, read_grid, shown
from app.pages.convolve.presets import IMAGES, KERNELS, USUAL, USUAL_IMAGE, USUAL_KERNEL, preset_of
from app.shapes import ShapeError
from app.shapes.convolve import Task, compute, explain, parse_task
from app.shapes.exporting.mathml import to_mathml

MODES = {"convolution": "Convolution", "cross-correlation": "Cross-correlation"}
PADDINGS = {
    "same": "same: as large as the image",
    "valid": "valid: none",
    "full": "full: every overlap",
    **{str(n): str(n) for n in range(1, 5)},
}
TONES = 4
"""Steps of colour for positive and for negative numbers."""
_FORMULAS = {
    "convolution": r"(I * J)_{y,x} = \sum_{i,j} I_{y - i,\, x - j} \, J_{i,j}",
    "cross-correlation": r"(I \star J)_{y,x} = \sum_{i,j} I_{y + i,\, x + j} \, J_{i,j}",
}


@dataclass(frozen=True)
class Asked:
    """The fields of the page as they came."""

    image: str
    kernel: str
    mode: str
    padding: str
    stride: str
    dilation: str
    row: str = ""
    column: str = ""
    sample: str = ""
    values: str = ""

    @property
    def fractions(self) -> bool:
        """Whether numbers are shown as fractions, because they were typed as such."""
        return "/" in self.image + self.kernel

    def address(self, **changes: object) -> str:
        """A link to the page with these fields, what is as usual left out."""
        usual = {"image": IMAGES[USUAL_IMAGE].grid, "kernel": KERNELS[USUAL_KERNEL].grid, **USUAL}
        fields = {**self.__dict__, **{name: str(value) for name, value in changes.items()}}
        given = {name: text for name, text in fields.items() if text and text != usual.get(name)}
        return f"/convolve?{urlencode(given, safe=',;/')}" if given else "/convolve"


@dataclass(frozen=True)
class Cell:
    """A number of a grid on the page; `name` where it is a field, `weight` where the window lies on it."""

    text: str
    tone: str = ""
    name: str = ""
    weight: str = ""
    exactly: str = ""


@dataclass(frozen=True)
class Term:
    """A product of the sum."""

    image: str
    kernel: str
    padding: bool
    zero: bool


@dataclass(frozen=True)
class View:
    """A convolution as the page shows it; with a `problem`, only what was asked."""

    asked: Asked
    problem: ShapeError | None = None
    image: Grid = ()
    kernel: Grid = ()
    output: Grid = ()
    place: tuple[int, int] = (0, 0)
    terms: tuple[Term, ...] = ()
    total: str = ""
    padded: tuple[tuple[Cell, ...], ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def formula(self) -> str:
        """What is summed, as MathML."""
        return to_mathml(_FORMULAS[self.asked.mode])

    @property
    def image_preset(self) -> str:
        """The name of the image; empty for one of the reader's own."""
        return preset_of(self.asked.image, IMAGES)

    @property
    def kernel_preset(self) -> str:
        """The name of the kernel; empty for one of the reader's own."""
        return preset_of(self.asked.kernel, KERNELS)

    @property
    def used(self) -> Grid:
        """The kernel as it lies on the image."""
        return flipped(self.kernel) if self.asked.mode == "convolution" else self.kernel

    @property
    def symmetric(self) -> bool:
        """Whether both modes give the same, because turning the kernel changes nothing."""
        return self.kernel == flipped(self.kernel)

    @property
    def results(self) -> list[list[Cell]]:
        """The output."""
        most = max(abs(value) for row in self.output for value in row)
        return [[_cell(value, most, self.asked.fractions) for value in row] for row in self.output]

    def step(self, by: int) -> str | None:
        """A link to the output `by` places on, in the order of reading; None where there is none."""
        columns = len(self.output[0])
        place = self.place[0] * columns + self.place[1] + by
        if not 0 <= place < len(self.output) * columns:
            return None
        return self.at(place // columns, place % columns)

    def at(self, row: int, column: int) -> str:
        """A link to this output."""
        return self.asked.address(row=row, column=column)


def view(asked: Asked) -> View:
    """Convolve what was asked, in exact fractions, and look at one output."""
    try:
        image = read_grid(asked.image, "image", MAX_IMAGE)
        kernel = read_grid(asked.kernel, "kernel", MAX_KERNEL)
        whole_image, image_scale = integers(image)
        whole_kernel, kernel_scale = integers(kernel)
        settings = {name: _number(getattr(asked, name)) for name in ("padding", "stride", "dilation")}
        task = parse_task({"image": whole_image, "kernel": whole_kernel, "mode": asked.mode, **settings})
    except ShapeError as error:
        return View(asked, error)
    scale = image_scale * kernel_scale
    output = tuple(tuple(Fraction(value) / scale for value in row) for row in compute(task))
    place = _place(asked, output)
    explained: Any = explain(task, *place)
    rows, columns = len(image), len(image[0])
    terms, weights = [], {}
    for term in explained["terms"]:
        y, x = term["row"], term["column"]
        weight = Fraction(term["kernel"]) / kernel_scale
        weights[y, x] = shown(weight, asked.fractions)
        value, product = Fraction(term["image"]) / image_scale, Fraction(term["product"]) / scale
        outside = not (0 <= y < rows and 0 <= x < columns)
        terms.append(Term(shown(value, asked.fractions), weights[y, x], outside, product == 0))
    numbers = {"image": _plain(image), "kernel": _plain(kernel)}
    return View(
        asked,
        None,
        image,
        kernel,
        output,
        place,
        tuple(terms),
        shown(Fraction(explained["sum"]) / scale, asked.fractions),
        tuple(tuple(row) for row in _padded(image, cells(asked.image), task, weights)),
        {**numbers, "mode": asked.mode, **settings},
    )


def _padded(
    image: Grid, typed: list[list[str]], task: Task, weights: Mapping[tuple[int, int], str]
) -> Iterator[list[Cell]]:
    """The image as it was typed with its padding, and the kernel's numbers where it lies."""
    most = max(abs(value) for row in image for value in row)
    for y in range(-task.before[0], len(image) + task.after[0]):
        line = []
        for x in range(-task.before[1], len(image[0]) + task.after[1]):
            weight = weights.get((y, x), "")
            if 0 <= y < len(image) and 0 <= x < len(image[0]):
                cell = _cell(image[y][x], most)
                line.append(Cell(typed[y][x], cell.tone, f"i.{y}.{x}", weight))
            else:
                line.append(Cell("0", "", "", weight))
        yield line


def _cell(value: Fraction, most: Fraction, fractions: bool = False) -> Cell:
    step = -(-TONES * abs(value) // most) if most else 0
    tone = f"{'plus' if value > 0 else 'minus'}-{step}" if step else ""
    text = shown(value, fractions)
    exact = str(value).replace("-", "\N{MINUS SIGN}")
    return Cell(text, tone, exactly=exact if exact != text else "")


def _place(asked: Asked, output: Grid) -> tuple[int, int]:
    """The output that is looked at: the middle one unless told, moved in where the output became smaller."""
    sizes = len(output), len(output[0])
    row, column = (
        min(int(text), size - 1) if text.isascii() and text.isdigit() and len(text) < 9 else size // 2
        for text, size in zip((asked.row, asked.column), sizes, strict=True)
    )
    return row, column


def _number(text: str) -> int | str:
    bare = text.strip()
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) < 9 else bare


def _plain(grid: Grid) -> list[list[int | float]]:
    """The numbers as JSON has them."""
    return [[int(cell) if cell.denominator == 1 else float(cell) for cell in row] for row in grid]
