"""Connections: the cases where every known tool is wrong, and in-bounds counts against convolving ones by
ones.
"""

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from app.shapes import ShapeError, analyse
from app.shapes.layers.counting import floor_sum, pairs_in_bounds
from app.shapes.report import Layer
from tests.shapes.build import module_of
from tests.shapes.cases import Case, convolution, transposed


def one(layer: dict[str, Any], shape: list[int]) -> Layer:
    return analyse({"input": shape, "layers": [layer]}).layers[0]


CONV = {"type": "Conv2d", "out_channels": 16, "kernel_size": 3, "padding": 1, "bias": False}
TRANSPOSED = {"type": "ConvTranspose2d", "out_channels": 16, "kernel_size": 4, "stride": 2, "padding": 1}


@pytest.mark.parametrize(
    ("layer", "shape", "true"),
    [
        pytest.param({**CONV, "padding": "same"}, [8, 10, 10], 115_200, id="same: fvcore 0"),
        pytest.param(TRANSPOSED, [8, 10, 10], 204_800, id="transposed: thop and torchinfo 819 200"),
        pytest.param({**TRANSPOSED, "groups": 4}, [8, 10, 10], 51_200, id="groups: calflops 12 800"),
        pytest.param(
            {"type": "Linear", "out_features": 10}, [2, 7, 32], 4_480, id="linear on rows: torchinfo 640"
        ),
        pytest.param(CONV, [8, 10, 10], 115_200, id="unbatched: thop 144 000, ptflops 11 520"),
        pytest.param({**CONV, "bias": True}, [8, 10, 10], 115_200, id="bias: torchinfo 116 800"),
    ],
)
def test_where_other_tools_are_wrong(layer: dict[str, Any], shape: list[int], true: int) -> None:
    assert one(layer, shape).connections == true


def test_a_layer_used_twice_counts_once() -> None:
    fc = {"type": "Linear", "name": "fc", "out_features": 3}
    report = analyse(
        {
            "input": [4],
            "layers": [fc, {"type": "Linear", "out_features": 4}, {**fc, "name": "again", "shares": "fc"}],
        }
    )
    first, _, again = report.layers
    assert (first.parameters, again.parameters) == (15, 0)
    assert again.connections == first.connections == 12
    assert report.layer_json(again)["shares"] == "fc"


def ones_by_ones(case: Case) -> tuple[Layer, int]:
    """The computed layer, and the sum of convolving ones with ones."""
    body = {"input": case.shapes[0], "layers": [{"type": case.type, **case.arguments, "bias": False}]}
    try:
        report = analyse(body)
    except ShapeError:
        assume(False)
        raise
    module = module_of(report)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(1)
        output = module(torch.ones(1, *case.shapes[0]))
    return report.layers[0], round(float(output.double().sum()))


FAMILY = {"convolution": convolution, "transposed": transposed}


@pytest.mark.parametrize("family", FAMILY)
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_in_bounds_connections_are_ones_by_ones(family: str, dims: int) -> None:
    @settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(st.composite(lambda draw: FAMILY[family](draw, dims))())
    def run(case: Case) -> None:
        layer, truth = ones_by_ones(case)
        assert layer.connections_in_bounds == truth
        assert layer.connections >= truth  # type: ignore[operator]

    run()


@given(st.integers(0, 60), st.integers(1, 20), st.integers(0, 50), st.integers(0, 50))
def test_floor_sum_is_the_sum(count: int, modulus: int, factor: int, offset: int) -> None:
    assert floor_sum(count, modulus, factor, offset) == sum(
        (factor * i + offset) // modulus for i in range(count)
    )


@given(
    st.integers(1, 12),
    st.integers(1, 9),
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(0, 12),
    st.integers(1, 20),
)
def test_pairs_in_bounds_are_counted(o: int, k: int, s: int, d: int, p: int, n: int) -> None:
    counted = sum(0 <= i * s - p + j * d < n for i in range(o) for j in range(k))
    assert pairs_in_bounds(o, k, s, d, p, n) == counted


def test_pairs_are_counted_without_walking_them() -> None:
    huge = 10**15
    assert pairs_in_bounds(huge, huge, 1, 1, 0, huge) == huge * (huge + 1) // 2
    assert pairs_in_bounds("n", 3, 1, 1, 0, 9) is None  # type: ignore[arg-type]


def test_padding_with_values_is_in_bounds() -> None:
    layer = one({**CONV, "padding_mode": "reflect"}, [8, 10, 10])
    assert layer.connections_in_bounds == layer.connections == 115_200


def test_symbols_leave_in_bounds_open() -> None:
    layer = one({**CONV, "out_channels": "NF"}, [8, 10, 10])
    assert layer.connections_in_bounds is None
    report = analyse(
        {"input": [8, 10, 10], "layers": [{**CONV, "out_channels": "NF"}], "substitute": {"NF": 16}}
    )
    assert report.layers[0].connections_in_bounds == one(CONV, [8, 10, 10]).connections_in_bounds
