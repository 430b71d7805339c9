"""Layers that move values without changing them: Flatten, Unflatten, Reshape, Permute, Slice, Identity,
Dropout.
"""

from collections.abc import Sequence

from app.shapes.layers.arguments import (
    FLAG,
    INTEGER,
    Argument,
    ChoiceKind,
    ListKind,
    NumberKind,
    OptionalKind,
    SignedSizeKind,
    SizeKind,
)
from app.shapes.layers.base import Call, Effect, LayerType, Shape, product
from app.shapes.layers.registry import register
from app.shapes.receptive.axes import AxisRelation, keep, keep_all, slide
from app.shapes.sizes import Size, floor_ratio


def carried_axes(source: Shape, target: Shape) -> tuple[AxisRelation, ...]:
    """Which axes of a reshaped tensor are axes of the old one: those whose neighbours' products agree."""
    axes: list[AxisRelation] = [None] * len(target)
    taken = 0
    for new, size in enumerate(target):
        before = product(target[:new])
        for old in range(taken, len(source)):
            if source[old] == size and size != 1 and product(source[:old]) == before:
                axes[new] = keep(old)
                taken = old + 1
                break
    return tuple(axes)


def _reshaped(call: Call, target: Shape) -> Effect:
    source = call.shapes[0]
    return Effect(target, (carried_axes(source, target),), rearranges=True, allocates=False)


def fill_missing(call: Call, whole: Size, sizes: Sequence[Size], argument: str) -> Shape:
    """`sizes` with a single -1 replaced by what is left of `whole`, whose product must be `whole`."""
    known = product([size for size in sizes if size != -1])
    missing = sum(1 for size in sizes if size == -1)
    if missing > 1:
        raise call.refuse("only one size can be -1", argument=argument)
    for size in sizes:
        if size != -1:
            call.at_least(size, 1, "a size of {} is not possible", size, argument=argument)
    if not missing:
        call.equal(known, whole, "{} values do not fit into {}", whole, known, argument=argument)
        return tuple(sizes)
    rest = call.quotient(whole, known, "{} values cannot be divided by {}", whole, known, argument=argument)
    return tuple(rest if size == -1 else size for size in sizes)


def _apply_flatten(call: Call) -> Effect:
    shape = call.shapes[0]
    if call["start_dim"] in (0, -len(shape) - 1) and call["end_dim"] in (0, -len(shape) - 1):
        return _reshaped(call, shape)  # the batch alone, which leaves everything as it is
    first = call.dim(call["start_dim"], len(shape), "start_dim")
    last = call.dim(call["end_dim"], len(shape), "end_dim")
    if first > last:
        raise call.refuse("start_dim cannot come after end_dim", argument="start_dim")
    return _reshaped(call, (*shape[:first], product(shape[first : last + 1]), *shape[last + 1 :]))


def _apply_unflatten(call: Call) -> Effect:
    shape = call.shapes[0]
    axis = call.dim(call["dim"], len(shape), "dim")
    sizes = fill_missing(call, shape[axis], call["unflattened_size"], "unflattened_size")
    return _reshaped(call, (*shape[:axis], *sizes, *shape[axis + 1 :]))


def _apply_reshape(call: Call) -> Effect:
    return _reshaped(call, fill_missing(call, product(call.shapes[0]), call["shape"], "shape"))


def _apply_permute(call: Call) -> Effect:
    shape = call.shapes[0]
    rank = len(shape)
    dims = [dim + rank + 1 if dim < 0 else dim for dim in call["dims"]]
    if sorted(dims) != list(range(rank + 1)):
        raise call.refuse(
            f"dims must name every dimension of the batched input once: 0 to {rank}, 0 being the batch",
            argument="dims",
        )
    if dims[0] != 0:
        raise call.refuse("dims must leave the batch (dimension 0) first", argument="dims")
    order = [dim - 1 for dim in dims[1:]]
    axes = tuple(keep(axis) for axis in order)
    return Effect(tuple(shape[axis] for axis in order), (axes,), rearranges=True, allocates=False)


