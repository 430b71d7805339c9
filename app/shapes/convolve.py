"""Convolution and cross-correlation of small grids by their definition; integers stay exact, however large.

Cross-correlation (what networks call convolution) sums `image[y + i, x + j] * kernel[i, j]`; true convolution
flips the kernel first. Padding is zeros.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from app.shapes.errors import ShapeError, SizeError, escaped
from app.shapes.layers.arguments import AxesKind, ChoiceKind
from app.shapes.sizes import describe

MAX_SIDE = 1_024
MAX_CELLS = 65_536
MAX_PRODUCTS = 4_000_000
MAX_LARGE_PRODUCTS = 200_000
MAX_BITS = 4_096
"""Largest integer in a grid, in bits."""
_FLOAT_LIMIT = 2**1023

Number = int | float
Grid = list[list[Number]]
Mode = Literal["convolution", "cross-correlation"]
_FIELDS = ("image", "kernel", "mode", "padding", "stride", "dilation")


@dataclass(frozen=True)
class Task:
    """A checked request; `before` and `after` are the zeros around the image on each axis."""

    image: Grid
    kernel: Grid
    mode: Mode
    before: tuple[int, int]
    after: tuple[int, int]
    stride: tuple[int, int]
    dilation: tuple[int, int]

    @property
    def output_shape(self) -> tuple[int, int]:
        """Height and width of the output."""
        sizes = []
        for axis, (length, taps) in enumerate(zip(_shape(self.image), _shape(self.kernel), strict=True)):
            room = length + self.before[axis] + self.after[axis] - self.dilation[axis] * (taps - 1) - 1
            sizes.append(room // self.stride[axis] + 1)
        return sizes[0], sizes[1]


def convolve(body: Mapping[str, Any]) -> dict[str, object]:
    """Answer a convolve request: `{"output": [[…]]}`; integers in, integers out. Raises ShapeError."""
    task = parse_task(body)
    return {"output": compute(task)}


def compute(task: Task) -> Grid:
    """Every output of a task: one shifted copy of the padded image for each kernel value, summed."""
    kernel = np.array(
        _flipped(task.kernel) if task.mode == "convolution" else task.kernel, dtype=_dtype(task)
    )
    rows, columns = _shape(task.image)
    (top, left), (bottom, right) = task.before, task.after
    # Not np.pad: it would put 64-bit zeros among integers of any size, and those overflow.
    image = np.zeros((top + rows + bottom, left + columns + right), dtype=kernel.dtype)
    image[top : top + rows, left : left + columns] = np.array(task.image, dtype=kernel.dtype)
    output = correlate(image, kernel, task.output_shape, task.stride, task.dilation)
    if output.dtype == np.float64 and not np.isfinite(output).all():
        raise SizeError("the sums are larger than floating point can hold")
    grid: Grid = output.tolist()
    return grid


def correlate(
    image: NDArray[Any],
    kernel: NDArray[Any],
    shape: tuple[int, int],
    stride: tuple[int, int] = (1, 1),
    dilation: tuple[int, int] = (1, 1),
) -> NDArray[Any]:
    """Cross-correlation of an array that is padded already; the output has this shape, the kernel's dtype."""
    height, width = shape
    output = np.zeros(shape, dtype=kernel.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        for (i, j), weight in np.ndenumerate(kernel):
            top, left = i * dilation[0], j * dilation[1]
            rows = slice(top, top + (height - 1) * stride[0] + 1, stride[0])
            columns = slice(left, left + (width - 1) * stride[1] + 1, stride[1])
            output += weight * image[rows, columns]
    return output


def _dtype(task: Task) -> type[Any]:
    """Floats when any number is one; 64-bit integers where no sum can leave them, else integers of any
    size.
    """
    values = [value for grid in (task.image, task.kernel) for row in grid for value in row]
    if any(isinstance(value, float) for value in values):
        if any(abs(value) >= _FLOAT_LIMIT for value in values):
            raise SizeError("integers this large cannot be mixed with floating point")
        return np.float64
    largest = [max(abs(int(value)) for row in grid for value in row) for grid in (task.image, task.kernel)]
    cells = len(task.kernel) * len(task.kernel[0])
    if largest[0] * largest[1] * cells < 2**62 and max(largest) < 2**62:
        return np.int64
    height, width = task.output_shape
    if height * width * cells > MAX_LARGE_PRODUCTS:
        raise SizeError(f"with integers beyond 64 bits at most {MAX_LARGE_PRODUCTS} products are computed")
    return object


def terms(task: Task, row: int, column: int) -> list[tuple[int, int, Number, Number]]:
    """The products that make one output: image row and column (outside is padding), image value, kernel
    value.
    """
    kernel = _flipped(task.kernel) if task.mode == "convolution" else task.kernel
    rows, columns = _shape(task.image)
    top = row * task.stride[0] - task.before[0]
    left = column * task.stride[1] - task.before[1]
    found: list[tuple[int, int, Number, Number]] = []
    for i, weights in enumerate(kernel):
        for j, weight in enumerate(weights):
            y, x = top + i * task.dilation[0], left + j * task.dilation[1]
            inside = 0 <= y < rows and 0 <= x < columns
            found.append((y, x, task.image[y][x] if inside else 0, weight))
    return found


def explain(task: Task, row: int, column: int) -> dict[str, object]:
    """The sum behind one output as JSON: every product in the order they are added, and the total."""
    height, width = task.output_shape
    for name, index, size in (("row", row, height), ("column", column, width)):
        if not 0 <= index < size:
            raise SizeError(f"{name} {index} is outside of the output, {height} by {width}", f"/{name}")
    _dtype(task)  # refuses what cannot be added up
    products = terms(task, row, column)
    total: Number = 0
    for *_, value, weight in products:
        total = total + weight * value
    if isinstance(total, float) and not math.isfinite(total):
        raise SizeError("the sum is larger than floating point can hold")
    names = ("row", "column", "image", "kernel", "product")
    return {
        "row": row,
        "column": column,
        "terms": [dict(zip(names, (*term, term[2] * term[3]), strict=True)) for term in products],
        "sum": total,
    }


def parse_task(body: Mapping[str, Any]) -> Task:
    """Read the body of a convolve request; raises ShapeError with a pointer into it."""
    if not isinstance(body, Mapping):
        raise SizeError("expected an object with image and kernel")
    for key in body:
        if key not in _FIELDS:
            known = ", ".join(_FIELDS)
            raise SizeError(f"unknown field {describe(key)}; known are {known}", f"/{escaped(key)}")
    image, kernel = _grid(body.get("image"), "image"), _grid(body.get("kernel"), "kernel")
    mode: Mode = _read(
        ChoiceKind("convolution", "cross-correlation"), body.get("mode", "convolution"), "mode"
    )
    stride = _pair(body.get("stride", 1), "stride", 1)
    dilation = _pair(body.get("dilation", 1), "dilation", 1)
    before, after = _padding(body.get("padding", "same"), kernel, stride, dilation)
    task = Task(image, kernel, mode, before, after, stride, dilation)
    height, width = task.output_shape
    if height < 1 or width < 1:
        raise SizeError("the kernel is larger than the padded image", "/kernel")
    cells = len(kernel) * len(kernel[0])
    if height * width > MAX_CELLS or height * width * cells > MAX_PRODUCTS:
        raise SizeError(
            f"{height * width} outputs of {cells} products each are too many; at most {MAX_CELLS} outputs "
            f"and {MAX_PRODUCTS} products are computed"
        )
    return task


def _read(kind: Any, raw: object, name: str) -> Any:
    try:
        return kind.read(raw, {})
    except ShapeError as error:
        raise SizeError(f"{name}: {error.detail}", f"/{name}{error.pointer}") from None


def _pair(raw: object, name: str, least: int) -> tuple[int, int]:
    values = _read(AxesKind(2, least), raw, name)
    if not all(isinstance(value, int) and value <= MAX_SIDE for value in values):
        raise SizeError(f"{name}: expected integers up to {MAX_SIDE}", f"/{name}")
    return int(values[0]), int(values[1])


def _padding(
    raw: object, kernel: Grid, stride: tuple[int, int], dilation: tuple[int, int]
) -> tuple[tuple[int, int], tuple[int, int]]:
    reach = [gap * (taps - 1) for gap, taps in zip(dilation, _shape(kernel), strict=True)]
    if raw == "valid":
        return (0, 0), (0, 0)
    if raw == "full":
        return (reach[0], reach[1]), (reach[0], reach[1])
    if raw == "same":
        # As PyTorch pads: the odd one at the end.
        before = (reach[0] // 2, reach[1] // 2)
        return before, (reach[0] - before[0], reach[1] - before[1])
    if isinstance(raw, str):
        raise SizeError(
            f'padding: expected "same", "valid", "full" or a number, not {describe(raw)}', "/padding"
        )
    sides = _pair(raw, "padding", 0)
    return sides, sides


def _grid(raw: object, name: str) -> Grid:
    if (
        not isinstance(raw, (list, tuple))
        or not raw
        or not all(isinstance(row, (list, tuple)) for row in raw)
    ):
        raise SizeError(f"{name}: expected a list of rows of numbers", f"/{name}")
    width = len(raw[0])
    if not 1 <= width <= MAX_SIDE or len(raw) > MAX_SIDE or len(raw) * width > MAX_CELLS:
        raise SizeError(
            f"{name}: expected 1 to {MAX_SIDE} rows and columns, {MAX_CELLS} numbers at most", f"/{name}"
        )
    grid: Grid = []
    for y, row in enumerate(raw):
        if len(row) != width:
            raise SizeError(f"{name}: row {y} has {len(row)} numbers, the first has {width}", f"/{name}/{y}")
        for x, value in enumerate(row):
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise SizeError(f"{name}: expected a number, not {describe(value)}", f"/{name}/{y}/{x}")
            if isinstance(value, float) and not math.isfinite(value):
                raise SizeError(f"{name}: expected a finite number", f"/{name}/{y}/{x}")
            if isinstance(value, int) and value.bit_length() > MAX_BITS:
                raise SizeError(f"{name}: a number of more than {MAX_BITS} bits", f"/{name}/{y}/{x}")
        grid.append(list(row))
    return grid


def _shape(grid: Grid) -> tuple[int, int]:
    return len(grid), len(grid[0])


def _flipped(grid: Grid) -> Grid:
    return [row[::-1] for row in grid[::-1]]
