"""Receptive fields of networks chosen for what is hard about them, against autograd and by hand."""

from typing import Any

import pytest
import torch

from app.shapes import analyse
from tests.shapes.build import module_of, positive, reached, windows_of

Layer = dict[str, Any]


def field(body: dict[str, Any], layer: int = -1) -> dict[str, object] | None:
    report = analyse(body)
    found = report.receptive_fields(report.layers[layer]).get("input")
    return None if found is None else found.to_json()


def test_transposed_windows_alternate() -> None:
    layer = {
        "type": "ConvTranspose1d",
        "out_channels": 1,
        "kernel_size": 3,
        "stride": 2,
        "padding": 1,
        "output_padding": 1,
    }
    assert field({"input": [1, 8], "layers": [layer]}) == {
        "size": [2],
        "stride": ["1/2"],
        "start": [0],
        "phases": [[{"start": 0, "size": 1}, {"start": 0, "size": 2}]],
    }


def test_a_kernel_smaller_than_the_stride_leaves_outputs_that_see_nothing() -> None:
    layer = {"type": "ConvTranspose1d", "out_channels": 1, "kernel_size": 1, "stride": 2}
    found = field({"input": [1, 8], "layers": [layer]})
    assert found is not None and found["phases"] == [[{"start": 0, "size": 1}, {"start": None, "size": 0}]]


def test_dilated_window_starts_in_the_padding() -> None:
    layer = {"type": "Conv2d", "out_channels": 1, "kernel_size": 3, "padding": 2, "dilation": 2}
    assert field({"input": [1, 9, 9], "layers": [layer]}) == {
        "size": [5, 5],
        "stride": [1, 1],
        "start": [-2, -2],
    }


def test_axes_are_told_apart() -> None:
    layers = [
        {"type": "Conv2d", "out_channels": 4, "kernel_size": [3, 5], "stride": [1, 2], "padding": [0, 2]},
        {"type": "MaxPool2d", "kernel_size": [2, 3]},
    ]
    assert field({"input": [1, 20, 40], "layers": layers}) == {
        "size": [4, 9],
        "stride": [2, 6],
        "start": [0, -2],
    }


def test_transposing_axes_is_followed() -> None:
    layers = [
        {"type": "Conv2d", "out_channels": 4, "kernel_size": [3, 5]},
        {"type": "Permute", "dims": [0, 1, 3, 2]},
        {"type": "Conv2d", "out_channels": 4, "kernel_size": [2, 1]},
    ]
    assert field({"input": [1, 20, 40], "layers": layers}) == {
        "size": [3, 6],
        "stride": [1, 1],
        "start": [0, 0],
    }


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "nearest"])
@pytest.mark.parametrize("size", [17, 24, 36])
def test_interpolation_to_a_size(mode: str, size: int) -> None:
    report = analyse({"input": [1, 12, 12], "layers": [{"type": "Upsample", "size": size, "mode": mode}]})
    module = positive(module_of(report))
    track = report.fields[0][1]
    assert track is not None and track.windows is not None
    x = torch.rand(1, 1, 12, 12, dtype=torch.float64)
    for output in range(size):
        span = track.windows.at(output)
        assert span is not None and isinstance(span.start, int) and isinstance(span.size, int)
        seen = reached(module, x, output)
        assert seen[0] == max(0, span.start) and seen[-1] == min(11, span.start + span.size - 1)


@pytest.mark.parametrize(("length", "size"), [(10, 3), (7, 7), (5, 8), (12, 4), (9, 1)])
def test_adaptive_windows_are_exact_to_the_border(length: int, size: int) -> None:
    report = analyse({"input": [1, length], "layers": [{"type": "AdaptiveAvgPool1d", "output_size": size}]})
    module, windows = positive(module_of(report)), windows_of(report)
    x = torch.rand(1, 1, length, dtype=torch.float64)
    for output in range(size):
        seen = reached(module, x, output)
        assert windows.at(output) == (seen[0], len(seen))


