"""MultiheadAttention and TransformerEncoderLayer."""

from app.shapes.layers.arguments import FLAG, SIZE, Argument, ChoiceKind, NumberKind, OptionalKind, inferred
from app.shapes.layers.base import Call, Effect, LayerType, Shape
from app.shapes.layers.registry import register
from app.shapes.sizes import Size

_DROPOUT = NumberKind(0, 1)
_SEQUENCE = "sequence length and features"


def _check_heads(call: Call, width: Size, heads: str) -> None:
    call.quotient(
        width,
        call[heads],
        f"the width ({{}}) must be divisible by {heads} ({{}})",
        width,
        call[heads],
        argument=heads,
    )


def _apply_attention(call: Call) -> Effect:
    call.shape((2,), _SEQUENCE)
    query = call.shapes[0]
    key: Shape = call.shapes[1] if len(call.shapes) > 1 else query
    value: Shape = call.shapes[2] if len(call.shapes) > 2 else key
    for shape in (key, value):
        if len(shape) != 2:
            raise call.refuse(f"keys and values must have {_SEQUENCE}")
    width = call.match("embed_dim", query[1], "the query's number of features")
    _check_heads(call, width, "num_heads")
    kdim = width if call["kdim"] is None else call["kdim"]
    vdim = width if call["vdim"] is None else call["vdim"]
    for argument, wanted, found in (("kdim", kdim, key[1]), ("vdim", vdim, value[1])):
        call.equal(
            found,
            wanted,
            f"{argument} is {{}}, but the input has {{}} features",
            wanted,
            found,
            argument=argument,
        )
    call.equal(key[0], value[0], "keys ({}) and values ({}) differ in number", key[0], value[0])
    weights = 2 * width * width + width * kdim + width * vdim
    rows, columns = query[0], key[0]
    seen = columns + (1 if call["add_bias_kv"] else 0) + (1 if call["add_zero_attn"] else 0)
    products = rows * 2 * width * width + columns * width * (kdim + vdim) + 2 * rows * seen * width
    return Effect(
        query,
        ((None, None),) * len(call.shapes),
        weights=weights,
        biases=4 * width if call["bias"] else 0,
        other_parameters=2 * width if call["add_bias_kv"] else 0,
        other_products=products,
        inferred={"embed_dim": width},
    )


def _apply_encoder(call: Call) -> Effect:
    length, found = call.shape((2,), _SEQUENCE)
    width = call.match("d_model", found, "the input's number of features")
    _check_heads(call, width, "nhead")
    inner = call["dim_feedforward"]
    weights = 4 * width * width + 2 * width * inner
    bias = call["bias"]
    return Effect(
        (length, width),
        ((None, None),),
        weights=weights,
        biases=5 * width + inner if bias else 0,
        other_parameters=4 * width if bias else 2 * width,
        other_products=length * weights + 2 * length * length * width,
        inferred={"d_model": width},
    )


register(
    LayerType(
        name="MultiheadAttention",
        family="attention",
        arguments=(
            inferred("embed_dim"),
            Argument("num_heads", SIZE),
            Argument("dropout", _DROPOUT, 0.0),
            Argument("bias", FLAG, True),
            Argument("add_bias_kv", FLAG, False),
            Argument("add_zero_attn", FLAG, False),
            Argument("kdim", OptionalKind(SIZE), None),
            Argument("vdim", OptionalKind(SIZE), None),
            Argument("batch_first", FLAG, False),
        ),
        apply=_apply_attention,
        formula=r"(L, E)",
        inputs=(1, 3),
        summary="Inputs: query, key, value; one input attends to itself, two are query and key = value.",
    )
)
register(
    LayerType(
        name="TransformerEncoderLayer",
        family="attention",
        arguments=(
            inferred("d_model"),
            Argument("nhead", SIZE),
            Argument("dim_feedforward", SIZE, 2048),
            Argument("dropout", _DROPOUT, 0.1),
            Argument("activation", ChoiceKind("relu", "gelu"), "relu"),
            Argument("layer_norm_eps", NumberKind(), 1e-5),
            Argument("batch_first", FLAG, False),
            Argument("norm_first", FLAG, False),
            Argument("bias", FLAG, True),
        ),
        apply=_apply_encoder,
        formula=r"(L, E)",
        summary="Self-attention and a feed-forward part, each with residual and normalisation.",
    )
)
