"""BatchNorm, InstanceNorm, GroupNorm, LayerNorm, RMSNorm and LocalResponseNorm, as in evaluation.

Instance, group and layer normalisation mix all positions they average over, so what lies behind them sees all
of those axes; batch normalisation in evaluation uses stored averages and mixes nothing.
"""

from functools import partial

from app.shapes.layers.arguments import (
    FLAG,
    NUMBER,
    SIZE,
    Argument,
    ListKind,
    NumberKind,
    OptionalKind,
    SizeKind,
    inferred,
)
from app.shapes.layers.base import Call, Effect, LayerType, product, show
from app.shapes.layers.registry import register
from app.shapes.receptive.axes import AxisRelation, keep_all
from app.shapes.sizes import Size, known_equal, to_text

_EPS = Argument("eps", NUMBER, 1e-5)
_BIAS = Argument("bias", FLAG, True, keyword_only=True)
_MEANING = {
    1: "channels, and length or nothing",
    2: "channels, height and width",
    3: "channels, depth, height and width",
}


def _affine(call: Call, count: Size, flag: str = "affine") -> Size:
    """Scale and, unless `bias` is false, shift."""
    return 0 if not call[flag] else count * (2 if call["bias"] else 1)


def _apply_batch(dims: int, call: Call) -> Effect:
    shape = call.shape((1, 2) if dims == 1 else (dims + 1,), _MEANING[dims])
    features, notes = _features(call, shape[0])
    return Effect(
        shape,
        (keep_all(len(shape)),),
        other_parameters=_affine(call, features),
        buffers=2 * features + 1 if call["track_running_stats"] else 0,
        inferred={"num_features": features},
        notes=notes,
    )


def _features(call: Call, channels: Size) -> tuple[Size, tuple[str, ...]]:
    """The checked num_features, and a note where PyTorch does not check it since nothing depends on it."""
    given: Size | None = call["num_features"]
    if given is None or call["affine"] or call["track_running_stats"]:
        return call.match("num_features", channels, "the input's number of channels"), ()
    if known_equal(given, channels) is not False:
        return given, ()
    note = f"num_features is {to_text(given)} on {to_text(channels)} channels; PyTorch lets that pass"
    return given, (note,)


def _apply_instance(dims: int, call: Call) -> Effect:
    shape = call.shape((dims + 1,), _MEANING[dims] if dims > 1 else "channels and length")
    features, notes = _features(call, shape[0])
    if not call["track_running_stats"]:
        positions = product(shape[1:])
        call.at_least(positions, 2, "instance normalisation needs more than one position in each channel")
    stored = call["track_running_stats"]
    axes: tuple[AxisRelation, ...] = keep_all(len(shape)) if stored else (keep_all(1)[0], *(None,) * dims)
    return Effect(
        shape,
        (axes,),
        other_parameters=_affine(call, features),
        buffers=2 * features + 1 if stored else 0,
        inferred={"num_features": features},
        notes=notes,
    )


def _apply_group(call: Call) -> Effect:
    shape = call.shapes[0]
    given: Size | None = call["num_channels"]
    groups = call["num_groups"]
    if given is None or call["affine"]:
        channels = call.match("num_channels", shape[0], "the input's number of channels")
    else:  # without scale and shift PyTorch only looks at the input
        channels = given
        call.quotient(
            shape[0],
            groups,
            "the input's {} channels must be divisible by num_groups ({})",
            shape[0],
            groups,
            argument="num_groups",
        )
    call.quotient(
        channels,
        groups,
        "num_channels ({}) must be divisible by num_groups ({})",
        channels,
        groups,
        argument="num_groups",
    )
    return Effect(
        shape,
        ((None,) * len(shape),),
        other_parameters=_affine(call, channels),
        inferred={"num_channels": channels},
    )


def _apply_layer(call: Call) -> Effect:
    shape = call.shapes[0]
    wanted: tuple[Size, ...] = call["normalized_shape"]
    if len(wanted) > len(shape):
        raise call.refuse(
            f"normalized_shape has {len(wanted)} sizes, the input {show(shape)} only {len(shape)}",
            argument="normalized_shape",
        )
    kept = len(shape) - len(wanted)
    for found, size in zip(shape[kept:], wanted, strict=True):
        call.equal(
            found,
            size,
            f"normalized_shape {show(wanted)} is not the end of the input's shape {show(shape)}",
            argument="normalized_shape",
        )
    parameters = (
        _affine(call, product(wanted), "elementwise_affine")
        if "bias" in call.values
        else (product(wanted) if call["elementwise_affine"] else 0)
    )
    axes = (*keep_all(kept), *(None,) * len(wanted))
    return Effect(shape, (axes,), other_parameters=parameters)


def _apply_local_response(call: Call) -> Effect:
    shape = call.shapes[0]
    if len(shape) < 2:
        raise call.refuse("the input must have channels and at least one more size")
    return Effect(shape, ((None, *keep_all(len(shape))[1:]),))


_MOMENTUM = Argument("momentum", OptionalKind(NUMBER), 0.1)
for _dims in (1, 2, 3):
    for _name, _function, _default in (("Batch", _apply_batch, True), ("Instance", _apply_instance, False)):
        register(
            LayerType(
                name=f"{_name}Norm{_dims}d",
                family="normalisation",
                arguments=(
                    inferred("num_features"),
                    _EPS,
                    _MOMENTUM,
                    Argument("affine", FLAG, _default),
                    Argument("track_running_stats", FLAG, _default),
                    _BIAS,
                ),
                apply=partial(_function, _dims),
                formula=r"\text{as the input}",
                summary="Parameters: scale and shift of each channel when affine.",
            )
        )
_SHAPE = Argument("normalized_shape", ListKind(SIZE))
_ELEMENTWISE = Argument("elementwise_affine", FLAG, True)
for _layer in (
    LayerType(
        name="GroupNorm",
        family="normalisation",
        arguments=(
            Argument("num_groups", SIZE),
            inferred("num_channels"),
            _EPS,
            Argument("affine", FLAG, True),
            _BIAS,
        ),
        apply=_apply_group,
        formula=r"\text{as the input}",
    ),
    LayerType(
        name="LayerNorm",
        family="normalisation",
        arguments=(_SHAPE, _EPS, _ELEMENTWISE, Argument("bias", FLAG, True)),
        apply=_apply_layer,
        formula=r"\text{as the input}",
    ),
    LayerType(
        name="RMSNorm",
        family="normalisation",
        arguments=(_SHAPE, Argument("eps", OptionalKind(NUMBER), None), _ELEMENTWISE),
        apply=_apply_layer,
        formula=r"\text{as the input}",
    ),
    LayerType(
        name="LocalResponseNorm",
        family="normalisation",
        arguments=(
            Argument("size", SizeKind()),
            Argument("alpha", NumberKind(), 1e-4),
            Argument("beta", NUMBER, 0.75),
            Argument("k", NUMBER, 1.0),
        ),
        apply=_apply_local_response,
        formula=r"\text{as the input}",
    ),
):
    register(_layer)
