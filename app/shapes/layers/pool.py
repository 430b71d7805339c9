"""MaxPool, AvgPool and LPPool in one, two and three dimensions."""

from functools import partial

from app.shapes.layers.arguments import FLAG, NUMBER, SIZE, Argument, AxesKind, OptionalKind, SingleKind
from app.shapes.layers.base import Call, Effect, LayerType, Variables
from app.shapes.layers.registry import register
from app.shapes.receptive.axes import AxisRelation, slide
from app.shapes.sizes import Size, ceiling_ratio, floor_ratio, minimum

_FLOOR = r"\left\lfloor \frac{@L + 2 \cdot @p - @d \cdot (@k - 1) - 1}{@s} \right\rfloor + 1"
MEANING = {
    1: "length, with or without channels",
    2: "height and width, with or without channels",
    3: "depth, height and width, with or without channels",
}


def pooled_length(
    length: Size, kernel: Size, stride: Size, padding: Size, dilation: Size, ceil_mode: bool
) -> Size:
    """Outputs of a pooling window.

    With `ceil_mode` a last window may run past the end, but not start beyond the input and its left padding:
    o = ceil(room/stride) + 1, less one when (o - 1)*stride >= length + padding.
    """
    room = length + 2 * padding - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return floor_ratio(room, stride) + 1
    return minimum(ceiling_ratio(room, stride) + 1, ceiling_ratio(length + padding, stride))


def _apply(dims: int, call: Call) -> Effect:
    shape = call.shape((dims, dims + 1), MEANING[dims])
    first = len(shape) - dims
    output: list[Size] = list(shape[:first])
    axes: list[AxisRelation] = [slide(0, 1)] * first
    values = call.values
    ones = (1,) * dims
    needs_kernel = dims == 3 and "dilation" not in values  # a check of PyTorch's avg_pool3d alone
    for i, length in enumerate(shape[first:]):
        kernel = values["kernel_size"][i]
        stride = _strides(call)[i]
        padding = values.get("padding", ones)[i] if "padding" in values else 0
        dilation = values.get("dilation", ones)[i]
        if padding != 0:
            call.at_least(
                kernel,
                2 * padding,
                "padding {} is more than half of the kernel's {}",
                padding,
                kernel,
                argument="padding",
            )
        if needs_kernel:
            call.at_least(
                length,
                kernel,
                "an axis of {} is shorter than the window of {}, and padding does not help "
                "in three dimensions",
                length,
                kernel,
                argument="kernel_size",
            )
        size = pooled_length(length, kernel, stride, padding, dilation, values["ceil_mode"])
        call.at_least(
            size,
            1,
            "the window of {} is larger than the padded input of {}",
            dilation * (kernel - 1) + 1,
            length + 2 * padding,
            argument="kernel_size",
        )
        output.append(size)
        axes.append(slide(first + i, kernel, stride, padding, dilation))
    return Effect(tuple(output), (tuple(axes),))


def _strides(call: Call) -> tuple[Size, ...]:
    stride: tuple[Size, ...] | None = call["stride"]
    kernel: tuple[Size, ...] = call["kernel_size"]
    return kernel if stride is None else stride


def _variables(dims: int, call: Call) -> list[Variables]:
    zeros, ones = (0,) * dims, (1,) * dims
    return [
        {
            "L": length,
            "k": call["kernel_size"][i],
            "s": _strides(call)[i],
            "p": call.values.get("padding", zeros)[i],
            "d": call.values.get("dilation", ones)[i],
        }
        for i, length in enumerate(call.shapes[0][-dims:])
    ]


_SUMMARY = (
    "The stride is the kernel's size when left out. With ceil_mode the quotient is rounded up, and a last "
    "window that would start beyond the input and its left padding is dropped."
)

for _dims in (1, 2, 3):
    _kernel = Argument("kernel_size", AxesKind(_dims, expands=True))
    _full = Argument("kernel_size", AxesKind(_dims))
    _scalar = Argument("kernel_size", SingleKind())
    _stride = Argument("stride", OptionalKind(AxesKind(_dims, expands=True)), None)
    _padding = Argument("padding", AxesKind(_dims, 0, expands=True), 0)
    _ceil = Argument("ceil_mode", FLAG, False)
    _divisor = (Argument("divisor_override", OptionalKind(SIZE), None),) if _dims > 1 else ()
    for _name, _arguments in (
        (
            "MaxPool",
            (
                _kernel,
                _stride,
                _padding,
                Argument("dilation", AxesKind(_dims, expands=True), 1),
                Argument("return_indices", FLAG, False),
                _ceil,
            ),
        ),
        (
            "AvgPool",
            (_kernel, _stride, _padding, _ceil, Argument("count_include_pad", FLAG, True), *_divisor),
        ),
        ("LPPool", (Argument("norm_type", NUMBER), _scalar if _dims == 1 else _full, _stride, _ceil)),
    ):
        register(
            LayerType(
                name=f"{_name}{_dims}d",
                family="pooling",
                arguments=_arguments,
                apply=partial(_apply, _dims),
                formula=_FLOOR,
                variables=partial(_variables, _dims),
                summary=_SUMMARY,
            )
        )
