"""Conv1d, Conv2d and Conv3d."""

from functools import partial

from app.shapes.layers.arguments import FLAG, SIZE, Argument, AxesKind, ChoiceKind, PaddingKind, inferred
from app.shapes.layers.base import Call, Effect, LayerType, Shape, Variables
from app.shapes.layers.counting import pairs_in_bounds
from app.shapes.layers.registry import register
from app.shapes.receptive.axes import AxisRelation, slide
from app.shapes.sizes import Size, floor_ratio, to_latex

FORMULA = r"\left\lfloor \frac{@L + @P - @d \cdot (@k - 1) - 1}{@s} \right\rfloor + 1"
_DIVIDES = "{} ({{}}) must be divisible by groups ({{}})"
_Axis = tuple[Size, Size, Size, Size, Size, Size]
"""Length, padding before and after, kernel, stride, dilation."""
SPATIAL = {1: "channels and length", 2: "channels, height and width", 3: "channels, depth, height and width"}


def paddings(call: Call, dims: int) -> tuple[Shape, Shape]:
    """Padding before and after each axis; 'same' puts the odd one at the end, as PyTorch does."""
    given = call["padding"]
    if type(given) is tuple:
        sides = given * dims if len(given) == 1 else given
        return sides, sides
    if given == "valid":
        return (0,) * dims, (0,) * dims
    for stride in call["stride"]:
        call.equal(stride, 1, "padding='same' is not supported for a stride other than 1", argument="padding")
    totals = [d * (k - 1) for k, d in zip(call["kernel_size"], call["dilation"], strict=True)]
    before = tuple(floor_ratio(total, 2) for total in totals)
    return before, tuple(total - first for total, first in zip(totals, before, strict=True))


def output_length(length: Size, padding: Size, kernel: Size, stride: Size, dilation: Size) -> Size:
    """Outputs of a window over `length` inputs with `padding` in all (PyTorch's Conv2d formula)."""
    return floor_ratio(length + padding - dilation * (kernel - 1) - 1, stride) + 1


def check_grouping(call: Call, in_channels: Size) -> tuple[Size, Size]:
    """Input and output channels of one group."""
    out_channels, groups = call["out_channels"], call["groups"]
    if groups == 1:
        return in_channels, out_channels
    return (
        call.quotient(
            in_channels, groups, _DIVIDES.format("in_channels"), in_channels, groups, argument="groups"
        ),
        call.quotient(
            out_channels, groups, _DIVIDES.format("out_channels"), out_channels, groups, argument="groups"
        ),
    )


def _check_padding_mode(call: Call, lengths: Shape, before: Shape, after: Shape) -> None:
    mode = call["padding_mode"]
    if len(call["padding"]) < len(lengths):
        raise call.refuse(
            "with a padding_mode other than zeros, padding must have a value for each axis",
            argument="padding",
        )
    for length, *sides in zip(lengths, before, after, strict=True):
        for side in sides:
            if mode == "reflect":
                call.at_least(
                    length - 1,
                    side,
                    "reflect padding of {} needs a longer axis than {}",
                    side,
                    length,
                    argument="padding",
                )
            elif mode == "circular":
                call.at_least(
                    length,
                    side,
                    "circular padding of {} wraps more than once around an axis of {}",
                    side,
                    length,
                    argument="padding",
                )


def _apply(dims: int, call: Call) -> Effect:
    channels, *lengths = call.shape((dims + 1,), SPATIAL[dims])
    in_channels = call.match("in_channels", channels, "the input's number of channels")
    group_in, _ = check_grouping(call, in_channels)
    before, after = paddings(call, dims)
    padded_with_values = call["padding_mode"] != "zeros"
    if not padded_with_values:
        for side in before:
            call.at_least(side, 0, "negative padding ({}) is not supported", side, argument="padding")
    else:
        _check_padding_mode(call, tuple(lengths), before, after)
    out_channels = call["out_channels"]
    output: list[Size] = [out_channels]
    axes: list[AxisRelation] = [None]
    connections: Size = out_channels * group_in
    in_bounds: Size | None = connections
    weights: Size = out_channels * group_in
    last: _Axis | None = None  # axes are mostly alike: what was found for one serves the next
    for i, axis in enumerate(
        zip(lengths, before, after, call["kernel_size"], call["stride"], call["dilation"], strict=True)
    ):
        if axis != last:
            last = axis
            size, pairs = _along(call, axis)
        _, first, _, kernel, stride, dilation = axis
        output.append(size)
        axes.append(slide(i + 1, kernel, stride, first, dilation))
        weights = weights * kernel
        connections = connections * size * kernel
        in_bounds = None if pairs is None or in_bounds is None else in_bounds * pairs
    return Effect(
        tuple(output),
        (tuple(axes),),
        weights=weights,
        biases=out_channels if call["bias"] else 0,
        connections=connections,
        connections_in_bounds=connections if padded_with_values else in_bounds,
        inferred={"in_channels": in_channels},
    )


def _along(call: Call, axis: _Axis) -> tuple[Size, int | None]:
    """Outputs along one axis, and how many pairs of output and tap do not meet padding."""
    length, before, after, kernel, stride, dilation = axis
    padding = before + after
    size = output_length(length, padding, kernel, stride, dilation)
    call.at_least(
        size,
        1,
        "the window of {} is larger than the padded input of {}",
        dilation * (kernel - 1) + 1,
        length + padding,
        argument="kernel_size",
    )
    return size, pairs_in_bounds(size, kernel, stride, dilation, before, length)


def _variables(dims: int, call: Call) -> list[Variables]:
    before, after = paddings(call, dims)
    return [
        {
            "L": length,
            "P": _padding_text(before[i], after[i]),
            "d": call["dilation"][i],
            "k": call["kernel_size"][i],
            "s": call["stride"][i],
        }
        for i, length in enumerate(call.shapes[0][1:])
    ]


def _padding_text(before: Size, after: Size) -> str:
    if before == after:
        return rf"2 \cdot {to_latex(before)}"
    numbers = isinstance(before, int) and isinstance(after, int)
    return f"{before} + {after}" if numbers else to_latex(before + after)


PARAMETERS = r"@C \cdot \frac{@O}{@G} \cdot @K + @B"


def parameter_variables(call: Call) -> Variables:
    """Channels, groups, kernel and biases for the formula of a convolution's parameters."""
    return {
        "C": call.shapes[0][0],
        "O": call["out_channels"],
        "G": call["groups"],
        "K": r" \cdot ".join(to_latex(kernel) for kernel in call["kernel_size"]),
        "B": call["out_channels"] if call["bias"] else 0,
    }


for _dims in (1, 2, 3):
    register(
        LayerType(
            name=f"Conv{_dims}d",
            family="convolution",
            arguments=(
                inferred("in_channels"),
                Argument("out_channels", SIZE),
                Argument("kernel_size", AxesKind(_dims)),
                Argument("stride", AxesKind(_dims, expands=True), 1),
                Argument("padding", PaddingKind(_dims), 0),
                Argument("dilation", AxesKind(_dims, expands=True), 1),
                Argument("groups", SIZE, 1),
                Argument("bias", FLAG, True),
                Argument("padding_mode", ChoiceKind("zeros", "reflect", "replicate", "circular"), "zeros"),
            ),
            apply=partial(_apply, _dims),
            formula=FORMULA,
            variables=partial(_variables, _dims),
            parameters_formula=PARAMETERS,
            parameter_variables=parameter_variables,
            summary="Convolution; 2p is the padding of both sides together.",
        )
    )
