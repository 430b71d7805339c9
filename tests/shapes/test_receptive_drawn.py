"""Receptive fields of networks drawn at random, against what autograd says reaches an output."""

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.shapes import analyse
from app.shapes.receptive.budget import MAX_PHASES
from app.shapes.report import Report
from tests.shapes.build import module_of, positive, reached, windows_of

LENGTH = 96
MARGIN = 24
"""Outputs whose windows stay this far inside the input see no border anywhere on the way."""

Layer = dict[str, Any]


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
