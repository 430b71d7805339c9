"""The write-up's table of paddings, every cell tried in PyTorch."""

import pytest
import torch
from torch import nn

from app.pages.shapes.padding import Cell, padding_table

CELLS = [(line.title, cell) for line in padding_table() for cell in line.cells]


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel:UserWarning")
@pytest.mark.parametrize(
    ("title", "cell"), CELLS, ids=[f"{t}, kernel {c.question['kernel_size']}" for t, c in CELLS]
)
def test_every_cell_holds_in_pytorch(title: str, cell: Cell) -> None:
    asked = cell.question
    shape = (1, 1, asked["input"], asked["input"])

    def size(**settings: int | str) -> int:
        layer = getattr(nn, asked["type"])(1, 1, asked["kernel_size"], stride=asked["stride"], **settings)
        return int(layer(torch.zeros(shape)).shape[-1])

    if cell.text != "none":
        settings = {name: int(value) for name, value in (pair.split() for pair in cell.text.split(", "))}
        assert size(**settings) == asked["output"]
        return
    assert (asked["kernel_size"], asked["stride"]) == (4, 1)
    assert all(size(padding=padding) != asked["output"] for padding in range(40))
    assert cell.note == "1 gives 31, 2 gives 33, same gives 32"
    assert [size(padding=1), size(padding=2), size(padding="same")] == [31, 33, 32]


def test_the_table_is_the_write_ups_but_for_its_slip() -> None:
    assert [[cell.text for cell in line.cells] for line in padding_table()] == [
        ["padding 1", "padding 1", "padding 2"],
        ["padding 1", "padding 1", "padding 2"],
        ["padding 1, output_padding 1", "padding 1, output_padding 0", "padding 2, output_padding 1"],
        ["padding 1, output_padding 1", "padding 1, output_padding 0", "padding 2, output_padding 1"],
        ["padding 1", "none", "padding 2"],
    ]