def test_max_pooling_sees_its_whole_window() -> None:
    layer = {"type": "MaxPool1d", "kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2}
    report = analyse({"input": [1, 20], "layers": [layer]})
    module, windows = module_of(report), windows_of(report)
    touched: dict[int, list[int]] = {}
    for i in range(20):
        x = torch.zeros(1, 1, 20)
        x[..., i] = 1
        for output in torch.nonzero(module(x).flatten()).flatten().tolist():
            touched.setdefault(output, []).append(i)
    for output, seen in list(touched.items())[1:-1]:
        assert windows.at(output) == (seen[0], seen[-1] - seen[0] + 1)


SQUEEZE = [
    {"type": "Conv2d", "name": "conv", "out_channels": 4, "kernel_size": 3, "stride": 2, "padding": 1},
    {"type": "AdaptiveAvgPool2d", "output_size": 1},
    {"type": "Sigmoid", "name": "gate"},
    {"type": "Multiply", "inputs": ["conv", "gate"]},
]


def test_squeeze_and_excitation_sees_everything() -> None:
    assert field({"input": [3, 16, 16], "layers": SQUEEZE}) == {
        "size": [17, 17],
        "stride": [0, 0],
        "start": [-1, -1],
    }


@pytest.mark.parametrize(
    "layer",
    [
        {"type": "GroupNorm", "num_groups": 1},
        {"type": "InstanceNorm1d"},
        {"type": "LayerNorm", "normalized_shape": [2, 12]},
        {"type": "Linear", "out_features": 5},
        {"type": "Softmax", "dim": 2},
        {"type": "Mean", "dim": 2, "keepdim": True},
        {"type": "Flatten"},
    ],
    ids=lambda layer: str(layer["type"]),
)
def test_what_mixes_an_axis_sees_all_of_it(layer: Layer) -> None:
    assert field({"input": [2, 12], "layers": [layer]}) == {"size": [12], "stride": [0], "start": [0]}


@pytest.mark.parametrize("layer", [{"type": "BatchNorm1d"}, {"type": "ReLU"}, {"type": "Softmax", "dim": 1}])
def test_what_acts_on_each_place_sees_one(layer: Layer) -> None:
    assert field({"input": [2, 12], "layers": [layer]}) == {"size": [1], "stride": [1], "start": [0]}


def test_branches_joined_along_the_axis_are_listed() -> None:
    layers = [
        {"type": "Conv1d", "name": "a", "out_channels": 2, "kernel_size": 3, "inputs": ["input"]},
        {"type": "AvgPool1d", "name": "b", "kernel_size": 4, "inputs": ["input"]},
        {"type": "Concat", "dim": 2, "inputs": ["a", "b"]},
    ]
    report = analyse({"input": [2, 8], "layers": layers})
    windows = windows_of(report)
    assert [tuple(windows.at(i) or ()) for i in range(8)] == [(i, 3) for i in range(6)] + [(0, 4), (4, 4)]
    assert windows.at(8) is None


def test_several_inputs_are_followed_apart() -> None:
    layers = [
        {
            "type": "Conv1d",
            "name": "c",
            "out_channels": 2,
            "kernel_size": 3,
            "padding": 1,
            "inputs": ["left"],
        },
        {"type": "Add", "inputs": ["c", "right"]},
    ]
    report = analyse({"input": {"left": [2, 8], "right": [2, 8]}, "layers": layers})
    found = report.receptive_fields(report.layers[-1])
    assert {name: (f.size, f.start) for name, f in found.items()} == {
        "left": ((3,), (-1,)),
        "right": ((1,), (0,)),
    }


def test_symbols_in_windows() -> None:
    body = {
        "input": [1, "L"],
        "layers": [
            {"type": "Conv1d", "out_channels": 1, "kernel_size": "k", "stride": "s", "dilation": "d"},
            {"type": "Conv1d", "out_channels": 1, "kernel_size": 3},
        ],
    }
    assert field(body) == {"size": ["d*k - d + 2*s + 1"], "stride": ["s"], "start": [0]}


def test_what_symbols_leave_open_is_null() -> None:
    body = {
        "input": [1, "L"],
        "layers": [{"type": "ConvTranspose1d", "out_channels": 1, "kernel_size": 3, "stride": "s"}],
    }
    assert field(body) is None


def test_features_have_no_receptive_field() -> None:
    assert field({"input": [7], "layers": [{"type": "Linear", "out_features": 5}]}) is None


def test_resnet_like_chain_agrees_with_the_textbook() -> None:
    layers = [
        {"type": "Conv2d", "out_channels": 8, "kernel_size": 7, "stride": 2, "padding": 3},
        {"type": "MaxPool2d", "kernel_size": 3, "stride": 2, "padding": 1},
        {"type": "Conv2d", "out_channels": 8, "kernel_size": 3, "padding": 1},
    ]
    assert field({"input": [3, 224, 224], "layers": layers}) == {
        "size": [19, 19],
        "stride": [4, 4],
        "start": [-9, -9],
    }


def test_one_element_sees_what_autograd_says_it_sees() -> None:
    layers = [
        {
            "type": "Conv2d",
            "out_channels": 2,
            "kernel_size": [3, 4],
            "stride": 2,
            "padding": [1, 2],
            "bias": False,
        },
        {"type": "ConvTranspose2d", "out_channels": 2, "kernel_size": 3, "stride": 2, "bias": False},
        {"type": "Permute", "dims": [0, 2, 1, 3]},
    ]
    report = analyse({"input": [1, 12, 12], "layers": layers})
    module = positive(module_of(report))
    for row, column in [(6, 7), (7, 8), (9, 9)]:
        x = torch.rand(1, 1, 12, 12, dtype=torch.float64, requires_grad=True)
        module(x)[0, row, 1, column].backward()
        assert x.grad is not None
        touched = torch.nonzero(x.grad[0, 0] > 0)
        seen = report.seen_by(report.layers[-1], (row, 1, column))["input"]
        for axis in (0, 1):
            reach = seen[axis]
            assert reach is not None
            assert (reach.start, reach.stop - 1) == (int(touched[:, axis].min()), int(touched[:, axis].max()))


def test_long_periods_are_followed_and_left_out_of_json() -> None:
    body = {"input": [1, 300], "layers": [{"type": "Upsample", "size": 601, "mode": "linear"}]}
    report = analyse(body)
    (track,) = report.fields[0]
    assert track is not None and track.windows is not None and track.windows.period == 601
    found = field(body)
    assert found is not None and found["phases"] == [None] and found["size"] == [2]
    assert report.seen_by(report.layers[0], (0, 300))["input"] == [range(149, 151)]
    assert (
        field({"input": [1, 3000], "layers": [{"type": "Upsample", "size": 6001, "mode": "linear"}]}) is None
    )


def test_windows_of_hostile_networks_are_bounded() -> None:
    import time

    layers: list[Layer] = [{"type": "Conv1d", "name": "c", "out_channels": 1, "kernel_size": 3, "padding": 1}]
    layers += [{"type": "Concat", "dim": 2, "inputs": ["c"] * 200} for _ in range(30)]
    layers += [{"type": "Upsample", "size": 500 + i, "mode": "linear"} for i in range(500)]
    layers += [
        {"type": "ConvTranspose1d", "out_channels": 1, "kernel_size": 999, "stride": 1000 + i, "padding": 0}
        for i in range(300)
    ]
    started = time.process_time()
    with pytest.raises(ValueError):
        analyse({"input": [1, 5], "layers": layers * 3})
    layers = [layer if layer["type"] != "ConvTranspose1d" else {**layer, "inputs": ["c"]} for layer in layers]
    report = analyse({"input": [1, 5], "layers": layers})
    assert report.receptive_fields(report.layers[-1]) == {}
    assert time.process_time() - started < 5
