"""The solver's answers as shown: the code runs in PyTorch, the steps are true, the formula says the same."""

import re
from typing import Any

import pytest
import torch
from torch import nn

from app.pages.shapes.solved import MOST_SHOWN, Solved, Step, solved, solved_block
from app.shapes import ShapeError

SLIP = {"type": "Conv2d", "input": 32, "output": 32, "kernel_size": 4, "stride": 1, "solve": ["padding"]}
QUESTIONS: list[dict[str, Any]] = [
    SLIP,
    {
        "type": "ConvTranspose2d",
        "input": [8, 8],
        "output": [16, 16],
        "kernel_size": 5,
        "stride": 2,
        "solve": ["padding", "output_padding"],
    },
    {
        "type": "Conv2d",
        "input": [32, 20],
        "output": [16, 10],
        "stride": 2,
        "solve": ["kernel_size", "padding"],
    },
    {"type": "MaxPool2d", "input": 32, "output": 16, "solve": ["kernel_size"]},
    {"type": "AvgPool1d", "input": 30, "output": 7, "kernel_size": 4, "solve": ["padding"]},
    {"type": "Conv1d", "input": 50, "output": 9, "kernel_size": 3, "solve": ["stride", "dilation"]},
    {"type": "Conv3d", "input": 9, "output": 4, "kernel_size": 3, "padding": 1, "solve": ["stride"]},
]


def run(code: str, sizes: list[int]) -> list[int]:
    """The output of a layer as the page writes it."""
    layer = eval(code.replace("…", "1"), {"nn": nn})
    return [int(size) for size in layer(torch.zeros(1, 1, *sizes)).shape[2:]]


def sizes(question: dict[str, Any], name: str) -> list[int]:
    value = question[name]
    return list(value) if isinstance(value, list) else [value] * int(question["type"][-2])


@pytest.mark.parametrize("question", QUESTIONS, ids=[str(q["type"]) for q in QUESTIONS])
def test_the_code_shown_gives_the_sizes_shown(question: dict[str, Any]) -> None:
    shown = solved(question)
    for _, code in shown.shown:
        assert run(code, sizes(question, "input")) == sizes(question, "output"), code
    for _, output, _, code in shown.near:
        assert run(code, sizes(question, "input")) == output, code
    assert shown.shown or shown.near
    assert shown.formula and all(formula.startswith("<math") for formula in shown.formula)


def test_kernel_4_at_stride_1_shows_the_gap_and_what_fills_it() -> None:
    shown = solved(SLIP)
    assert shown.steps[:4] == (
        Step(29, 0, False),
        Step(31, 1, False),
        Step(32, None, True),
        Step(33, 2, False),
    )
    assert [output for _, output, _, _ in shown.near] == [[31, 31], [33, 33], [32, 32]]
    assert shown.near[-1][2] == "pads 1 before and 2 after"
    assert re.sub(r"<[^>]*>", "", shown.formula[0]).endswith("&#x0003D;2p&#x0002B;29"), "odd, whatever p is"


@pytest.mark.parametrize(("kernel", "dilation"), [(4, 1), (2, 3), (6, 1), (4, 3)])
def test_what_same_pads_is_what_pytorch_pads(kernel: int, dilation: int) -> None:
    shown = solved({**SLIP, "kernel_size": kernel, "dilation": dilation})
    layer = nn.Conv2d(1, 1, kernel, dilation=dilation, padding="same")
    before, after = layer._reversed_padding_repeated_twice[:2]
    assert shown.near[-1][2] == f"pads {before} before and {after} after"


def test_steps_are_what_the_layer_does() -> None:
    shown = solved({"type": "Conv2d", "input": 40, "output": 9, "kernel_size": 3, "solve": ["stride"]})
    assert any(step.wanted and step.value is None for step in shown.steps)
    for step in shown.steps:
        if step.value is not None:
            assert run(f"nn.Conv2d(1, 1, 3, stride={step.value})", [40, 40]) == [step.size] * 2
    assert [step.size for step in shown.steps] == sorted((step.size for step in shown.steps), reverse=True)


@pytest.mark.parametrize("question", [QUESTIONS[1], QUESTIONS[2], QUESTIONS[3]])
def test_there_are_no_steps_where_sizes_do_not_go_one_way(question: dict[str, Any]) -> None:
    assert solved(question).steps == ()


def test_long_answers_are_cut() -> None:
    asked = ["kernel_size", "stride", "padding", "dilation"]
    shown = solved({"type": "Conv2d", "input": 32, "output": 8, "solve": asked})
    assert len(shown.shown) == MOST_SHOWN < len(shown.answer["solutions"])


def test_a_block_names_its_layers_and_what_is_given_of_them() -> None:
    layers = [
        {"type": "Conv2d", "kernel_size": 5, "out_channels": 8},
        {"type": "ReLU"},
        {"type": "MaxPool2d", "kernel_size": 2},
        {"type": "Conv2d", "kernel_size": 3, "dilation": 2},
    ]
    shown = solved_block({"layers": layers, "input": 32, "output": 16, "solve": ["padding"]})
    assert [title for _, title, _ in shown.columns] == ["1. Conv2d", "3. MaxPool2d", "4. Conv2d"]
    assert [given for _, _, given in shown.columns] == [
        "kernel_size 5",
        "kernel_size 2",
        "kernel_size 3, dilation 2",
    ]
    for solution in shown.shown:
        paddings = [int(solution[place].removeprefix("padding ")) for place in ("0", "2", "3")]
        network = nn.Sequential(
            nn.Conv2d(1, 1, 5, padding=paddings[0]),
            nn.MaxPool2d(2, padding=paddings[1]),
            nn.Conv2d(1, 1, 3, dilation=2, padding=paddings[2]),
        )
        assert network(torch.zeros(1, 1, 32, 32)).shape[2:] == (16, 16)
    assert shown.shown and not shown.near


def test_a_block_that_cannot_says_what_comes_near() -> None:
    layers = [{"type": "Conv2d", "kernel_size": 4}, {"type": "Conv2d", "kernel_size": 3}]
    shown = solved_block({"layers": layers, "input": 32, "output": 32, "solve": ["padding"]})
    assert not shown.shown and [output for _, output in shown.near] == [[31, 31], [33, 33]]
    assert all(set(placed) == {"0", "1"} for placed, _ in shown.near)


def test_an_empty_answer_shows_nothing() -> None:
    assert Solved(problem=ShapeError("x")).shown == [] and Solved().near == [] and Solved().asked == []
