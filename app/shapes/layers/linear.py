"""Linear and Bilinear on inputs of any rank, and Embedding."""

from app.shapes.layers.arguments import FLAG, INTEGER, NUMBER, SIZE, Argument, OptionalKind, inferred
from app.shapes.layers.base import Call, Effect, LayerType, Shape, Variables, product, show
from app.shapes.layers.registry import register
from app.shapes.receptive.axes import keep_all
from app.shapes.sizes import Size, known_at_least


def _last(call: Call, index: int = 0) -> tuple[Shape, Size]:
    shape = call.shapes[index]
    return shape[:-1], shape[-1]


def _apply_linear(call: Call) -> Effect:
    rows, found = _last(call)
    features = call.match("in_features", found, "the input's last size")
    out = call["out_features"]
    weights = features * out
    connections = product(rows) * weights
    return Effect(
        (*rows, out),
        ((*keep_all(len(rows)), None),),
        weights=weights,
        biases=out if call["bias"] else 0,
        connections=connections,
        connections_in_bounds=connections if isinstance(connections, int) else None,
        inferred={"in_features": features},
    )


def _parameter_variables(call: Call) -> Variables:
    out = call["out_features"]
    return {"C": call.shapes[0][-1], "O": out, "B": out if call["bias"] else 0}


def _apply_bilinear(call: Call) -> Effect:
    (rows, left), (other_rows, right) = _last(call, 0), _last(call, 1)
    if len(rows) != len(other_rows):
        raise call.refuse(f"the inputs {show(call.shapes[0])} and {show(call.shapes[1])} differ in rank")
    for one, other in zip(rows, other_rows, strict=True):
        call.equal(one, other, "the inputs differ before their last size: {} and {}", one, other)
    first = call.match("in1_features", left, "the first input's last size")
    second = call.match("in2_features", right, "the second input's last size")
    out = call["out_features"]
    weights = first * second * out
    axes = (*keep_all(len(rows)), None)
    return Effect(
        (*rows, out),
        (axes, axes),
        weights=weights,
        biases=out if call["bias"] else 0,
        other_products=product(rows) * weights,
        inferred={"in1_features": first, "in2_features": second},
    )


def _apply_embedding(call: Call) -> Effect:
    if not call.reads_input:
        raise call.refuse("an embedding reads integers, which only the network's input can be; put it first")
    shape = call.shapes[0]
    rows, features = call["num_embeddings"], call["embedding_dim"]
    index = call["padding_idx"]
    if index is not None:
        last = rows - 1
        inside = known_at_least(last, index) if index >= 0 else known_at_least(rows, -index)
        if inside is False:
            raise call.refuse(
                f"padding_idx {index} is outside of {{}} embeddings", rows, argument="padding_idx"
            )
    return Effect((*shape, features), ((*keep_all(len(shape)), None),), other_parameters=rows * features)


for _layer in (
    LayerType(
        name="Linear",
        family="linear",
        arguments=(inferred("in_features"), Argument("out_features", SIZE), Argument("bias", FLAG, True)),
        apply=_apply_linear,
        formula=r"(*, \text{out\_features})",
        parameters_formula=r"@C \cdot @O + @B",
        parameter_variables=_parameter_variables,
        summary="Acts on the last size, each row apart.",
    ),
    LayerType(
        name="Bilinear",
        family="linear",
        arguments=(
            inferred("in1_features"),
            inferred("in2_features"),
            Argument("out_features", SIZE),
            Argument("bias", FLAG, True),
        ),
        apply=_apply_bilinear,
        formula=r"(*, \text{out\_features})",
        inputs=(2, 2),
        summary="x^T A y of two inputs' last sizes.",
    ),
    LayerType(
        name="Embedding",
        family="linear",
        arguments=(
            Argument("num_embeddings", SIZE),
            Argument("embedding_dim", SIZE),
            Argument("padding_idx", OptionalKind(INTEGER), None),
            Argument("max_norm", OptionalKind(NUMBER), None),
            Argument("norm_type", NUMBER, 2.0),
            Argument("scale_grad_by_freq", FLAG, False),
            Argument("sparse", FLAG, False),
        ),
        apply=_apply_embedding,
        formula=r"(*, \text{embedding\_dim})",
        summary="A row of the table for each integer of the input.",
    ),
):
    register(_layer)
