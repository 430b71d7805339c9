"""RNN, GRU and LSTM: the sequence of outputs; the final state is not followed."""

from functools import partial

from app.shapes.layers.arguments import FLAG, SIZE, Argument, ChoiceKind, NumberKind, SizeKind, inferred
from app.shapes.layers.base import Call, Effect, LayerType
from app.shapes.layers.registry import register
from app.shapes.sizes import Size


def _apply(gates: int, call: Call) -> Effect:
    length, found = call.shape((2,), "sequence length and features")
    features = call.match("input_size", found, "the input's number of features")
    hidden, layers = call["hidden_size"], call["num_layers"]
    projected: Size = call.values.get("proj_size", 0)
    if projected != 0:
        call.at_least(
            hidden - 1,
            projected,
            "proj_size {} must be smaller than hidden_size {}",
            projected,
            hidden,
            argument="proj_size",
        )
    out = hidden if projected == 0 else projected
    directions = 2 if call["bidirectional"] else 1
    # Every layer: input to gates, state to gates, and the projection; later layers read all directions.
    recurrent = gates * hidden * out + hidden * projected
    first = gates * hidden * features + recurrent
    later = gates * hidden * directions * out + recurrent
    weights = directions * (first + (layers - 1) * later)
    return Effect(
        (length, directions * out),
        ((None, None),),
        weights=weights,
        biases=layers * directions * 2 * gates * hidden if call["bias"] else 0,
        other_products=length * weights,
        inferred={"input_size": features},
    )


for _name, _gates in (("RNN", 1), ("GRU", 3), ("LSTM", 4)):
    register(
        LayerType(
            name=_name,
            family="recurrent",
            arguments=(
                inferred("input_size"),
                Argument("hidden_size", SIZE),
                Argument("num_layers", SIZE, 1),
                *((Argument("nonlinearity", ChoiceKind("tanh", "relu"), "tanh"),) if _name == "RNN" else ()),
                Argument("bias", FLAG, True),
                Argument("batch_first", FLAG, False),
                Argument("dropout", NumberKind(0, 1), 0.0),
                Argument("bidirectional", FLAG, False),
                *((Argument("proj_size", SizeKind(0), 0),) if _name == "LSTM" else ()),
            ),
            apply=partial(_apply, _gates),
            formula=r"(L, D \cdot H_{out})",
            summary="A sample is (length, features) whichever side batch_first puts the batch on.",
        )
    )
