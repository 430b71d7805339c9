"""Random uses of every layer type: mostly sensible, sometimes wrong, for comparison with PyTorch."""

import math
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.shapes.cases_plain import (
    activation,
    attention,
    linear,
    merging,
    normalisation,
    recurrent,
    reshaping,
)
from tests.shapes.draws import Case, Draw, axes, flag, maybe, shape_of, wrong_channels

__all__ = ["FAMILIES", "Case", "cases"]


def _groups(draw: Draw, arguments: dict[str, Any], channels: int) -> None:
    fitting = [g for g in (1, 2, 3, 4, 8) if channels % g == 0 == arguments["out_channels"] % g]
    choice = fitting if draw(st.integers(0, 9)) else [1, 2, 3, 4, 8]
    maybe(draw, arguments, "groups", lambda: draw(st.sampled_from(choice)), 0.5)


def convolution(draw: Draw, dims: int) -> Case:
    """Conv1d, Conv2d, Conv3d."""
    shape = shape_of(draw, dims + 1, largest=12 if dims < 3 else 7)
    channels = [1, 2, 3, 4, 6, 8]
    arguments: dict[str, Any] = {
        "out_channels": draw(st.sampled_from(channels)),
        "kernel_size": axes(draw, dims, 1, 4),
    }
    word = draw(st.sampled_from(["same", "valid", None, None, None]))
    if word != "same" or draw(st.integers(0, 9)) == 0:
        maybe(draw, arguments, "stride", lambda: axes(draw, dims, 1, 4))
    maybe(draw, arguments, "padding", lambda: word or axes(draw, dims, 0, 5), 0.8)
    maybe(draw, arguments, "padding", lambda: -1, 0.02)
    maybe(draw, arguments, "dilation", lambda: axes(draw, dims, 1, 3), 0.4)
    _groups(draw, arguments, shape[0])
    maybe(
        draw,
        arguments,
        "padding_mode",
        lambda: draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"])),
        0.3,
    )
    wrong_channels(draw, arguments, "in_channels", shape[0])
    flag(draw, arguments, "bias")
    return Case(f"Conv{dims}d", arguments, [shape])


def transposed(draw: Draw, dims: int) -> Case:
    """ConvTranspose1d, ConvTranspose2d, ConvTranspose3d."""
    shape = shape_of(draw, dims + 1, largest=8 if dims < 3 else 5)
    arguments: dict[str, Any] = {
        "out_channels": draw(st.sampled_from([1, 2, 3, 4, 6, 8])),
        "kernel_size": axes(draw, dims, 1, 5),
    }
    maybe(draw, arguments, "stride", lambda: axes(draw, dims, 1, 4), 0.7)
    maybe(draw, arguments, "padding", lambda: axes(draw, dims, 0, 4))
    maybe(draw, arguments, "padding", lambda: -1, 0.01)
    maybe(draw, arguments, "output_padding", lambda: axes(draw, dims, 0, 3), 0.4)
    maybe(draw, arguments, "dilation", lambda: axes(draw, dims, 1, 3), 0.4)
    _groups(draw, arguments, shape[0])
    wrong_channels(draw, arguments, "in_channels", shape[0])
    flag(draw, arguments, "bias")
    return Case(f"ConvTranspose{dims}d", arguments, [shape])


def pooling(draw: Draw, dims: int) -> Case:
    """MaxPool, AvgPool and LPPool."""
    shape = shape_of(draw, dims + 1, largest=14 if dims < 3 else 8, wrong_rank=0.1)
    kind = draw(st.sampled_from(["Max", "Avg", "LP"]))
    arguments: dict[str, Any] = {"kernel_size": axes(draw, dims, 1, 5)}
    if kind == "LP":
        arguments["norm_type"] = draw(st.sampled_from([1, 2, 2.5]))
    maybe(draw, arguments, "stride", lambda: axes(draw, dims, 1, 4), 0.6)
    flag(draw, arguments, "ceil_mode", "ceil_mode")
    if kind != "LP":
        maybe(draw, arguments, "padding", lambda: axes(draw, dims, 0, 3), 0.5)
    if kind == "Max":
        maybe(draw, arguments, "dilation", lambda: axes(draw, dims, 1, 3), 0.4)
        flag(draw, arguments, "return_indices")
    if kind == "Avg":
        flag(draw, arguments, "count_include_pad")
        if dims > 1:
            maybe(draw, arguments, "divisor_override", lambda: draw(st.integers(1, 5)), 0.2)
    return Case(f"{kind}Pool{dims}d", arguments, [shape])


def adaptive(draw: Draw, dims: int) -> Case:
    """Adaptive pools."""
    shape = shape_of(draw, dims + 1, wrong_rank=0.1)
    kind = draw(st.sampled_from(["Avg", "Max"]))
    size = st.one_of(st.integers(1, 15), st.none()) if dims > 1 else st.integers(1, 15)
    count = dims if draw(st.integers(0, 9)) else draw(st.integers(1, 3))
    wanted = draw(size) if draw(st.booleans()) else [draw(size) for _ in range(count)]
    return Case(f"Adaptive{kind}Pool{dims}d", {"output_size": wanted}, [shape])


