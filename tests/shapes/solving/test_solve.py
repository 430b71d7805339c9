"""The solver against brute force, the write-up's padding table, and the proofs it gives."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.shapes import ShapeError, analyse
from app.shapes.solving import solve
from tests.shapes.oracle import ask
from tests.shapes.solving.brute import NAMES, every_setting, length, questions


def compare(body: dict[str, Any]) -> None:
    """Solutions, their order, completeness and the nearest sizes, against trying everything."""
    kind, size, target = body["type"], body["input"][0], body["output"][0]
    known = {name: body[name] for name in NAMES[kind] if name in body}
    reached: dict[int, list[dict[str, int]]] = {}
    for tried in every_setting(kind, known, body["solve"]):
        out = length(kind, size, tried, body.get("ceil_mode", False))
        if out is not None:
            reached.setdefault(out, []).append({name: tried[name] for name in body["solve"]})
    answer = solve(body)
    assert list(answer.solutions) == reached.get(target, [])
    assert answer.complete
    assert (answer.reason is None) == bool(answer.solutions)
    if not answer.solutions:
        below, above = [n for n in reached if n < target], [n for n in reached if n > target]
        ends = ([max(below)] if below else []) + ([min(above)] if above else [])
        expected = [{**reached[end][0], "output": [end]} for end in ends]
        assert [entry for entry in answer.nearest if entry.get("padding") != "same"] == expected
        assert answer.reason is not None and str(target) in answer.reason


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(questions())
def test_equals_brute_force(body: dict[str, Any]) -> None:
    compare(body)


@pytest.mark.long
def test_equals_brute_force_on_5000_questions(capsys: pytest.CaptureFixture[str]) -> None:
    count = 0

    @settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(questions())
    def run(body: dict[str, Any]) -> None:
        nonlocal count
        count += 1
        compare(body)

    run()
    with capsys.disabled():
        print(f"\nsolver against brute force: {count} questions, 0 disagreements")
    assert count >= 5_000


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(questions(), st.integers(0, 10**6))
def test_the_brute_force_formula_is_pytorchs(body: dict[str, Any], pick: int) -> None:
    kind = body["type"]
    known = {name: body[name] for name in NAMES[kind] if name in body}
    every = list(every_setting(kind, known, body["solve"]))
    tried = every[pick % len(every)]
    arguments: dict[str, Any] = {name: tried[name] for name in NAMES[kind]}
    if "Conv" in kind:
        arguments["out_channels"] = 1
    else:
        arguments["ceil_mode"] = body["ceil_mode"]
    if kind == "LPPool1d":
        arguments["norm_type"] = 2
    verdict = ask(kind, arguments, [[1, body["input"][0]]])
    expected = length(kind, body["input"][0], tried, body.get("ceil_mode", False))
    assert (verdict.output and verdict.output[1]) == expected, verdict.reason


def padding_of(**question: Any) -> Any:
    return solve(question).to_json()


@pytest.mark.parametrize(("kernel", "padding"), [(3, 1), (4, 1), (5, 2)])
@pytest.mark.parametrize(("size", "half"), [(32, 16), (16, 8)])
def test_the_write_ups_strided_convolutions(kernel: int, padding: int, size: int, half: int) -> None:
    found = padding_of(
        type="Conv2d", input=[size] * 2, output=[half] * 2, kernel_size=kernel, stride=2, solve=["padding"]
    )
    assert found["solutions"] == [{"padding": padding}]


@pytest.mark.parametrize(("kernel", "padding", "extra"), [(3, 1, 1), (4, 1, 0), (5, 2, 1)])
@pytest.mark.parametrize(("size", "double"), [(8, 16), (16, 32)])
def test_the_write_ups_transposed_convolutions(
    kernel: int, padding: int, extra: int, size: int, double: int
) -> None:
    found = padding_of(
        type="ConvTranspose2d",
        input=[size] * 2,
        output=[double] * 2,
        kernel_size=kernel,
        stride=2,
        solve=["padding", "output_padding"],
    )
    assert found["solutions"] == [{"padding": padding, "output_padding": extra}]
    assert found["complete"] is True and found["reason"] is None and found["nearest"] == []


@pytest.mark.parametrize(("kernel", "padding"), [(3, 1), (5, 2)])
def test_odd_kernels_keep_the_size(kernel: int, padding: int) -> None:
    found = padding_of(type="Conv2d", input=[32, 32], output=[32, 32], kernel_size=kernel, solve=["padding"])
    assert found["solutions"] == [{"padding": padding}]


def test_kernel_4_at_stride_1_cannot_keep_the_size() -> None:
    found = padding_of(
        type="Conv2d", input=[32, 32], output=[32, 32], kernel_size=4, stride=1, solve=["padding"]
    )
    assert found["solutions"] == []
    assert found["nearest"] == [
        {"padding": 1, "output": [31, 31]},
        {"padding": 2, "output": [33, 33]},
        {"padding": "same", "output": [32, 32]},
    ]
    assert "padding 1 gives 31 while padding 2 gives 33" in found["reason"]
    assert "stays odd" in found["reason"] and "'same'" in found["reason"]
    assert found["notes"] == [
        "Without its floor the formula asks for padding 1.5; rounding that up to 2 gives 33, since at "
        "stride 1 the floor does not absorb the half."
    ]
    assert analyse(
        {
            "input": [1, 32, 32],
            "layers": [{"type": "Conv2d", "out_channels": 1, "kernel_size": 4, "padding": "same"}],
        }
    ).layers[0].output_shape == (1, 32, 32)


def test_rounding_half_up_is_explained_where_it_works() -> None:
    found = padding_of(
        type="Conv2d", input=[32, 32], output=[16, 16], kernel_size=3, stride=2, solve=["padding"]
    )
    assert found["notes"] == [
        "Without its floor the formula asks for padding 0.5; rounded up to 1 it works because the floor at "
        "stride 2 absorbs the half."
    ]


def test_stride_2_dilation_3_reaches_17_through_output_padding_2() -> None:
    found = padding_of(
        type="ConvTranspose1d",
        input=[6],
        output=[17],
        kernel_size=3,
        stride=2,
        padding=1,
        dilation=3,
        solve=["output_padding"],
    )
    assert found["solutions"] == [{"output_padding": 2}]


def test_axes_that_differ_list_every_combination_in_order() -> None:
    body = {
        "type": "Conv2d",
        "input": [8, 9],
        "output": [4, 4],
        "stride": 2,
        "solve": ["kernel_size", "padding"],
        "bounds": {"kernel_size": [1, 3], "padding": [0, 1]},
    }
    found = solve(body)
    each = [
        [
            s
            for k in (1, 2, 3)
            for p in (0, 1)
            if length(
                "Conv1d", size, (s := {"kernel_size": k, "stride": 2, "padding": p, "dilation": 1}), False
            )
            == 4
        ]
        for size in (8, 9)
    ]
    pairs = [(a, b) for a in each[0] for b in each[1]]
    ordered = sorted(pairs, key=lambda p: [[s[n] for s in p] for n in ("kernel_size", "padding")])

    def shown(values: list[int]) -> int | list[int]:
        return values[0] if values[0] == values[1] else values

    assert list(found.solutions) == [
        {n: shown([s[n] for s in p]) for n in ("kernel_size", "padding")} for p in ordered
    ]
    assert found.complete


def test_too_many_combinations_say_so() -> None:
    body = {
        "type": "Conv3d",
        "input": [32, 31, 30],
        "output": [16, 16, 16],
        "solve": ["kernel_size", "stride", "padding", "dilation"],
    }
    found = solve(body)
    assert not found.complete and len(found.solutions) == 10_000


def test_each_axis_gives_its_own_reason() -> None:
    found = padding_of(type="Conv2d", input=[32, 32], output=[32, 31], kernel_size=4, solve=["padding"])
    assert found["reason"].startswith("height: ") and "width" not in found["reason"]
    assert found["nearest"] == [{"padding": 1, "output": [31, 31]}, {"padding": [2, 1], "output": [33, 31]}]


BASE = {"type": "Conv2d", "input": [8, 8], "output": [8, 8], "kernel_size": 3, "solve": ["padding"]}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"type": "Linear"}, "/type"),
        ({"type": None}, "/type"),
        ({"input": [8]}, "/input"),
        ({"input": [8, 0]}, "/input/1"),
        ({"input": ["H", 8]}, "/input"),
        ({"output": None}, "/output"),
        ({"output": [8.0, 8]}, "/output/0"),
        ({"kernel_size": None}, "/kernel_size"),
        ({"kernel_size": "k"}, "/kernel_size"),
        ({"solve": []}, "/solve"),
        ({"solve": ["output_padding"]}, "/solve/0"),
        ({"solve": ["padding", "padding"]}, "/solve/1"),
        ({"solve": ["kernel_size"]}, "/kernel_size"),
        ({"bounds": {"padding": [3, 1]}}, "/bounds/padding"),
        ({"bounds": {"padding": [-1, 1]}}, "/bounds/padding"),
        ({"bounds": {"padding": [0, 10**9]}}, "/bounds/padding"),
        ({"bounds": {"stride": [1, 2]}}, "/bounds"),
        ({"bounds": 3}, "/bounds"),
        ({"groups": 2}, "/groups"),
        ({"ceil_mode": True}, "/ceil_mode"),
        ({"stride": 0}, "/stride"),
        (
            {
                "kernel_size": None,
                "solve": ["kernel_size", "padding", "dilation"],
                "bounds": {"kernel_size": [1, 999], "padding": [0, 999]},
            },
            "/bounds",
        ),
    ],
)
def test_questions_that_make_no_sense(change: dict[str, Any], pointer: str) -> None:
    with pytest.raises(ShapeError) as caught:
        solve({**BASE, **change})
    assert caught.value.pointer == pointer, caught.value.detail
