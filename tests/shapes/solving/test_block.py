"""Several layers solved together, checked by computing them."""

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.shapes import ShapeError, analyse
from app.shapes.solving import solve_block


def conv(kernel: int, **more: Any) -> dict[str, Any]:
    return {"type": "Conv1d", "kernel_size": kernel, **more}


def lengths(layers: list[dict[str, Any]], size: int) -> list[int] | None:
    """The length after each layer, or None where one is refused."""
    full = [{"out_channels": 1, **layer} if "Conv" in layer["type"] else layer for layer in layers]
    try:
        return [
            int(str(layer.output_shape[1])) for layer in analyse({"input": [1, size], "layers": full}).layers
        ]
    except ShapeError:
        return None


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3)), min_size=1, max_size=3),
    st.integers(4, 16),
    st.integers(2, 16),
    st.booleans(),
)
def test_equals_brute_force(shapes: list[tuple[int, int]], size: int, target: int, each: bool) -> None:
    layers = [conv(kernel, stride=stride) for kernel, stride in shapes]
    expected, reached = [], set()
    for paddings in product(range(4), repeat=len(layers)):
        found = lengths([{**layer, "padding": p} for layer, p in zip(layers, paddings, strict=True)], size)
        if found is None:
            continue
        reached.add(found[-1])
        if found[-1] == target and (not each or set(found) == {target}):
            expected.append({i: {"padding": p} for i, p in enumerate(paddings)})
    body = {
        "input": [size],
        "output": [target],
        "layers": layers,
        "solve": ["padding"],
        "each": each,
        "bounds": {"padding": [0, 3]},
    }
    answer = solve_block(body)
    assert list(answer.solutions) == expected and answer.complete
    if not expected:
        assert answer.reason
        if not each and reached:
            ends = [
                max((n for n in reached if n < target), default=0),
                min((n for n in reached if n > target), default=0),
            ]
            assert [entry["output"] for entry in answer.nearest] == [[n] for n in ends if n]


def test_keep_32_through_these_layers() -> None:
    layers = [
        {"type": "Conv2d", "kernel_size": 3},
        {"type": "ReLU"},
        {"type": "Conv2d", "kernel_size": 7, "dilation": 2},
    ]
    body = {"input": [32, 32], "output": [32, 32], "layers": layers, "solve": ["padding"], "each": True}
    assert solve_block(body).to_json() == {
        "solutions": [{"0": {"padding": 1}, "2": {"padding": 6}}],
        "complete": True,
        "reason": None,
        "nearest": [],
    }


def test_layers_without_anything_to_solve_are_taken_as_they_are() -> None:
    layers = [{"type": "MaxPool2d", "kernel_size": 2, "padding": 0}, {"type": "Conv2d", "kernel_size": 3}]
    body = {"input": [32, 32], "output": [16, 16], "layers": layers, "solve": ["padding"]}
    assert solve_block(body).solutions == ({1: {"padding": 1}},)


def test_two_even_kernels_make_up_for_each_other() -> None:
    body = {"input": [32], "output": [32], "layers": [conv(4), conv(4)], "solve": ["padding"]}
    assert {0: {"padding": 1}, 1: {"padding": 2}} in solve_block(body).solutions
    alone = solve_block({**body, "each": True})
    assert alone.solutions == () and alone.reason and "31 and 33" in alone.reason


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"layers": []}, "/layers"),
        ({"layers": [{"type": "Linear"}]}, "/layers/0"),
        ({"layers": [{"type": "ReLU"}]}, "/layers"),
        ({"layers": [3]}, "/layers/0"),
        ({"layers": [{"type": "Conv1d"}]}, "/layers/0/kernel_size"),
        ({"layers": [conv(3, stride=0)]}, "/layers/0/stride"),
        ({"layers": [conv(3)] * 51}, "/layers"),
        ({"solve": ["size"]}, "/solve"),
        ({"each": 1}, "/each"),
        ({"input": [3, 3]}, "/input"),
        ({"extra": 1}, "/extra"),
        ({"layers": [conv(3)] * 30, "solve": ["padding"], "bounds": {"padding": [0, 4000]}}, "/bounds"),
    ],
)
def test_questions_that_make_no_sense(change: dict[str, Any], pointer: str) -> None:
    body = {"input": [32], "output": [32], "layers": [conv(3)], "solve": ["padding"]}
    with pytest.raises(ShapeError) as caught:
        solve_block({**body, **change})
    assert caught.value.pointer == pointer, caught.value.detail
