"""Random layers without windows: normalisation, linear, reshaping, merging, activation, recurrent, more."""

import math
from typing import Any

from hypothesis import strategies as st

from tests.shapes.draws import Case, Draw, flag, maybe, shape_of, wrong_channels


def normalisation(draw: Draw) -> Case:
    """Batch, instance, group, layer, RMS and local response normalisation."""
    kind = draw(
        st.sampled_from(["Batch", "Instance", "GroupNorm", "LayerNorm", "RMSNorm", "LocalResponseNorm"])
    )
    arguments: dict[str, Any] = {}
    if kind in ("Batch", "Instance"):
        dims = draw(st.integers(1, 3))
        shape = shape_of(draw, dims + 1, largest=4, wrong_rank=0.15)
        flag(draw, arguments, "affine", "track_running_stats", "bias")
        wrong_channels(draw, arguments, "num_features", shape[0])
        return Case(f"{kind}Norm{dims}d", arguments, [shape])
    shape = shape_of(draw, draw(st.integers(1, 4)), largest=4)
    if kind == "GroupNorm":
        arguments["num_groups"] = draw(st.sampled_from([1, 2, 3, 4]))
        wrong_channels(draw, arguments, "num_channels", shape[0])
        flag(draw, arguments, "affine", "bias")
    elif kind == "LocalResponseNorm":
        arguments["size"] = draw(st.integers(1, 5))
    else:
        tail = shape[-draw(st.integers(1, len(shape))) :]
        if draw(st.integers(0, 9)) == 0:
            tail = [*tail[:-1], tail[-1] + 1]
        arguments["normalized_shape"] = tail[0] if len(tail) == 1 and draw(st.booleans()) else tail
        flag(draw, arguments, "elementwise_affine", *(["bias"] if kind == "LayerNorm" else []))
    return Case(kind, arguments, [shape])


def linear(draw: Draw) -> Case:
    """Linear, Bilinear, Embedding."""
    kind = draw(st.sampled_from(["Linear", "Linear", "Bilinear", "Embedding"]))
    shape = [draw(st.integers(1, 6)) for _ in range(draw(st.integers(1, 4)))]
    arguments: dict[str, Any] = {}
    if kind == "Embedding":
        arguments = {"num_embeddings": draw(st.integers(1, 9)), "embedding_dim": draw(st.integers(1, 5))}
        maybe(draw, arguments, "padding_idx", lambda: draw(st.integers(-10, 9)), 0.3)
        return Case(kind, arguments, [shape])
    arguments["out_features"] = draw(st.integers(1, 9))
    flag(draw, arguments, "bias")
    if kind == "Linear":
        wrong_channels(draw, arguments, "in_features", shape[-1])
        return Case(kind, arguments, [shape])
    other = [*shape[:-1], draw(st.integers(1, 6))]
    if draw(st.integers(0, 9)) == 0:
        other[0] += 1
    wrong_channels(draw, arguments, "in1_features", shape[-1])
    return Case(kind, arguments, [shape, other])


