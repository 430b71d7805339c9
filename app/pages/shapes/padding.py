"""The write-up's table of paddings that keep ConvTransposeNet's shapes, each cell solved."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.shapes.solving import solve

KERNELS = (3, 4, 5)


@dataclass(frozen=True)
class Cell:
    """One kernel's answer: the settings, or what comes near; and the question behind it."""

    text: str
    question: dict[str, Any]
    note: str = ""


@dataclass(frozen=True)
class Line:
    """One block of the network."""

    title: str
    cells: tuple[Cell, ...]


_BLOCKS: tuple[tuple[str, str, int, int, int], ...] = (
    ("Conv2d, 32 to 16, stride 2", "Conv2d", 32, 16, 2),
    ("Conv2d, 16 to 8, stride 2", "Conv2d", 16, 8, 2),
    ("ConvTranspose2d, 8 to 16, stride 2", "ConvTranspose2d", 8, 16, 2),
    ("ConvTranspose2d, 16 to 32, stride 2", "ConvTranspose2d", 16, 32, 2),
    ("Conv2d, 32 to 32, stride 1", "Conv2d", 32, 32, 1),
)


@lru_cache(maxsize=1)
def padding_table() -> tuple[Line, ...]:
    """Every block with every kernel size."""
    return tuple(
        Line(title, tuple(_cell(kind, before, after, kernel, stride) for kernel in KERNELS))
        for title, kind, before, after, stride in _BLOCKS
    )


def _cell(kind: str, before: int, after: int, kernel: int, stride: int) -> Cell:
    unknown = ["padding"] + ["output_padding"] * (kind == "ConvTranspose2d")
    question = {
        "type": kind,
        "input": before,
        "output": after,
        "kernel_size": kernel,
        "stride": stride,
        "solve": unknown,
    }
    answer = solve(question)
    if answer.solutions:
        # With output_padding free there are several; the write-up takes the one with the least of it.
        least = min(answer.solutions, key=lambda found: (found.get("output_padding", 0), found["padding"]))
        return Cell(", ".join(f"{name} {value}" for name, value in least.items()), question)
    near = ", ".join(f"{entry['padding']} gives {entry['output'][0]}" for entry in answer.nearest)
    return Cell("none", question, near)
