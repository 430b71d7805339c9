"""Symbols put into numbers give what numbers give: random networks computed both ways."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.shapes import ShapeError, analyse
from app.shapes.report import Report
from app.shapes.sizes import substitute

Layer = dict[str, Any]
COUNTS = ("parameters", "weights", "biases", "buffers", "neurons", "connections", "multiply_accumulates")


@st.composite
def symbolic_layers(draw: st.DrawFn) -> Layer:
    """A layer on channels, height and width, some of its sizes symbols."""
    kernel = draw(st.sampled_from([1, 2, 3, "k", "k + 1"]))
    stride = draw(st.sampled_from([1, 2, 3, "s"]))
    channels = draw(st.sampled_from([4, "F", "2*F", "F + C"]))
    kind = draw(
        st.sampled_from(["Conv2d", "Conv2d", "ConvTranspose2d", "Pool", "Norm", "Upsample", "Shuffle"])
    )
    if kind == "Conv2d":
        padding = draw(st.sampled_from([0, 1, "p", "same"]))
        return {
            "type": kind,
            "out_channels": channels,
            "kernel_size": kernel,
            "stride": 1 if padding == "same" else stride,
            "padding": padding,
            "dilation": draw(st.sampled_from([1, 2, "d"])),
            "bias": draw(st.booleans()),
        }
    if kind == "ConvTranspose2d":
        return {"type": kind, "out_channels": channels, "kernel_size": kernel, "stride": stride}
    if kind == "Pool":
        pool = draw(st.sampled_from(["MaxPool2d", "AvgPool2d", "LPPool2d"]))
        body = {"type": pool, "kernel_size": kernel, "stride": stride, "ceil_mode": draw(st.booleans())}
        return {**body, "norm_type": 2} if pool == "LPPool2d" else body
    if kind == "Norm":
        return {"type": draw(st.sampled_from(["BatchNorm2d", "InstanceNorm2d", "ReLU", "PReLU"]))}
    if kind == "Upsample":
        return {"type": kind, "scale_factor": draw(st.sampled_from([2, 3, 1.5]))}
    return {"type": "PixelUnshuffle", "downscale_factor": 1}


values = st.fixed_dictionaries(
    {
        "C": st.integers(1, 9),
        "F": st.integers(1, 9),
        "H": st.integers(5, 60),
        "W": st.integers(5, 60),
        "k": st.integers(1, 5),
        "s": st.integers(1, 4),
        "p": st.integers(1, 4),
        "d": st.integers(1, 3),
    }
)
networks = st.tuples(st.lists(symbolic_layers(), min_size=1, max_size=5), st.booleans(), values)


def attempt(body: dict[str, Any]) -> Report | None:
    try:
        return analyse(body)
    except ShapeError:
        return None


def compare(layers: list[Layer], head: bool, at: dict[str, int]) -> bool:
    """Whether there was something to compare: PyTorch takes the numbers, the symbols can be worked with."""
    tail: list[Layer] = [{"type": "Flatten"}, {"type": "Linear", "out_features": "F"}] if head else []
    body: dict[str, Any] = {"input": ["C", "H", "W"], "layers": [*layers, *tail]}
    symbolic, numeric = attempt(body), attempt({**body, "substitute": at})
    if symbolic is None or numeric is None:
        return False
    for one, other in zip(symbolic.layers, numeric.layers, strict=True):
        assert tuple(substitute(size, at) for size in one.output_shape) == other.output_shape
        for count in COUNTS:
            assert substitute(getattr(one, count), at) == getattr(other, count), (count, one.name)
    for count in COUNTS:
        assert substitute(getattr(symbolic.totals, count), at) == getattr(numeric.totals, count), count
    assert substitute(symbolic.memory.training, at) == numeric.memory.training
    if symbolic.memory.inference is not None:
        assert substitute(symbolic.memory.inference, at) == numeric.memory.inference
    flattened = numeric.layers[-2:] if head and 1 in numeric.layers[-2].input_shapes[0] else ()
    for one, other in zip(symbolic.layers, numeric.layers, strict=True):
        for name, field in symbolic.receptive_fields(one).items():
            known = numeric.receptive_fields(other)[name]
            sizes = tuple(substitute(size, at) for size in field.size)
            if other in flattened:
                # Where sizes are 1, flattening leaves an axis as it was; outputs see less than in general.
                assert all(int(str(a)) >= int(str(b)) for a, b in zip(sizes, known.size, strict=True))
                continue
            assert sizes == known.size
            assert tuple(substitute(stride, at) for stride in field.stride) == known.stride
    return True


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(networks)
def test_substituted_symbols_equal_numbers(network: tuple[list[Layer], bool, dict[str, int]]) -> None:
    compare(*network)


@pytest.mark.long
def test_substituted_symbols_equal_numbers_at_length(capsys: pytest.CaptureFixture[str]) -> None:
    compared = 0

    @settings(max_examples=3_000, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(networks)
    def run(network: tuple[list[Layer], bool, dict[str, int]]) -> None:
        nonlocal compared
        compared += compare(*network)

    run()
    with capsys.disabled():
        print(f"\nsymbols against numbers: {compared} networks compared, 0 disagreements")
    assert compared > 300
