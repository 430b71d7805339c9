"""Attention within windows, as torchvision's Swin and MaxViT networks define it."""

from functools import partial
from math import isqrt

from app.shapes.layers.arguments import FLAG, SIZE, Argument, IntegerKind, ListKind, NumberKind, inferred
from app.shapes.layers.base import Call, Effect, LayerType
from app.shapes.layers.registry import register
from app.shapes.receptive.axes import AxisRelation, Run, Unknown, keep, periodic
from app.shapes.sizes import Size, ceiling_ratio

_HIDDEN = 512  # of Swin V2's small network that makes position biases


def _window_axis(source: int, length: Size, window: int, shift: int) -> AxisRelation:
    """Every position sees its own window; a shift moves the borders, unless one window covers everything."""
    if not isinstance(length, int):
        return Unknown(source)
    shift = 0 if window >= length else shift
    return periodic(source, window, window, lambda i: Run(shift + (i - shift) // window * window, 1, window))


def _apply_shifted(version: int, call: Call) -> Effect:
    height, width, found = call.shape((3,), "height, width and channels")
    dim = call.match("dim", found, "the input's last size")
    heads = call["num_heads"]
    call.quotient(
        dim, heads, "dim ({}) must be divisible by num_heads ({})", dim, heads, argument="num_heads"
    )
    (window_h, window_w), (shift_h, shift_w) = call["window_size"], call["shift_size"]
    for window, shift in ((window_h, shift_h), (window_w, shift_w)):
        if not 0 <= shift < window:
            raise call.refuse(
                f"shift_size {shift} must lie between 0 and the window's size {window}", argument="shift_size"
            )
    tokens = window_h * window_w
    offsets = (2 * window_h - 1) * (2 * window_w - 1)
    padded = ceiling_ratio(height, window_h) * ceiling_ratio(width, window_w) * tokens
    weights = 4 * dim * dim
    biases = (3 * dim if call["qkv_bias"] else 0) + (dim if call["proj_bias"] else 0)
    products = padded * weights + 2 * padded * tokens * dim
    tables, buffers = offsets * heads, tokens * tokens
    if version == 2:
        weights = weights + 2 * _HIDDEN + _HIDDEN * heads
        biases = biases + _HIDDEN
        tables, buffers = heads, buffers + 2 * offsets
        products = products + offsets * (2 * _HIDDEN + _HIDDEN * heads)
    axes = (_window_axis(0, height, window_h, shift_h), _window_axis(1, width, window_w, shift_w), None)
    return Effect(
        (height, width, dim),
        (axes,),
        weights=weights,
        biases=biases,
        other_parameters=tables,
        buffers=buffers,
        other_products=products,
        inferred={"dim": dim},
    )


def _apply_relative(call: Call) -> Effect:
    groups, tokens, found = call.shape((3,), "groups, positions and features")
    width = call.match("feat_dim", found, "the input's last size")
    longest: int = call["max_seq_len"]
    heads = call.quotient(
        width,
        call["head_dim"],
        "feat_dim ({}) must be divisible by head_dim ({})",
        width,
        call["head_dim"],
        argument="head_dim",
    )
    call.equal(
        tokens,
        longest,
        "max_seq_len is {}, but the input has {} positions",
        longest,
        tokens,
        argument="max_seq_len",
    )
    side = isqrt(longest)
    if side * side != longest:
        raise call.refuse(f"max_seq_len must be a square number, not {longest}", argument="max_seq_len")
    weights = 4 * width * width
    return Effect(
        (groups, tokens, width),
        ((keep(0), None, None),),
        weights=weights,
        biases=4 * width,
        other_parameters=(2 * side - 1) ** 2 * heads,
        buffers=longest * longest,
        other_products=groups * tokens * (weights + 2 * tokens * width),
        inferred={"feat_dim": width},
    )


_SMALL = IntegerKind(0, 1024)
_PAIR = ListKind(_SMALL, count=2, single=False)
_RATE = NumberKind(0, 1)
for _version in (1, 2):
    register(
        LayerType(
            name="ShiftedWindowAttention" + ("V2" if _version == 2 else ""),
            family="attention",
            arguments=(
                inferred("dim"),
                Argument("window_size", _PAIR),
                Argument("shift_size", _PAIR),
                Argument("num_heads", SIZE),
                Argument("qkv_bias", FLAG, True),
                Argument("proj_bias", FLAG, True),
                Argument("attention_dropout", _RATE, 0.0),
                Argument("dropout", _RATE, 0.0),
            ),
            apply=partial(_apply_shifted, _version),
            formula=r"(H, W, C)",
            home="torchvision.models.swin_transformer",
            summary="Attention within windows, channels last; shift_size moves the borders.",
        )
    )
register(
    LayerType(
        name="RelativePositionalMultiHeadAttention",
        family="attention",
        arguments=(
            inferred("feat_dim"),
            Argument("head_dim", SIZE),
            Argument("max_seq_len", _SMALL),
        ),
        apply=_apply_relative,
        formula=r"(G, P, D)",
        home="torchvision.models.maxvit",
        summary="Attention among the positions of each group, with a learned bias for each offset.",
    )
)
