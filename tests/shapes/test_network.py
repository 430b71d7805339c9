"""Networks as graphs: branches, blocks, shared layers, symbols, memory and conditions."""

import json
import time
from typing import Any

import pytest

from app.shapes import RefusedError, ShapeError, analyse
from app.shapes.sizes import to_text
from tests.shapes.contract import CONVOLUTION, EXAMPLE

Layer = dict[str, Any]
CONV: Layer = {"type": "Conv2d", "out_channels": 4, "kernel_size": 3, "padding": 1}
RESIDUAL: list[Layer] = [
    {**CONV, "name": "conv"},
    {"type": "ReLU"},
    {"type": "Add", "inputs": ["relu1", "input"], "name": "sum"},
]


def run(layers: list[Any], shape: Any = (4, 8, 8), **more: Any) -> Any:
    return analyse({"input": shape if isinstance(shape, dict) else list(shape), "layers": layers, **more})


def test_the_contracts_example() -> None:
    result = analyse(EXAMPLE).to_json()
    first: Any = result["layers"][0]  # type: ignore[index]
    assert {name: first[name] for name in CONVOLUTION} == CONVOLUTION
    filled = analyse({**EXAMPLE, "substitute": {"NF": 32}})
    assert to_text(filled.totals.parameters) == "32*NIC*k**2"
    assert filled.symbols == ("NIC", "k")
    json.dumps(result)


def test_branches_are_read_by_name() -> None:
    layers = [
        {**CONV, "name": "left", "inputs": ["input"]},
        {**CONV, "name": "right", "inputs": ["input"], "out_channels": 6},
        {"type": "Concat", "inputs": ["left", "right"]},
    ]
    report = run(layers)
    assert report.layers[-1].output_shape == (10, 8, 8)
    assert report.layers[-1].inputs == ("left", "right")
    assert report.outputs == ("concat1",)


def test_a_later_layer_may_be_named() -> None:
    layers = [
        {"type": "Add", "name": "sum", "inputs": ["conv", "input"]},
        {**CONV, "name": "conv", "inputs": ["input"]},
    ]
    report = run(layers)
    assert [layer.name for layer in report.layers] == ["sum", "conv"]
    assert report.layers[0].output_shape == (4, 8, 8) and report.outputs == ("sum",)


def test_blocks_repeat_with_names_of_their_own() -> None:
    report = run([{"type": "Sequential", "name": "stage", "repeat": 3, "layers": RESIDUAL}, {"type": "ReLU"}])
    names = [layer.name for layer in report.layers]
    assert names[:4] == ["stage.0.conv", "stage.0.relu1", "stage.0.sum", "stage.1.conv"] and len(names) == 10
    assert report.layers[5].inputs == ("stage.1.relu1", "stage.0.sum")
    assert report.layers[-1].inputs == ("stage.2.sum",)
    one = 4 * 4 * 9 + 4
    assert report.totals.parameters == 3 * one
    assert {name: totals.parameters for name, totals in report.blocks.items()} == {
        "stage": 3 * one,
        "stage.0": one,
        "stage.1": one,
        "stage.2": one,
    }


def test_inner_layers_see_outer_names_and_outer_ones_reach_in() -> None:
    layers = [
        {**CONV, "name": "stem"},
        {
            "type": "Sequential",
            "name": "body",
            "layers": [{**CONV, "name": "c"}, {"type": "Add", "inputs": ["c", "stem"], "name": "join"}],
        },
        {"type": "Add", "inputs": ["body", "body.c", "stem"]},
    ]
    report = run(layers)
    assert report.layers[2].inputs == ("body.c", "stem")
    assert report.layers[3].inputs == ("body.join", "body.c", "stem")


def test_several_named_inputs() -> None:
    report = run([{"type": "Concat", "inputs": ["image", "mask"]}], {"image": [3, 8, 8], "mask": [1, 8, 8]})
    assert report.layers[0].output_shape == (4, 8, 8)
    body = report.to_json()
    assert body["inputs"] == {"image": [3, 8, 8], "mask": [1, 8, 8]}


def test_shared_layers_count_once_and_must_fit() -> None:
    owner = {**CONV, "name": "a"}
    report = run([owner, {"shares": "a", "name": "b"}, {"type": "Conv2d", "shares": "a", "name": "c"}])
    assert [layer.parameters for layer in report.layers] == [148, 0, 0]
    assert report.totals.parameters == 148
    assert report.totals.connections == 3 * report.layers[0].connections
    with pytest.raises(RefusedError, match="kernel_size differs from a"):
        run([owner, {**CONV, "kernel_size": 5, "shares": "a", "name": "b"}])
    with pytest.raises(RefusedError, match="its input gives in_channels 5, but a"):
        run([owner, {**CONV, "out_channels": 5}, {"type": "Conv2d", "shares": "a", "name": "b"}])
    with pytest.raises(RefusedError, match="cannot share"):
        run([owner, {"type": "BatchNorm2d", "shares": "a", "name": "b"}])


