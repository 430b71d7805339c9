"""POST /shapes/solve to the letter: the write-up's table, order, completeness, and what comes nearest."""

import random
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
import torch
from torch import nn

from tests.api.shapes_service import Service, started
from tests.shapes.solving.brute import length


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    with started() as service:
        yield service


def solve(service: Service, **question: Any) -> dict[str, Any]:
    answer: dict[str, Any] = service.ask("/shapes/solve", question)
    assert set(answer) >= {"solutions", "complete", "reason", "nearest"}
    return answer


def test_the_contracts_example(service: Service) -> None:
    question = {"type": "ConvTranspose2d", "input": [8, 8], "output": [16, 16], "kernel_size": 5, "stride": 2}
    answer = solve(service, **question, solve=["padding", "output_padding"])
    assert answer["solutions"] == [{"padding": 2, "output_padding": 1}]
    assert (answer["complete"], answer["reason"], answer["nearest"]) == (True, None, [])


@pytest.mark.parametrize(("kernel", "down", "up"), [(3, 1, (1, 1)), (4, 1, (1, 0)), (5, 2, (2, 1))])
@pytest.mark.parametrize("size", [32, 16])
def test_the_write_ups_table(
    service: Service, kernel: int, down: int, up: tuple[int, int], size: int
) -> None:
    half = size // 2
    strided = solve(
        service,
        type="Conv2d",
        input=[size] * 2,
        output=[half] * 2,
        kernel_size=kernel,
        stride=2,
        solve=["padding"],
    )
    assert strided["solutions"] == [{"padding": down}]
    transposed = solve(
        service,
        type="ConvTranspose2d",
        input=[half] * 2,
        output=[size] * 2,
        kernel_size=kernel,
        stride=2,
        solve=["padding", "output_padding"],
    )
    assert transposed["solutions"] == [{"padding": up[0], "output_padding": up[1]}]


def test_kernel_4_at_stride_1_has_none_and_the_proof_says_why(service: Service) -> None:
    question = {"type": "Conv2d", "input": [32, 32], "output": [32, 32], "kernel_size": 4, "stride": 1}
    answer = solve(service, **question, solve=["padding"])
    assert answer["solutions"] == [] and answer["complete"] is True
    assert answer["nearest"] == [
        {"padding": 1, "output": [31, 31]},
        {"padding": 2, "output": [33, 33]},
        {"padding": "same", "output": [32, 32]},
    ]
    for fact in ("padding 1 gives 31", "padding 2 gives 33", "nothing gives 32", "padding='same'"):
        assert fact in answer["reason"]
    for entry in answer["nearest"]:  # PyTorch is asked
        output = nn.Conv2d(1, 1, 4, padding=entry["padding"], device="meta")(
            torch.zeros(1, 1, 32, 32, device="meta")
        )
        assert list(output.shape[2:]) == entry["output"]


def brute(kind: str, size: int, target: int, asked: list[str], ranges: dict[str, range]) -> list[list[int]]:
    """Every setting along one axis that gives the target, tried one by one."""
    found = []
    for values in product(*(ranges[name] for name in asked)):
        settings = {"kernel_size": 3, "stride": 1, "padding": 0, "dilation": 1, "output_padding": 0}
        settings.update(zip(asked, values, strict=True))
        if length(kind, size, settings, False) == target:
            found.append(list(values))
    return found


def by_name(pair: tuple[list[int], ...]) -> list[list[int]]:
    """The order of the contract: the first asked name's values on all axes, then the second's."""
    return [list(values) for values in zip(*pair, strict=True)]


@pytest.mark.parametrize("seed", range(40))
def test_every_solution_in_order_with_axes_apart(service: Service, seed: int) -> None:
    draw = random.Random(seed)
    kind = draw.choice(["Conv", "ConvTranspose"])
    names = ["kernel_size", "stride", "padding", "dilation"]
    names += ["output_padding"] if kind == "ConvTranspose" else []
    asked = draw.sample(names, draw.randint(1, 2))
    tops = {"kernel_size": 5, "stride": 3, "padding": 4, "dilation": 3, "output_padding": 2}
    lows = {"padding": 0, "output_padding": 0}
    ranges = {name: range(lows.get(name, 1), tops[name] + 1) for name in asked}
    sizes = [draw.randint(3, 9) for _ in range(2)]
    targets = [draw.randint(3, 12) for _ in range(2)]
    question: dict[str, Any] = {"type": f"{kind}2d", "input": sizes, "output": targets, "solve": asked}
    question["bounds"] = {name: [span[0], span[-1]] for name, span in ranges.items()}
    if "kernel_size" not in asked:
        question["kernel_size"] = 3
    answer = solve(service, **question)
    each = [
        brute(f"{kind}1d", size, target, asked, ranges) for size, target in zip(sizes, targets, strict=True)
    ]
    alike = len({*zip(sizes, targets, strict=True)}) == 1
    pairs = [(one, one) for one in each[0]] if alike else list(product(*each))
    expected = [
        {n: v[0] if v[0] == v[1] else v for n, v in zip(asked, by_name(pair), strict=True)}
        for pair in sorted(pairs, key=by_name)
    ]
    assert answer["solutions"] == expected
    assert answer["complete"] is True
    assert (answer["reason"] is None) == bool(expected)


