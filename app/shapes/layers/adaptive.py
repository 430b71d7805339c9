"""Adaptive average and maximum pooling: any input size to a wanted output size."""

from functools import partial
from math import gcd

from app.shapes.layers.arguments import FLAG, SIZE, Argument, ListKind, OptionalKind, ScalarOrListKind
from app.shapes.layers.base import Call, Effect, LayerType
from app.shapes.layers.pool import MEANING
from app.shapes.layers.registry import register
from app.shapes.receptive.axes import AxisRelation, Run, Unknown, keep, periodic, slide
from app.shapes.sizes import Size


def adaptive_axis(source: int, length: Size, size: Size) -> AxisRelation:
    """Output i averages inputs from `floor(i*length/size)` up to `ceil((i + 1)*length/size)`, exclusive."""
    if length == size:
        return keep(source)
    if size == 1:
        return slide(source, length, length)
    if not isinstance(length, int) or not isinstance(size, int):
        return Unknown(source)
    common = gcd(length, size)
    inputs, outputs = length, size

    def run(i: int) -> Run:
        start = i * inputs // outputs
        return Run(start, 1, -((-(i + 1) * inputs) // outputs) - start)

    return periodic(source, length // common, size // common, run)


def _apply(dims: int, averages: bool, call: Call) -> Effect:
    given = call["output_size"]
    wanted: tuple[Size | None, ...] = given if isinstance(given, tuple) else (given,) * dims
    if len(wanted) != dims:
        raise call.refuse(f"output_size must be one value or a list of {dims}", argument="output_size")
    shape = call.shapes[0]
    first = len(shape) - dims
    lengths = shape[max(0, first) :]
    sizes = tuple(length if size is None else size for length, size in zip(lengths, wanted, strict=False))
    # To one value PyTorch takes the mean, of a tensor of any rank.
    if first < 1 or not averages or dims == 1 or any(size != 1 for size in sizes):
        call.shape((dims, dims + 1), MEANING[dims])
    axes = [keep(axis) for axis in range(first)]
    spatial = [
        adaptive_axis(first + i, length, size)
        for i, (length, size) in enumerate(zip(lengths, sizes, strict=True))
    ]
    return Effect((*shape[:first], *sizes), ((*axes, *spatial),))


class _Wanted(ScalarOrListKind):
    """One size for all axes, or a list in which null keeps an axis."""

    def __init__(self, dims: int) -> None:
        super().__init__(SIZE, most=dims)
        if dims > 1:
            self.list = ListKind(OptionalKind(SIZE), count=dims, single=False)


for _dims in (1, 2, 3):
    for _name, _more in (("Avg", ()), ("Max", (Argument("return_indices", FLAG, False),))):
        register(
            LayerType(
                name=f"Adaptive{_name}Pool{_dims}d",
                family="pooling",
                arguments=(Argument("output_size", _Wanted(_dims)), *_more),
                apply=partial(_apply, _dims, _name == "Avg"),
                formula=r"O, \quad \text{window } i = \left[ \left\lfloor \frac{i L}{O} \right\rfloor, "
                r"\left\lceil \frac{(i + 1) L}{O} \right\rceil \right)",
                summary="Any size to the wanted one; null keeps an axis as it is.",
            )
        )
