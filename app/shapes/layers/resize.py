"""Upsample and its older spellings, PixelShuffle, PixelUnshuffle and ChannelShuffle."""

import math
from fractions import Fraction
from functools import partial
from typing import Any

from app.shapes.layers.adaptive import adaptive_axis
from app.shapes.layers.arguments import (
    FLAG,
    SIZE,
    Argument,
    ChoiceKind,
    NumberKind,
    OptionalKind,
    ScalarOrListKind,
)
from app.shapes.layers.base import Call, Effect, LayerType
from app.shapes.layers.registry import register
from app.shapes.receptive.axes import AxisRelation, Run, Unknown, keep, keep_all, periodic, slide
from app.shapes.sizes import Size, floor, fraction

_MODES = {
    "nearest": (1, 2, 3),
    "nearest-exact": (1, 2, 3),
    "area": (1, 2, 3),
    "linear": (1,),
    "bilinear": (2,),
    "bicubic": (2,),
    "trilinear": (3,),
}
_ALIGNABLE = ("linear", "bilinear", "bicubic", "trilinear")
_SCALE = NumberKind(0, 2**31)


def _scaled(call: Call, length: Size, scale: float) -> Size:
    """PyTorch's output length: the *floating-point* product, cut (100 x 0.29 is 28)."""
    if scale <= 0:
        raise call.refuse("scale_factor must be greater than 0", argument="scale_factor")
    if isinstance(length, int):
        return int(float(length) * float(scale))
    exact = Fraction(scale)
    if exact.denominator > 1024:
        raise call.refuse(
            f"a size of {{}} times {scale} is rounded in floating point by PyTorch and has no exact formula; "
            "give size, or a scale_factor that is a whole number of halves, quarters, eighths …",
            length,
            argument="scale_factor",
        )
    return floor(length * fraction(exact.numerator, exact.denominator))


def _sizes(call: Call, lengths: tuple[Size, ...]) -> tuple[tuple[Size, ...], tuple[float, ...] | None]:
    """The output's spatial sizes, and the scale factors where they were given."""
    size, scale = call["size"], call["scale_factor"]
    if (size is None) == (scale is None):
        raise call.refuse("exactly one of size and scale_factor must be given", argument="size")
    given = size if scale is None else scale
    name = "size" if scale is None else "scale_factor"
    if not isinstance(given, tuple):
        given = (given,) * len(lengths)
    if len(given) != len(lengths):
        raise call.refuse(f"{name} has {len(given)} values for {len(lengths)} spatial axes", argument=name)
    if scale is None:
        return given, None
    sizes = tuple(_scaled(call, length, factor) for length, factor in zip(lengths, given, strict=True))
    for length, wanted, factor in zip(lengths, sizes, given, strict=True):
        call.at_least(wanted, 1, f"{{}} x {factor} leaves nothing", length, argument="scale_factor")
    return sizes, given


def interpolation_axis(
    mode: str, align: bool, source: int, length: Size, size: Size, ratio: Fraction
) -> AxisRelation:
    """Which inputs an interpolated output reads, `ratio` being inputs per output; exact where floats round.

    Position of output o: nearest `floor(o*ratio)`, nearest-exact `floor((o + 1/2)*ratio)`, the others `(o +
    1/2)*ratio - 1/2`, or `o*(length - 1)/(size - 1)` with align_corners; linear modes read the neighbours on
    both sides of it, bicubic two on each side, and a position on an input reads that input alone.
    """
    shift = Fraction(0)
    if mode in _ALIGNABLE:
        if align:
            if not isinstance(length, int) or not isinstance(size, int):
                return Unknown(source)
            ratio = Fraction(length - 1, size - 1) if size > 1 else Fraction(0)
        else:
            shift = (ratio - 1) / 2
    elif mode == "nearest-exact":
        shift = ratio / 2
    reach = 1 if mode == "bicubic" else 0

    def run(output: int) -> Run:
        position = output * ratio + shift
        low = math.floor(position)
        if mode not in _ALIGNABLE or position == low:
            return Run(low, 1, 1)
        return Run(low - reach, 1, 2 + 2 * reach)

    return periodic(source, ratio.numerator, ratio.denominator, run)


def _interpolate(call: Call, mode: str, align: bool | None, recompute: bool | None) -> Effect:
    shape = call.shapes[0]
    dims = len(shape) - 1
    if dims not in _MODES[mode]:
        wanted = " or ".join(str(count) for count in _MODES[mode])
        raise call.refuse(
            f"mode '{mode}' reads channels and {wanted} spatial sizes, but the input has {dims}"
        )
    if align is not None and mode not in _ALIGNABLE:
        raise call.refuse(
            f"align_corners works only with {', '.join(_ALIGNABLE)}, not {mode}", argument="align_corners"
        )
    if recompute and call["size"] is not None:
        raise call.refuse(
            "recompute_scale_factor needs scale_factor, not size", argument="recompute_scale_factor"
        )
    sizes, scales = _sizes(call, shape[1:])
    axes: list[AxisRelation] = [keep(0)]
    for i, (length, size) in enumerate(zip(shape[1:], sizes, strict=True)):
        if mode == "area":
            axes.append(adaptive_axis(i + 1, length, size))
        elif scales is not None and not recompute:
            axes.append(interpolation_axis(mode, bool(align), i + 1, length, size, 1 / _friendly(scales[i])))
        elif isinstance(length, int) and isinstance(size, int):
            axes.append(interpolation_axis(mode, bool(align), i + 1, length, size, Fraction(length, size)))
        else:
            axes.append(Unknown(i + 1))
    return Effect((shape[0], *sizes), (tuple(axes),))


