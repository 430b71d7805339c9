"""ConvTranspose1d, ConvTranspose2d and ConvTranspose3d."""

from functools import partial

from app.shapes.layers.arguments import FLAG, SIZE, Argument, AxesKind, ChoiceKind, inferred
from app.shapes.layers.base import Call, Effect, LayerType, Variables
from app.shapes.layers.conv import PARAMETERS, SPATIAL, check_grouping, parameter_variables
from app.shapes.layers.counting import pairs_in_bounds
from app.shapes.layers.registry import register
from app.shapes.receptive.axes import AxisRelation, spread
from app.shapes.sizes import Size, known_at_least, to_text


def output_length(
    length: Size, kernel: Size, stride: Size, padding: Size, extra: Size, dilation: Size
) -> Size:
    """Outputs of a transposed window (PyTorch's ConvTranspose2d formula, `extra` its output_padding)."""
    return (length - 1) * stride - 2 * padding + dilation * (kernel - 1) + extra + 1


def _check_output_padding(call: Call, extra: Size, stride: Size, dilation: Size) -> None:
    if extra == 0:
        return
    below = [known_at_least(bound, extra + 1) for bound in (stride, dilation)]
    if True in below:
        return
    if below == [False, False]:
        raise call.refuse(
            "output_padding {} must be smaller than the stride ({}) or the dilation ({})",
            extra,
            stride,
            dilation,
            argument="output_padding",
        )
    call.condition(f"{to_text(extra)} < max({to_text(stride)}, {to_text(dilation)})")


def _apply(dims: int, call: Call) -> Effect:
    channels, *lengths = call.shape((dims + 1,), SPATIAL[dims])
    in_channels = call.match("in_channels", channels, "the input's number of channels")
    _, group_out = check_grouping(call, in_channels)
    out_channels = call["out_channels"]
    output: list[Size] = [out_channels]
    axes: list[AxisRelation] = [None]
    connections: Size = in_channels * group_out
    in_bounds: Size | None = connections
    weights: Size = in_channels * group_out
    for i, length in enumerate(lengths):
        kernel, stride, dilation = call["kernel_size"][i], call["stride"][i], call["dilation"][i]
        padding, extra = call["padding"][i], call["output_padding"][i]
        _check_output_padding(call, extra, stride, dilation)
        size = output_length(length, kernel, stride, padding, extra, dilation)
        call.at_least(
            size, 1, "the output would have size {}, and must have at least 1", size, argument="padding"
        )
        output.append(size)
        axes.append(spread(i + 1, kernel, stride, padding, dilation))
        weights = weights * kernel
        connections = connections * length * kernel
        pairs = pairs_in_bounds(length, kernel, stride, dilation, padding, size)
        in_bounds = None if pairs is None or in_bounds is None else in_bounds * pairs
    return Effect(
        tuple(output),
        (tuple(axes),),
        weights=weights,
        biases=out_channels if call["bias"] else 0,
        connections=connections,
        connections_in_bounds=in_bounds,
        inferred={"in_channels": in_channels},
    )


def _variables(call: Call) -> list[Variables]:
    return [
        {
            "L": length,
            "s": call["stride"][i],
            "p": call["padding"][i],
            "d": call["dilation"][i],
            "k": call["kernel_size"][i],
            "e": call["output_padding"][i],
        }
        for i, length in enumerate(call.shapes[0][1:])
    ]


for _dims in (1, 2, 3):
    register(
        LayerType(
            name=f"ConvTranspose{_dims}d",
            family="convolution",
            arguments=(
                inferred("in_channels"),
                Argument("out_channels", SIZE),
                Argument("kernel_size", AxesKind(_dims)),
                Argument("stride", AxesKind(_dims, expands=True), 1),
                Argument("padding", AxesKind(_dims, 0, expands=True), 0),
                Argument("output_padding", AxesKind(_dims, 0, expands=True), 0),
                Argument("groups", SIZE, 1),
                Argument("bias", FLAG, True),
                Argument("dilation", AxesKind(_dims, expands=True), 1),
                Argument("padding_mode", ChoiceKind("zeros"), "zeros"),
            ),
            apply=partial(_apply, _dims),
            formula=r"(@L - 1) \cdot @s - 2 \cdot @p + @d \cdot (@k - 1) + @e + 1",
            variables=_variables,
            parameters_formula=PARAMETERS,
            parameter_variables=parameter_variables,
            summary="Transposed convolution; e is output_padding, smaller than the stride or the dilation.",
        )
    )