def upsampling(draw: Draw, dims: int) -> Case:
    """Upsample, UpsamplingNearest2d, UpsamplingBilinear2d."""
    shape = shape_of(draw, dims + 1, largest=9)
    kind = draw(st.sampled_from(["Upsample"] * 4 + ["UpsamplingNearest2d", "UpsamplingBilinear2d"]))
    arguments: dict[str, Any] = {}
    factor = st.sampled_from([0.25, 0.29, 0.5, 0.7, 1, 1.5, 2, 2.0, 2.3, 3])
    if draw(st.integers(0, 9)):
        name, value = draw(st.sampled_from([("size", st.integers(1, 20)), ("scale_factor", factor)]))
        count = dims if draw(st.integers(0, 9)) else draw(st.integers(1, 3))
        arguments[name] = draw(value) if draw(st.booleans()) else [draw(value) for _ in range(count)]
    else:
        maybe(draw, arguments, "size", lambda: 4)
        maybe(draw, arguments, "scale_factor", lambda: 2)
    if kind == "Upsample":
        modes = {1: ["nearest", "linear"], 2: ["nearest", "bilinear", "bicubic"], 3: ["nearest", "trilinear"]}
        anything = ["nearest-exact", "area", "linear", "bilinear", "bicubic", "trilinear"]
        maybe(draw, arguments, "mode", lambda: draw(st.sampled_from(modes[dims] * 3 + anything)), 0.8)
        flag(draw, arguments, "align_corners", "recompute_scale_factor")
    return Case(kind, arguments, [shape])


def shuffling(draw: Draw) -> Case:
    """PixelShuffle, PixelUnshuffle, ChannelShuffle."""
    kind = draw(st.sampled_from(["PixelShuffle", "PixelUnshuffle", "ChannelShuffle"]))
    factor = draw(st.integers(1, 4))
    lead = [draw(st.integers(1, 3))] if draw(st.integers(0, 9)) == 0 else []
    sizes = [draw(st.integers(1, 3)) for _ in range(3)]
    if draw(st.integers(0, 4)):
        sizes = (
            [sizes[0] * factor * factor, *sizes[1:]]
            if kind != "PixelUnshuffle"
            else [sizes[0], sizes[1] * factor, sizes[2] * factor]
        )
    name = {
        "PixelShuffle": "upscale_factor",
        "PixelUnshuffle": "downscale_factor",
        "ChannelShuffle": "groups",
    }[kind]
    return Case(kind, {name: factor}, [lead + sizes])


def folding(draw: Draw) -> Case:
    """Unfold and Fold."""
    window: dict[str, Any] = {"kernel_size": axes(draw, 2, 1, 3)}
    maybe(draw, window, "dilation", lambda: axes(draw, 2, 1, 2), 0.3)
    maybe(draw, window, "padding", lambda: axes(draw, 2, 0, 2))
    maybe(draw, window, "stride", lambda: axes(draw, 2, 1, 3))
    if draw(st.booleans()):
        return Case("Unfold", window, [shape_of(draw, 3, largest=8)])
    size = [draw(st.integers(1, 7)) for _ in range(2)]

    def pair(name: str, default: int) -> list[int]:
        value = window.get(name, default)
        values = value if isinstance(value, list) else [value]
        return (values * 2)[:2]

    columns = 1
    for i in range(2):
        room = (
            size[i] + 2 * pair("padding", 0)[i] - pair("dilation", 1)[i] * (pair("kernel_size", 1)[i] - 1) - 1
        )
        columns *= max(1, room // pair("stride", 1)[i] + 1)
    rows = draw(st.integers(1, 3)) * math.prod(pair("kernel_size", 1))
    shape = [rows, columns + draw(st.sampled_from([0] * 6 + [1]))]
    return Case("Fold", {**window, "output_size": size}, [shape])


def padding(draw: Draw, dims: int) -> Case:
    """Zero, constant, reflection, replication and circular padding."""
    shape = shape_of(draw, dims + 1, largest=7, wrong_rank=0.15)
    kind = draw(st.sampled_from(["Zero", "Constant", "Reflection", "Replication", "Circular"]))
    side = st.integers(-2, 5) if draw(st.booleans()) else st.integers(0, 4)
    sides = draw(side) if draw(st.booleans()) else [draw(side) for _ in range(2 * dims)]
    arguments: dict[str, Any] = {"padding": sides}
    if kind == "Constant":
        arguments["value"] = 1.5
    return Case(f"{kind}Pad{dims}d", arguments, [shape])


FAMILIES: dict[str, Callable[[Draw], Case]] = {
    **{f"convolution{d}": lambda draw, d=d: convolution(draw, d) for d in (1, 2, 3)},  # type: ignore[misc]
    **{f"transposed{d}": lambda draw, d=d: transposed(draw, d) for d in (1, 2, 3)},  # type: ignore[misc]
    **{f"pooling{d}": lambda draw, d=d: pooling(draw, d) for d in (1, 2, 3)},  # type: ignore[misc]
    **{f"adaptive{d}": lambda draw, d=d: adaptive(draw, d) for d in (1, 2, 3)},  # type: ignore[misc]
    **{f"upsampling{d}": lambda draw, d=d: upsampling(draw, d) for d in (1, 2, 3)},  # type: ignore[misc]
    **{f"padding{d}": lambda draw, d=d: padding(draw, d) for d in (1, 2, 3)},  # type: ignore[misc]
    "shuffling": shuffling,
    "folding": folding,
    "normalisation": normalisation,
    "linear": linear,
    "reshaping": reshaping,
    "merging": merging,
    "activation": activation,
    "recurrent": recurrent,
    "attention": attention,
}


@st.composite
def cases(draw: Draw, family: str) -> Case:
    """Random cases of one family."""
    return FAMILIES[family](draw)