def _bound(call: Call, value: Size, length: Size, argument: str) -> Size:
    """A slice's bound as Python reads it: negative from the end, cut to the length."""
    if not isinstance(value, int):
        call.at_least(length, value, "{} runs past the end of {}", value, length, argument=argument)
        return value
    if isinstance(length, int):
        return max(0, min(length, value + length if value < 0 else value))
    if value < 0:
        call.at_least(length, -value, "{} runs past the start of {}", value, length, argument=argument)
        return length + value
    if value > 0:
        call.at_least(length, value, "{} runs past the end of {}", value, length, argument=argument)
    return value


def _apply_slice(call: Call) -> Effect:
    shape = call.shapes[0]
    axis = call.dim(call["dim"], len(shape), "dim")
    length = shape[axis]
    start = 0 if call["start"] is None else _bound(call, call["start"], length, "start")
    stop = length if call["stop"] is None else _bound(call, call["stop"], length, "stop")
    step = call["step"]
    size = floor_ratio(stop - start - 1, step) + 1
    call.at_least(size, 1, "the slice from {} to {} is empty", start, stop, argument="stop")
    axes = list(keep_all(len(shape)))
    axes[axis] = slide(axis, 1, step, -start)
    return Effect((*shape[:axis], size, *shape[axis + 1 :]), (tuple(axes),), rearranges=True, allocates=False)


def _pass_on(call: Call) -> Effect:
    shape = call.shapes[0]
    # In evaluation dropout hands its input on; only training keeps a second copy.
    return Effect(shape, (keep_all(len(shape)),), rearranges=True, allocates=False)


def _pass_on_short(call: Call) -> Effect:
    if len(call.shapes[0]) > 2:
        raise call.refuse("the input must have channels, and length or nothing")
    return _pass_on(call)


_RATE = Argument("p", NumberKind(0, 1), 0.5)
_INPLACE = Argument("inplace", FLAG, False)
_SIGNED = SignedSizeKind()
for _layer in (
    LayerType(
        name="Flatten",
        family="shape",
        arguments=(Argument("start_dim", INTEGER, 1), Argument("end_dim", INTEGER, -1)),
        apply=_apply_flatten,
        formula=r"\prod_i S_i",
        summary="Dimensions count the batch as 0.",
    ),
    LayerType(
        name="Unflatten",
        family="shape",
        arguments=(Argument("dim", INTEGER), Argument("unflattened_size", ListKind(_SIGNED, single=False))),
        apply=_apply_unflatten,
        formula=r"\text{unflattened\_size}",
        summary="Dimensions count the batch as 0; one size may be -1.",
    ),
    LayerType(
        name="Reshape",
        family="shape",
        arguments=(Argument("shape", ListKind(_SIGNED)),),
        apply=_apply_reshape,
        formula=r"\text{shape}",
        home="",
        summary="A new shape of one sample, without the batch; one size may be -1.",
    ),
    LayerType(
        name="Permute",
        family="shape",
        arguments=(Argument("dims", ListKind(INTEGER, single=False)),),
        apply=_apply_permute,
        formula=r"S_{dims}",
        home="torchvision.ops",
        summary="Dimensions of the batched tensor in a new order; the batch, 0, stays first.",
    ),
    LayerType(
        name="Slice",
        family="shape",
        arguments=(
            Argument("dim", INTEGER, 1),
            Argument("start", OptionalKind(_SIGNED), None),
            Argument("stop", OptionalKind(_SIGNED), None),
            Argument("step", SizeKind(), 1),
        ),
        apply=_apply_slice,
        formula=r"\left\lceil \frac{stop - start}{step} \right\rceil",
        home="",
        summary="x[:, start:stop:step] along a dimension of the batched tensor.",
    ),
    LayerType(name="Identity", family="shape", arguments=(), apply=_pass_on, formula=r"\text{as the input}"),
    *(
        LayerType(
            name=_name,
            family="dropout",
            arguments=(_RATE, _INPLACE),
            apply=_pass_on_short if _name == "Dropout1d" else _pass_on,
            formula=r"\text{as the input}",
        )
        for _name in ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout")
    ),
    LayerType(
        name="StochasticDepth",
        family="dropout",
        arguments=(Argument("p", NumberKind(0, 1)), Argument("mode", ChoiceKind("batch", "row"))),
        apply=_pass_on,
        formula=r"\text{as the input}",
        home="torchvision.ops",
    ),
):
    register(_layer)