def test_the_bounds_are_the_contracts(service: Service) -> None:
    question = {"type": "Conv1d", "input": [40], "output": [20]}
    for name, low, high in (("padding", 0, 32), ("kernel_size", 1, 31), ("stride", 1, 8), ("dilation", 1, 8)):
        given = {} if name == "kernel_size" else {"kernel_size": 3}
        alone = solve(service, **question, **given, solve=[name], padding=None)["solutions"]
        told = solve(service, **question, **given, solve=[name], bounds={name: [low, high]})["solutions"]
        assert alone == told
    reach = solve(service, type="Conv1d", input=[1], output=[65], kernel_size=1, solve=["padding"])
    assert reach["solutions"] == [{"padding": 32}]
    beyond = solve(service, type="Conv1d", input=[1], output=[67], kernel_size=1, solve=["padding"])
    assert beyond["solutions"] == [] and beyond["nearest"] == [{"padding": 32, "output": [65]}]


def test_output_padding_as_pytorch_allows(service: Service) -> None:
    question = {"type": "ConvTranspose1d", "input": [6], "kernel_size": 3, "padding": 1, "dilation": 3}
    found = solve(service, **question, output=[17], stride=2, solve="output_padding")
    assert found["solutions"] == [{"output_padding": 2}]  # smaller than the dilation is enough
    none = solve(service, **question, output=[18], stride=2, solve="output_padding")
    assert none["solutions"] == []


def test_non_square_questions_list_every_combination_up_to_a_limit(service: Service) -> None:
    question = {"type": "Conv2d", "input": [32, 31], "output": [16, 16], "kernel_size": 3, "stride": 2}
    assert solve(service, **question, solve=["padding"])["solutions"] == [{"padding": 1}]
    mixed = solve(service, **{**question, "output": [16, 15]}, solve=["padding"])
    assert mixed["solutions"] == [{"padding": [1, 0]}]
    many = solve(
        service,
        type="Conv3d",
        input=[32, 31, 30],
        output=[16, 16, 16],
        solve=["kernel_size", "stride", "padding"],
    )
    assert many["complete"] is False and len(many["solutions"]) == 10_000


def test_a_whole_block_keeps_its_size(service: Service) -> None:
    layers = [{"type": "Conv2d", "kernel_size": kernel} for kernel in (3, 5, 7)]
    body = {"input": [32, 32], "output": [32, 32], "layers": layers, "solve": ["padding"], "each": True}
    answer = solve(service, **body)
    assert answer["solutions"] == [{"0": {"padding": 1}, "1": {"padding": 2}, "2": {"padding": 3}}]


BASE = {"type": "Conv2d", "input": [8, 8], "output": [8, 8], "kernel_size": 3, "solve": ["padding"]}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"type": "Conv4d"}, "/type"),
        ({"input": [8, "H"]}, "/input"),
        ({"input": [8, -1]}, "/input/1"),
        ({"input": [10**100, 8]}, "/input/0"),
        ({"output": [8, 0]}, "/output/1"),
        ({"output": "NaN"}, "/output"),
        ({"solve": []}, "/solve"),
        ({"solve": ["padding", "groups"]}, "/solve/1"),
        ({"bounds": {"padding": [5, 4]}}, "/bounds/padding"),
        ({"bounds": {"padding": [0, 10**9]}}, "/bounds/padding"),
        ({"a/b": 1}, "/a~1b"),
        ({"padding": 1}, "/padding"),
    ],
)
def test_questions_that_make_no_sense(service: Service, change: dict[str, Any], pointer: str) -> None:
    where, why = service.refusal("/shapes/solve", {**BASE, **change})
    assert where == pointer, why
