"""Receptive fields against what autograd says reaches an output: sizes, starts, strides and phases."""

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.shapes import analyse
from app.shapes.receptive import Windows
from app.shapes.receptive.budget import MAX_PHASES
from app.shapes.report import Report
from tests.shapes.build import module_of, positive, reached

LENGTH = 96
MARGIN = 24
"""Outputs whose windows stay this far inside the input see no border anywhere on the way."""

Layer = dict[str, Any]
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same'")


@st.composite
def layers(draw: st.DrawFn, channels: int = 2) -> Layer:
    """One layer on (channels, length)."""
    small = st.integers(1, 4)
    kind = draw(
        st.sampled_from(
            ["Conv1d", "Conv1d", "ConvTranspose1d", "AvgPool1d", "Upsample", "ZeroPad1d", "Slice"]
        )
    )
    if kind == "Conv1d":
        padding = draw(st.one_of(st.integers(0, 3), st.just("same")))
        stride = 1 if padding == "same" else draw(st.integers(1, 3))
        return {
            "type": kind,
            "out_channels": channels,
            "kernel_size": draw(small),
            "stride": stride,
            "padding": padding,
            "dilation": draw(st.integers(1, 3)),
            "bias": False,
        }
    if kind == "ConvTranspose1d":
        stride, dilation = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        return {
            "type": kind,
            "out_channels": channels,
            "kernel_size": draw(small),
            "stride": stride,
            "padding": draw(st.integers(0, 2)),
            "dilation": dilation,
            "bias": False,
            "output_padding": draw(st.integers(0, max(stride, dilation) - 1)),
        }
    if kind == "AvgPool1d":
        kernel = draw(small)
        return {
            "type": kind,
            "kernel_size": kernel,
            "stride": draw(st.integers(1, 3)),
            "padding": draw(st.integers(0, kernel // 2)),
            "ceil_mode": draw(st.booleans()),
        }
    if kind == "Upsample":
        body: Layer = {"type": kind, "scale_factor": draw(st.sampled_from([0.5, 1.5, 2, 2.5, 3]))}
        body["mode"] = draw(st.sampled_from(["nearest", "nearest-exact", "linear", "linear"]))
        if body["mode"] == "linear":
            body["align_corners"] = draw(st.booleans())
        return body
    if kind == "ZeroPad1d":
        return {"type": kind, "padding": [draw(st.integers(-2, 3)), draw(st.integers(-2, 3))]}
    return {"type": kind, "dim": 2, "start": draw(st.integers(0, 3)), "step": draw(st.integers(1, 3))}


def windows_of(report: Report, layer: int = -1) -> Windows:
    """The windows along the only spatial axis of a layer's output."""
    (track,) = report.fields[layer]
    assert track is not None and track.windows is not None
    return track.windows


def check(report: Report, channels: int) -> int:
    """Compare inner outputs with autograd; how many could be compared."""
    module = positive(module_of(report))
    x = torch.rand(1, channels, LENGTH, dtype=torch.float64)
    windows = windows_of(report)
    length = module(x).shape[-1]
    assert length == report.layers[-1].output_shape[-1]
    inner = []
    for output in range(length):
        span = windows.at(output)
        if span is None:
            inner.append(output)
        else:
            start, size = span
            assert isinstance(start, int) and isinstance(size, int)
            if start >= MARGIN and start + size <= LENGTH - MARGIN:
                inner.append(output)
    middle = len(inner) // 2
    for output in inner[max(0, middle - 5) : middle + 5]:
        found = reached(module, x, output)
        span = windows.at(output)
        if span is None:
            assert found == []
        else:
            assert (found[0], found[-1] - found[0] + 1) == span, (output, report.fields[-1])
    return len(inner)


def chain(items: list[Layer]) -> Report:
    return analyse({"input": [2, LENGTH], "layers": items})


def fuzz(items: list[Layer], branch: list[Layer] | None = None) -> None:
    """A random chain, or a chain added to a branch of the same shape."""
    body: list[Layer] = [{**item, "name": f"a{i}"} for i, item in enumerate(items)]
    try:
        report = chain(body)
        if branch is not None:
            length = report.layers[-1].output_shape[-1]
            side: list[Layer] = [{**item, "name": f"b{i}"} for i, item in enumerate(branch)]
            side[0]["inputs"] = ["input"]
            side.append({"type": "AdaptiveAvgPool1d", "output_size": length, "name": "fit"})
            report = chain([*body, *side, {"type": "Add", "inputs": [body[-1]["name"], "fit"]}])
    except ValueError:
        return
    length = report.layers[-1].output_shape[-1]
    longest = max(int(str(layer.output_shape[-1])) for layer in report.layers)
    (track,) = report.fields[-1]
    if longest > MAX_PHASES and (track is None or track.windows is None):
        return  # windows of so long a period are not followed, and said to be unknown
    if isinstance(length, int) and length <= 400:
        check(report, 2)


SETTINGS = settings(deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


@settings(SETTINGS, max_examples=60)
@given(st.lists(layers(), min_size=1, max_size=4))
def test_chains_see_what_autograd_says(items: list[Layer]) -> None:
    fuzz(items)


@settings(SETTINGS, max_examples=25)
@given(st.lists(layers(), min_size=1, max_size=2), st.lists(layers(), min_size=1, max_size=2))
def test_branches_see_the_union(items: list[Layer], branch: list[Layer]) -> None:
    fuzz(items, branch)


@pytest.mark.long
@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(layers(), min_size=1, max_size=5),
    st.one_of(st.none(), st.lists(layers(), min_size=1, max_size=2)),
)
def test_many_networks_see_what_autograd_says(items: list[Layer], branch: list[Layer] | None) -> None:
    fuzz(items, branch)


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