def test_neurons_skip_what_only_moves_values() -> None:
    layers: list[Layer] = [
        {"type": "Flatten"},
        {"type": "Unflatten", "dim": 1, "unflattened_size": [4, 8, 8]},
        {"type": "Identity"},
        {"type": "Dropout"},
        {"type": "Dropout2d"},
        {"type": "Permute", "dims": [0, 2, 3, 1]},
        {"type": "Reshape", "shape": [4, 8, 8]},
        {"type": "Slice", "start": 1},
    ]
    assert run(layers).totals.neurons == 0
    counted: list[Layer] = [
        {"type": "ReLU"},
        {"type": "MaxPool2d", "kernel_size": 2},
        {"type": "BatchNorm2d"},
    ]
    assert run(counted).totals.neurons == 256 + 64 + 64


def test_counts_of_parts() -> None:
    report = run([CONV, {"type": "BatchNorm2d"}, {"type": "PReLU"}])
    conv, norm, prelu = report.layers
    assert (conv.weights, conv.biases, conv.parameters) == (144, 4, 148)
    assert (norm.weights, norm.biases, norm.parameters, norm.buffers) == (0, 0, 8, 9)
    assert (prelu.weights, prelu.parameters) == (0, 1)
    assert (report.totals.weights, report.totals.biases, report.totals.parameters) == (144, 4, 157)


def test_memory_is_what_stays_alive() -> None:
    layers = [
        CONV,
        {"type": "ReLU"},
        {"type": "ReLU", "inplace": True},
        {"type": "Flatten"},
        {"type": "Linear", "out_features": 5},
    ]
    report = run(layers, batch=10)
    x = 10 * 4 * 64 * 4
    assert report.memory.training == 3 * x + 10 * 5 * 4  # input, conv, ReLU; in-place and view add nothing
    assert report.memory.inference == 3 * x
    assert report.memory.parameters == 4 * report.totals.parameters


def test_memory_keeps_a_skipped_tensor() -> None:
    deep = run([{**CONV, "name": "a"}, CONV, CONV, {"type": "Add", "inputs": ["a", "conv2d2"]}])
    x = 4 * 64 * 4
    assert (
        deep.memory.inference == 4 * x
    )  # input, a, and the two ends of a step; then a, the last and their sum


def test_a_network_of_10_to_the_12_parameters_is_as_quick_as_a_small_one() -> None:
    started = time.process_time()
    report = run(
        [{"type": "Linear", "out_features": 10**6}, {"type": "Linear", "out_features": 10**6}], [10**6]
    )
    assert report.totals.parameters == 2 * (10**12 + 10**6)
    assert time.process_time() - started < 0.1


def test_conditions_say_what_symbols_leave_open() -> None:
    layers = [
        {"type": "Conv2d", "out_channels": "F", "kernel_size": 5, "groups": "g"},
        {"type": "MaxPool2d", "kernel_size": 3, "stride": 2},
    ]
    assert run(layers, ["C", "H", "W"]).conditions == ("g divides C", "g divides F", "H >= 7", "W >= 7")
    assert run(layers, ["C", 32, 32], substitute={"g": 1}).conditions == ()


def test_symbolic_work_is_bounded() -> None:
    layers: list[Layer] = [
        {"type": "Linear", "out_features": f"(a + b + c + d + {i})**4"} for i in range(2_000)
    ]
    started = time.process_time()
    with pytest.raises(ShapeError, match=r"too much work|terms"):
        run(layers, ["a + b"])
    assert time.process_time() - started < 5


def test_an_unused_substitution_is_harmless() -> None:
    assert run([{"type": "Linear", "out_features": 3}], [3], substitute={"NF": 9}).totals.parameters == 12


def test_substituted_results_equal_numeric_ones() -> None:
    layers = [
        {"type": "Conv2d", "out_channels": "NF", "kernel_size": "k", "stride": "s", "padding": "p"},
        {"type": "MaxPool2d", "kernel_size": 3, "stride": 2, "ceil_mode": True},
        {"type": "ConvTranspose2d", "out_channels": "2*NF", "kernel_size": "k", "stride": "s"},
        {"type": "BatchNorm2d"},
        {"type": "Flatten"},
        {"type": "Linear", "out_features": "NC"},
    ]
    symbolic = run(layers, ["C", "H", "W"])
    from app.shapes.sizes import substitute

    for at in (
        {"NF": 8, "k": 3, "s": 2, "p": 1, "NC": 10, "C": 3, "H": 31, "W": 40},
        {"NF": 5, "k": 4, "s": 3, "p": 2, "NC": 7, "C": 2, "H": 23, "W": 17},
    ):
        numeric = run(layers, ["C", "H", "W"], substitute=at)
        for count in ("parameters", "weights", "biases", "buffers", "neurons", "connections"):
            assert substitute(getattr(symbolic.totals, count), at) == getattr(numeric.totals, count), count
        shapes = [tuple(substitute(size, at) for size in layer.output_shape) for layer in symbolic.layers]
        assert shapes == [layer.output_shape for layer in numeric.layers]
