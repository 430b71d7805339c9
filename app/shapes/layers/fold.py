"""Unfold (patches to columns) and Fold (columns summed back into an image)."""

from app.shapes.layers.arguments import Argument, AxesKind
from app.shapes.layers.base import Call, Effect, LayerType, product
from app.shapes.layers.conv import output_length
from app.shapes.layers.registry import register
from app.shapes.sizes import Size

_WINDOW = (
    Argument("kernel_size", AxesKind(2)),
    Argument("dilation", AxesKind(2), 1),
    Argument("padding", AxesKind(2, 0), 0),
    Argument("stride", AxesKind(2), 1),
)


def _blocks(call: Call, lengths: tuple[Size, ...]) -> Size:
    """How many windows fit: the product over both axes."""
    count: Size = 1
    for i, length in enumerate(lengths):
        kernel, dilation, padding = call["kernel_size"][i], call["dilation"][i], call["padding"][i]
        size = output_length(length, 2 * padding, kernel, call["stride"][i], dilation)
        call.at_least(
            size,
            1,
            "the window of {} is larger than the padded image of {}",
            dilation * (kernel - 1) + 1,
            length + 2 * padding,
            argument="kernel_size",
        )
        count = count * size
    return count


def _apply_unfold(call: Call) -> Effect:
    channels, *lengths = call.shape((3,), "channels, height and width")
    return Effect((channels * product(call["kernel_size"]), _blocks(call, tuple(lengths))), ((None, None),))


def _apply_fold(call: Call) -> Effect:
    rows, columns = call.shape((2,), "channels times window, and windows")
    window = product(call["kernel_size"])
    channels = call.quotient(
        rows,
        window,
        "the first size ({}) must be divisible by the window's {} values",
        rows,
        window,
        argument="kernel_size",
    )
    blocks = _blocks(call, call["output_size"])
    call.equal(
        columns, blocks, "{} windows come in, but {} fit the image", columns, blocks, argument="output_size"
    )
    return Effect((channels, *call["output_size"]), ((None, None, None),))


register(
    LayerType(
        name="Unfold",
        family="folding",
        arguments=_WINDOW,
        apply=_apply_unfold,
        formula=r"\left( C \, k_h k_w, \; L_h L_w \right)",
        summary="Every window as a column of values.",
    )
)
register(
    LayerType(
        name="Fold",
        family="folding",
        arguments=(Argument("output_size", AxesKind(2)), *_WINDOW),
        apply=_apply_fold,
        formula=r"\left( \frac{C}{k_h k_w}, \; \text{output\_size} \right)",
        summary="Columns added up where their windows overlap.",
    )
)
