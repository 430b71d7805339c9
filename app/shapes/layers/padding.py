"""ZeroPad, ConstantPad, ReflectionPad, ReplicationPad and CircularPad; negative padding crops."""

from functools import partial

from app.shapes.layers.arguments import NUMBER, Argument, ScalarOrListKind, SignedSizeKind
from app.shapes.layers.base import Call, Effect, LayerType
from app.shapes.layers.registry import register
from app.shapes.receptive.axes import AxisRelation, keep_all, slide
from app.shapes.sizes import Size, known_at_least


def _apply(mode: str, dims: int, call: Call) -> Effect:
    shape = call.shapes[0]
    first = len(shape) - dims
    if mode in ("Zero", "Constant"):
        if first < 0:
            raise call.refuse(f"the input must have at least {dims} sizes")
    elif first not in (0, 1):
        raise call.refuse(f"the input must have {dims} spatial sizes, with or without channels")
    given = call["padding"]
    sides: tuple[Size, ...] = given if isinstance(given, tuple) else (given,) * (2 * dims)
    if len(sides) != 2 * dims:
        raise call.refuse(f"padding must be one value or a list of {2 * dims}", argument="padding")
    output: list[Size] = list(shape[:first])
    axes: list[AxisRelation] = list(keep_all(first))
    for i, length in enumerate(shape[first:]):
        # PyTorch lists the last axis first.
        before, after = sides[2 * (dims - 1 - i)], sides[2 * (dims - 1 - i) + 1]
        _check_source(call, mode, length, (before, after))
        if mode in ("Zero", "Constant", "Circular"):
            _check_crop(call, length, before, after)
        size = length + before + after
        call.at_least(
            size, 1, "padding {} and {} leaves nothing of {}", before, after, length, argument="padding"
        )
        output.append(size)
        axes.append(slide(first + i, 1, 1, before))
    return Effect(tuple(output), (tuple(axes),))


def _check_source(call: Call, mode: str, length: Size, sides: tuple[Size, Size]) -> None:
    for side in sides:
        if mode == "Reflection":
            call.at_least(
                length - 1,
                side,
                "reflection by {} needs an axis longer than {}, not {}",
                side,
                side,
                length,
                argument="padding",
            )
        elif mode == "Circular":
            call.at_least(
                length,
                side,
                "wrapping by {} needs an axis of at least that, not {}",
                side,
                length,
                argument="padding",
            )


def _check_crop(call: Call, length: Size, before: Size, after: Size) -> None:
    for side in (before, after):
        if known_at_least(side, 0) is False:
            call.at_least(length + side, 0, "cannot crop {} of {}", -side, length, argument="padding")


for _dims in (1, 2, 3):
    for _mode in ("Zero", "Constant", "Reflection", "Replication", "Circular"):
        _padding = Argument("padding", ScalarOrListKind(SignedSizeKind(), most=6))
        register(
            LayerType(
                name=f"{_mode}Pad{_dims}d",
                family="padding",
                arguments=(_padding, Argument("value", NUMBER)) if _mode == "Constant" else (_padding,),
                apply=partial(_apply, _mode, _dims),
                formula=r"L + p_{before} + p_{after}",
                summary="One value, or (before, after) for each axis, the last axis first.",
            )
        )