def reshaping(draw: Draw) -> Case:
    """Flatten, Unflatten, Reshape, Permute, Slice, Mean."""
    kind = draw(st.sampled_from(["Flatten", "Unflatten", "Reshape", "Permute", "Slice", "Mean"]))
    shape = [draw(st.sampled_from([1, 2, 3, 4, 6])) for _ in range(draw(st.integers(1, 4)))]
    dim = st.integers(-len(shape) - 1, len(shape) + 1)
    arguments: dict[str, Any] = {}
    if kind == "Flatten":
        maybe(draw, arguments, "start_dim", lambda: draw(dim))
        maybe(draw, arguments, "end_dim", lambda: draw(dim))
    elif kind in ("Unflatten", "Reshape"):
        axis = draw(st.integers(0, len(shape) - 1))
        whole = shape[axis] if kind == "Unflatten" else math.prod(shape)
        first = draw(st.sampled_from([d for d in range(1, whole + 1) if whole % d == 0]))
        sizes = draw(
            st.sampled_from(
                [[first, whole // first], [first, -1], [-1, first], [whole], [first, first], [-1, -1]]
            )
        )
        if kind == "Reshape":
            return Case(kind, {"shape": sizes}, [shape])
        arguments = {"dim": axis + 1 if draw(st.integers(0, 9)) else draw(dim), "unflattened_size": sizes}
    elif kind == "Permute":
        order = draw(st.permutations(range(1, len(shape) + 1)))
        dims = [0, *order] if draw(st.integers(0, 9)) else [*order, 0]
        arguments = {"dims": [d - len(dims) if d and draw(st.integers(0, 4)) == 0 else d for d in dims]}
    elif kind == "Slice":
        maybe(draw, arguments, "dim", lambda: draw(dim), 0.7)
        maybe(draw, arguments, "start", lambda: draw(st.integers(-5, 5)), 0.6)
        maybe(draw, arguments, "stop", lambda: draw(st.integers(-5, 8)), 0.6)
        maybe(draw, arguments, "step", lambda: draw(st.integers(1, 3)), 0.4)
    else:
        count = draw(st.integers(1, len(shape)))
        arguments["dim"] = [draw(dim) for _ in range(count)]
        flag(draw, arguments, "keepdim")
    return Case(kind, arguments, [shape])


def merging(draw: Draw) -> Case:
    """Add, Multiply, Concat of one to three inputs."""
    kind = draw(st.sampled_from(["Add", "Multiply", "Concat"]))
    shape = [draw(st.integers(1, 4)) for _ in range(draw(st.integers(1, 3)))]
    shapes = [shape]
    for _ in range(draw(st.integers(0, 2))):
        other = [size if draw(st.integers(0, 5)) else draw(st.sampled_from([1, 2])) for size in shape]
        shapes.append(other)
    arguments: dict[str, Any] = {}
    if kind == "Concat":
        maybe(draw, arguments, "dim", lambda: draw(st.integers(-len(shape) - 1, len(shape))))
    return Case(kind, arguments, shapes)


def activation(draw: Draw) -> Case:
    """Activations, softmaxes and dropouts."""
    shape = [draw(st.integers(1, 6)) for _ in range(draw(st.integers(1, 4)))]
    dim = st.integers(-len(shape) - 2, len(shape) + 1)
    number = st.sampled_from([-1.0, 0, 0.3, 1, 2.5])
    kind = draw(st.sampled_from(ACTIVATIONS))
    arguments: dict[str, Any] = {}
    if kind in ("Softmax", "Softmin", "LogSoftmax", "GLU"):
        maybe(draw, arguments, "dim", lambda: draw(dim), 0.9)
    elif kind == "PReLU":
        maybe(draw, arguments, "num_parameters", lambda: draw(st.sampled_from([1, shape[0], 3])))
    elif kind == "Threshold":
        arguments = {"threshold": draw(number), "value": draw(number)}
    elif kind == "GELU":
        maybe(draw, arguments, "approximate", lambda: draw(st.sampled_from(["none", "tanh"])))
    elif kind == "Hardtanh":
        maybe(draw, arguments, "min_val", lambda: draw(number))
        maybe(draw, arguments, "max_val", lambda: draw(number))
    elif kind == "RReLU":
        maybe(draw, arguments, "lower", lambda: draw(number))
        maybe(draw, arguments, "upper", lambda: draw(number))
    elif "ropout" in kind:
        maybe(draw, arguments, "p", lambda: draw(st.sampled_from([0, 0.3, 1, 1.5, -0.1])))
    else:
        names = {
            "LeakyReLU": "negative_slope",
            "ELU": "alpha",
            "CELU": "alpha",
            "Hardshrink": "lambd",
            "Softshrink": "lambd",
            "Softplus": "beta",
        }
        if kind in names:
            maybe(draw, arguments, names[kind], lambda: draw(number))
    if kind in INPLACE:
        flag(draw, arguments, "inplace")
    return Case(kind, arguments, [shape])


INPLACE = (
    "ReLU",
    "ReLU6",
    "LeakyReLU",
    "ELU",
    "SELU",
    "CELU",
    "SiLU",
    "Mish",
    "Hardswish",
    "Hardsigmoid",
    "Hardtanh",
)
ACTIVATIONS = (
    *INPLACE,
    "PReLU",
    "RReLU",
    "GELU",
    "Sigmoid",
    "Tanh",
    "Hardshrink",
    "Softshrink",
    "Tanhshrink",
    "Softplus",
    "Softsign",
    "LogSigmoid",
    "Threshold",
    "GLU",
    "Softmax",
    "Softmin",
    "LogSoftmax",
    "Softmax2d",
    "Identity",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "AlphaDropout",
    "FeatureAlphaDropout",
)


def recurrent(draw: Draw) -> Case:
    """RNN, GRU, LSTM."""
    kind = draw(st.sampled_from(["RNN", "GRU", "LSTM"]))
    shape = shape_of(draw, 2, largest=5)
    arguments: dict[str, Any] = {"hidden_size": draw(st.integers(1, 6))}
    maybe(draw, arguments, "num_layers", lambda: draw(st.integers(1, 3)))
    flag(draw, arguments, "bias", "batch_first", "bidirectional")
    maybe(draw, arguments, "dropout", lambda: draw(st.sampled_from([0.0, 0.5, 1, 1.5])), 0.2)
    if kind == "RNN":
        maybe(draw, arguments, "nonlinearity", lambda: draw(st.sampled_from(["tanh", "relu"])), 0.3)
    else:
        maybe(draw, arguments, "proj_size", lambda: draw(st.integers(0, 6)), 0.3 if kind == "LSTM" else 0.03)
    wrong_channels(draw, arguments, "input_size", shape[-1])
    return Case(kind, arguments, [shape])


def attention(draw: Draw) -> Case:
    """MultiheadAttention and TransformerEncoderLayer."""
    heads = draw(st.sampled_from([1, 2, 3, 4]))
    width = heads * draw(st.integers(1, 3)) + (0 if draw(st.integers(0, 9)) else 1)
    shape = [draw(st.integers(1, 5)), width]
    arguments: dict[str, Any] = {}
    if draw(st.booleans()):
        arguments = {"nhead": heads, "dim_feedforward": draw(st.integers(1, 8))}
        flag(draw, arguments, "batch_first", "norm_first", "bias")
        maybe(draw, arguments, "activation", lambda: draw(st.sampled_from(["relu", "gelu"])), 0.3)
        return Case("TransformerEncoderLayer", arguments, [shape])
    arguments = {"num_heads": heads}
    flag(draw, arguments, "bias", "add_bias_kv", "add_zero_attn", "batch_first")
    shapes = [shape]
    if draw(st.booleans()):
        key = [draw(st.integers(1, 5)), draw(st.sampled_from([width, width + 1]))]
        value = [key[0], draw(st.sampled_from([width, width + 2]))]
        shapes += [key, value]
        if key[1] != width or draw(st.booleans()):
            arguments["kdim"] = key[1]
        if value[1] != width or draw(st.booleans()):
            arguments["vdim"] = value[1]
    return Case("MultiheadAttention", arguments, shapes)
