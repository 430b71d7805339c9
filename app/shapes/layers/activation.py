"""Activations and softmaxes: the shape stays (GLU halves a size)."""

import math

from app.shapes.layers.arguments import (
    FLAG,
    INTEGER,
    NUMBER,
    SIZE,
    Argument,
    ChoiceKind,
    NumberKind,
    OptionalKind,
)
from app.shapes.layers.base import Call, Effect, LayerType
from app.shapes.layers.registry import register
from app.shapes.receptive.axes import AxisRelation, keep_all
from app.shapes.sizes import known_equal


def _apply_elementwise(call: Call) -> Effect:
    shape = call.shapes[0]
    return Effect(shape, (keep_all(len(shape)),), allocates=not call.values.get("inplace", False))


def _apply_ordered(call: Call) -> Effect:
    low, high = ("lower", "upper") if "lower" in call.values else ("min_val", "max_val")
    if call[low] > call[high] or (low == "min_val" and call[low] == call[high]):
        raise call.refuse(f"{low} ({call[low]}) must be smaller than {high} ({call[high]})", argument=low)
    return _apply_elementwise(call)


def _apply_celu(call: Call) -> Effect:
    if call["alpha"] == 0:
        raise call.refuse("alpha cannot be 0", argument="alpha")
    return _apply_elementwise(call)


def _apply_prelu(call: Call) -> Effect:
    count, channels = call["num_parameters"], call.shapes[0][0]
    if count != 1 and known_equal(count, channels) is not True:
        call.equal(
            count,
            channels,
            "num_parameters is {}, but must be 1 or the {} channels",
            count,
            channels,
            argument="num_parameters",
        )
    shape = call.shapes[0]
    return Effect(shape, (keep_all(len(shape)),), other_parameters=count)


def _apply_softmax(call: Call) -> Effect:
    shape = call.shapes[0]
    rank = len(shape) + 1
    dim = call["dim"]
    if dim is None:  # PyTorch's legacy choice
        dim = 0 if rank in (1, 3) else 1
    if not -rank <= dim < rank:
        raise call.refuse(
            f"dim {dim} is out of range for a batched tensor of {rank} dimensions", argument="dim"
        )
    axes: list[AxisRelation] = list(keep_all(len(shape)))
    axis = dim % rank - 1
    if axis >= 0:
        axes[axis] = None
    return Effect(shape, (tuple(axes),))


def _apply_softmax2d(call: Call) -> Effect:
    shape = call.shape((2, 3), "channels, height and width, or height and width")
    axes: list[AxisRelation] = list(keep_all(len(shape)))
    if len(shape) == 3:
        axes[0] = None
    return Effect(shape, (tuple(axes),))


def _apply_glu(call: Call) -> Effect:
    shape = call.shapes[0]
    axis = call.dim(call["dim"], len(shape), "dim")
    half = call.quotient(shape[axis], 2, "the size {} along dim must be even", shape[axis], argument="dim")
    axes: list[AxisRelation] = list(keep_all(len(shape)))
    axes[axis] = None
    return Effect((*shape[:axis], half, *shape[axis + 1 :]), (tuple(axes),))


def _number(name: str, default: float, low: float = -math.inf) -> Argument:
    return Argument(name, NumberKind(low) if low != -math.inf else NUMBER, default)


_INPLACE = Argument("inplace", FLAG, False)
_DIM = Argument("dim", OptionalKind(INTEGER), None)
_AS_INPUT = r"\text{as the input}"

_ELEMENTWISE: dict[str, tuple[Argument, ...]] = {
    "ReLU": (_INPLACE,),
    "ReLU6": (_INPLACE,),
    "LeakyReLU": (_number("negative_slope", 0.01), _INPLACE),
    "ELU": (_number("alpha", 1.0), _INPLACE),
    "SELU": (_INPLACE,),
    "GELU": (Argument("approximate", ChoiceKind("none", "tanh"), "none"),),
    "Sigmoid": (),
    "Tanh": (),
    "SiLU": (_INPLACE,),
    "Mish": (_INPLACE,),
    "Hardswish": (_INPLACE,),
    "Hardsigmoid": (_INPLACE,),
    "Hardshrink": (_number("lambd", 0.5),),
    "Softshrink": (_number("lambd", 0.5, 0),),
    "Tanhshrink": (),
    "Softplus": (_number("beta", 1.0), _number("threshold", 20.0)),
    "Softsign": (),
    "LogSigmoid": (),
    "Threshold": (Argument("threshold", NUMBER), Argument("value", NUMBER), _INPLACE),
}
for _name, _arguments in _ELEMENTWISE.items():
    register(LayerType(_name, "activation", _arguments, _apply_elementwise, _AS_INPUT))

for _layer in (
    LayerType("CELU", "activation", (_number("alpha", 1.0), _INPLACE), _apply_celu, _AS_INPUT),
    LayerType(
        "Hardtanh",
        "activation",
        (_number("min_val", -1.0), _number("max_val", 1.0), _INPLACE),
        _apply_ordered,
        _AS_INPUT,
    ),
    LayerType(
        "RReLU",
        "activation",
        (_number("lower", 1 / 8), _number("upper", 1 / 3), _INPLACE),
        _apply_ordered,
        _AS_INPUT,
    ),
    LayerType(
        "PReLU",
        "activation",
        (Argument("num_parameters", SIZE, 1), _number("init", 0.25)),
        _apply_prelu,
        _AS_INPUT,
        summary="One learned slope, or one for each channel.",
    ),
    LayerType("GLU", "activation", (Argument("dim", INTEGER, -1),), _apply_glu, r"\frac{S_{dim}}{2}"),
    LayerType("Softmax", "activation", (_DIM,), _apply_softmax, _AS_INPUT),
    LayerType("Softmin", "activation", (_DIM,), _apply_softmax, _AS_INPUT),
    LayerType("LogSoftmax", "activation", (_DIM,), _apply_softmax, _AS_INPUT),
    LayerType("Softmax2d", "activation", (), _apply_softmax2d, _AS_INPUT),
):
    register(_layer)
