"""Where branches meet: Add, Multiply, Concat; and Mean over dimensions and Parameter, a learned tensor."""

from app.shapes.layers.arguments import FLAG, INTEGER, SIZE, Argument, ListKind
from app.shapes.layers.base import Call, Effect, LayerType, Shape, product, show
from app.shapes.layers.registry import register
from app.shapes.receptive.axes import AxisRelation, keep, keep_all, part
from app.shapes.sizes import Size, known_equal

MAX_INPUTS = 256


def _same_rank(call: Call) -> int:
    ranks = {len(shape) for shape in call.shapes}
    if len(ranks) > 1:
        raise call.refuse("the inputs differ in rank: " + ", ".join(show(shape) for shape in call.shapes))
    return ranks.pop()


def _broadcast(call: Call, axis: int) -> Size:
    """The common size along an axis; sizes of 1 stretch."""
    common: Size = 1
    for shape in call.shapes:
        size = shape[axis]
        if size == 1 or size == common:
            continue
        if common == 1:
            common = size
        else:
            call.equal(
                common,
                size,
                f"sizes {{}} and {{}} do not fit together along dimension {axis + 1}",
                common,
                size,
            )
    return common


def _apply_elementwise(call: Call) -> Effect:
    rank = _same_rank(call)
    first = call.shapes[0]
    if all(shape == first for shape in call.shapes):
        return Effect(first, (keep_all(rank),) * len(call.shapes))
    output = tuple(_broadcast(call, axis) for axis in range(rank))
    axes = tuple(
        tuple(keep(axis) if shape[axis] != 1 or output[axis] == 1 else None for axis in range(rank))
        for shape in call.shapes
    )
    return Effect(output, axes)


def _apply_concat(call: Call) -> Effect:
    rank = _same_rank(call)
    along = call.dim(call["dim"], rank, "dim")
    first = call.shapes[0]
    total: Size = 0
    axes: list[tuple[AxisRelation, ...]] = []
    for shape in call.shapes:
        for axis in range(rank):
            if axis != along and known_equal(first[axis], shape[axis]) is not True:
                call.equal(
                    first[axis],
                    shape[axis],
                    f"sizes {{}} and {{}} differ along dimension {axis + 1}",
                    first[axis],
                    shape[axis],
                )
        relation: list[AxisRelation] = list(keep_all(rank))
        relation[along] = part(along, total, shape[along])
        axes.append(tuple(relation))
        total = total + shape[along]
    return Effect((*first[:along], total, *first[along + 1 :]), tuple(axes))


def _apply_mean(call: Call) -> Effect:
    shape = call.shapes[0]
    reduced = {call.dim(dim, len(shape), "dim") for dim in call["dim"]}
    if len(reduced) < len(call["dim"]):
        raise call.refuse("dim names a dimension twice", argument="dim")
    output: list[Size] = []
    axes: list[AxisRelation] = []
    for axis, size in enumerate(shape):
        if axis not in reduced:
            output.append(size)
            axes.append(keep(axis))
        elif call["keepdim"]:
            output.append(1)
            axes.append(None)
    if not output:
        raise call.refuse("no size would be left of a sample; use keepdim", argument="dim")
    return Effect(tuple(output), (tuple(axes),))


def _apply_parameter(call: Call) -> Effect:
    shape: Shape = call["shape"]
    return Effect(shape, (), other_parameters=product(shape), rearranges=True, allocates=False)


for _layer in (
    LayerType(
        name="Add",
        family="merging",
        arguments=(),
        apply=_apply_elementwise,
        formula=r"\text{the inputs' common shape}",
        home="",
        inputs=(1, MAX_INPUTS),
        summary="Sum of inputs; sizes of 1 stretch.",
    ),
    LayerType(
        name="Multiply",
        family="merging",
        arguments=(),
        apply=_apply_elementwise,
        formula=r"\text{the inputs' common shape}",
        home="",
        inputs=(1, MAX_INPUTS),
        summary="Product of inputs, element by element; sizes of 1 stretch.",
    ),
    LayerType(
        name="Concat",
        family="merging",
        arguments=(Argument("dim", INTEGER, 1),),
        apply=_apply_concat,
        formula=r"\sum_i C_i",
        home="",
        inputs=(1, MAX_INPUTS),
        summary="Inputs one after the other along a dimension of the batched tensor; 1 is the channels.",
    ),
    LayerType(
        name="Mean",
        family="merging",
        arguments=(Argument("dim", ListKind(INTEGER)), Argument("keepdim", FLAG, False)),
        apply=_apply_mean,
        formula=r"S \setminus dim",
        home="",
        summary="Average over dimensions of the batched tensor.",
    ),
    LayerType(
        name="Parameter",
        family="merging",
        arguments=(Argument("shape", ListKind(SIZE)),),
        apply=_apply_parameter,
        formula=r"\text{shape}",
        home="",
        inputs=(0, 0),
        summary="A learned tensor, the same for every sample: a class token, an embedding, a layer scale.",
    ),
):
    register(_layer)