def _friendly(scale: float) -> Fraction:
    """The fraction meant by a scale factor: 0.1 is one tenth, not the double nearest to it."""
    return Fraction(str(scale)) if isinstance(scale, float) else Fraction(scale)


def _apply_upsample(call: Call) -> Effect:
    return _interpolate(call, call["mode"], call["align_corners"], call["recompute_scale_factor"])


def _apply_upsampling(mode: str, align: bool | None, call: Call) -> Effect:
    return _interpolate(call, mode, align, None)


_SIZE = Argument("size", OptionalKind(ScalarOrListKind(SIZE, most=3)), None)
_FACTOR = Argument("scale_factor", OptionalKind(ScalarOrListKind(_SCALE, most=3)), None)
_FORMULA = r"\left\lfloor L \cdot \text{scale\_factor} \right\rfloor \text{ in floating point, or size}"

register(
    LayerType(
        name="Upsample",
        family="resizing",
        arguments=(
            _SIZE,
            _FACTOR,
            Argument("mode", ChoiceKind(*_MODES), "nearest"),
            Argument("align_corners", OptionalKind(FLAG), None),
            Argument("recompute_scale_factor", OptionalKind(FLAG), None),
        ),
        apply=_apply_upsample,
        formula=_FORMULA,
        summary="Interpolation to a size, or by a factor.",
    )
)
for _name, _mode, _align in (("Nearest", "nearest", None), ("Bilinear", "bilinear", True)):
    register(
        LayerType(
            name=f"Upsampling{_name}2d",
            family="resizing",
            arguments=(_SIZE, _FACTOR),
            apply=partial(_apply_upsampling, _mode, _align),
            formula=_FORMULA,
            summary=f"Upsample with mode '{_mode}'.",
        )
    )


def _channels_height_width(call: Call) -> tuple[tuple[Size, ...], Size, Size, Size]:
    shape = call.shapes[0]
    if len(shape) < 3:
        raise call.refuse("the input must have channels, height and width")
    return shape[:-3], shape[-3], shape[-2], shape[-1]


def _apply_shuffle(call: Call) -> Effect:
    lead, channels, height, width = _channels_height_width(call)
    factor = call["upscale_factor"]
    rest = call.quotient(
        channels,
        factor * factor,
        "the channels ({}) must be divisible by the square of upscale_factor ({})",
        channels,
        factor,
        argument="upscale_factor",
    )
    first = len(lead)

    def axis(source: int) -> AxisRelation:
        return (
            periodic(source, 1, factor, lambda _: Run(0, 1, 1))
            if isinstance(factor, int)
            else Unknown(source)
        )

    axes = (*keep_all(first), None, axis(first + 1), axis(first + 2))
    return Effect((*lead, rest, height * factor, width * factor), (axes,), rearranges=True)


def _apply_unshuffle(call: Call) -> Effect:
    lead, channels, height, width = _channels_height_width(call)
    factor = call["downscale_factor"]
    sizes = [
        call.quotient(
            length,
            factor,
            "height and width ({}) must be divisible by downscale_factor ({})",
            length,
            factor,
            argument="downscale_factor",
        )
        for length in (height, width)
    ]
    first = len(lead)
    axes = (*keep_all(first), None, slide(first + 1, factor, factor), slide(first + 2, factor, factor))
    return Effect((*lead, channels * factor * factor, *sizes), (axes,), rearranges=True)


def _apply_channel_shuffle(call: Call) -> Effect:
    shape = call.shapes[0]
    if len(shape) < 2:
        raise call.refuse("the input must have channels and at least one more size")
    call.quotient(
        shape[0],
        call["groups"],
        "the channels ({}) must be divisible by groups ({})",
        shape[0],
        call["groups"],
        argument="groups",
    )
    return Effect(shape, ((None, *keep_all(len(shape))[1:]),), rearranges=True)


_REARRANGING: tuple[tuple[str, str, Any, str], ...] = (
    ("PixelShuffle", "upscale_factor", _apply_shuffle, r"\left( \frac{C}{r^2}, H r, W r \right)"),
    (
        "PixelUnshuffle",
        "downscale_factor",
        _apply_unshuffle,
        r"\left( C r^2, \frac{H}{r}, \frac{W}{r} \right)",
    ),
    ("ChannelShuffle", "groups", _apply_channel_shuffle, r"(C, H, W)"),
)
for _name, _argument, _apply, _shape in _REARRANGING:
    register(
        LayerType(
            name=_name,
            family="resizing",
            arguments=(Argument(_argument, SIZE),),
            apply=_apply,
            formula=_shape,
            summary="Moves values between channels and space; none is new.",
        )
    )
