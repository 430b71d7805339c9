"""Random uses of every layer type: mostly sensible, sometimes wrong, for comparison with PyTorch."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass(frozen=True)
class Case:
    """A layer type with arguments, on inputs of these shapes (without the batch)."""

    type: str
    arguments: dict[str, Any]
    shapes: list[list[int]]


def _shape(draw: Draw, rank: int, *, largest: int = 12, wrong_rank: float = 0.04) -> list[int]:
    if draw(st.floats(0, 1)) < wrong_rank:
        rank = max(1, rank + draw(st.sampled_from([-1, 1])))
    return [draw(st.sampled_from([1, 2, 3, 4, 6, 8]))] + [
        draw(st.integers(1, largest)) for _ in range(rank - 1)
    ]


def _axes(draw: Draw, dims: int, low: int, high: int) -> int | list[int]:
    if draw(st.booleans()):
        return int(draw(st.integers(low, high)))
    count = dims if draw(st.integers(0, 29)) else draw(st.integers(1, 4))
    return [draw(st.integers(low, high)) for _ in range(count)]


def _maybe(
    draw: Draw, arguments: dict[str, Any], name: str, value: Callable[[], Any], chance: float = 0.5
) -> None:
    if draw(st.floats(0, 1)) < chance:
        arguments[name] = value()


def _flag(draw: Draw, arguments: dict[str, Any], *names: str) -> None:
    for name in names:
        _maybe(draw, arguments, name, lambda: draw(st.booleans()), 0.3)


def _wrong_channels(draw: Draw, arguments: dict[str, Any], name: str, right: int) -> None:
    _maybe(draw, arguments, name, lambda: right + draw(st.sampled_from([0, 0, 0, 1])), 0.2)


def _groups(draw: Draw, arguments: dict[str, Any], channels: int) -> None:
    fitting = [g for g in (1, 2, 3, 4, 8) if channels % g == 0 == arguments["out_channels"] % g]
    choice = fitting if draw(st.integers(0, 9)) else [1, 2, 3, 4, 8]
    _maybe(draw, arguments, "groups", lambda: draw(st.sampled_from(choice)), 0.5)


def convolution(draw: Draw, dims: int) -> Case:
    """Conv1d, Conv2d, Conv3d."""
    shape = _shape(draw, dims + 1, largest=12 if dims < 3 else 7)
    channels = [1, 2, 3, 4, 6, 8]
    arguments: dict[str, Any] = {
        "out_channels": draw(st.sampled_from(channels)),
        "kernel_size": _axes(draw, dims, 1, 4),
    }
    word = draw(st.sampled_from(["same", "valid", None, None, None]))
    if word != "same" or draw(st.integers(0, 9)) == 0:
        _maybe(draw, arguments, "stride", lambda: _axes(draw, dims, 1, 4))
    _maybe(draw, arguments, "padding", lambda: word or _axes(draw, dims, 0, 5), 0.8)
    _maybe(draw, arguments, "padding", lambda: -1, 0.02)
    _maybe(draw, arguments, "dilation", lambda: _axes(draw, dims, 1, 3), 0.4)
    _groups(draw, arguments, shape[0])
    _maybe(
        draw,
        arguments,
        "padding_mode",
        lambda: draw(st.sampled_from(["zeros", "reflect", "replicate", "circular"])),
        0.3,
    )
    _wrong_channels(draw, arguments, "in_channels", shape[0])
    _flag(draw, arguments, "bias")
    return Case(f"Conv{dims}d", arguments, [shape])


def transposed(draw: Draw, dims: int) -> Case:
    """ConvTranspose1d, ConvTranspose2d, ConvTranspose3d."""
    shape = _shape(draw, dims + 1, largest=8 if dims < 3 else 5)
    arguments: dict[str, Any] = {
        "out_channels": draw(st.sampled_from([1, 2, 3, 4, 6, 8])),
        "kernel_size": _axes(draw, dims, 1, 5),
    }
    _maybe(draw, arguments, "stride", lambda: _axes(draw, dims, 1, 4), 0.7)
    _maybe(draw, arguments, "padding", lambda: _axes(draw, dims, 0, 4))
    _maybe(draw, arguments, "padding", lambda: -1, 0.01)
    _maybe(draw, arguments, "output_padding", lambda: _axes(draw, dims, 0, 3), 0.4)
    _maybe(draw, arguments, "dilation", lambda: _axes(draw, dims, 1, 3), 0.4)
    _groups(draw, arguments, shape[0])
    _wrong_channels(draw, arguments, "in_channels", shape[0])
    _flag(draw, arguments, "bias")
    return Case(f"ConvTranspose{dims}d", arguments, [shape])


def pooling(draw: Draw, dims: int) -> Case:
    """MaxPool, AvgPool and LPPool."""
    shape = _shape(draw, dims + 1, largest=14 if dims < 3 else 8, wrong_rank=0.1)
    kind = draw(st.sampled_from(["Max", "Avg", "LP"]))
    arguments: dict[str, Any] = {"kernel_size": _axes(draw, dims, 1, 5)}
    if kind == "LP":
        arguments["norm_type"] = draw(st.sampled_from([1, 2, 2.5]))
    _maybe(draw, arguments, "stride", lambda: _axes(draw, dims, 1, 4), 0.6)
    _flag(draw, arguments, "ceil_mode", "ceil_mode")
    if kind != "LP":
        _maybe(draw, arguments, "padding", lambda: _axes(draw, dims, 0, 3), 0.5)
    if kind == "Max":
        _maybe(draw, arguments, "dilation", lambda: _axes(draw, dims, 1, 3), 0.4)
        _flag(draw, arguments, "return_indices")
    if kind == "Avg":
        _flag(draw, arguments, "count_include_pad")
        if dims > 1:
            _maybe(draw, arguments, "divisor_override", lambda: draw(st.integers(1, 5)), 0.2)
    return Case(f"{kind}Pool{dims}d", arguments, [shape])


def adaptive(draw: Draw, dims: int) -> Case:
    """Adaptive pools."""
    shape = _shape(draw, dims + 1, wrong_rank=0.1)
    kind = draw(st.sampled_from(["Avg", "Max"]))
    size = st.one_of(st.integers(1, 15), st.none()) if dims > 1 else st.integers(1, 15)
    count = dims if draw(st.integers(0, 9)) else draw(st.integers(1, 3))
    wanted = draw(size) if draw(st.booleans()) else [draw(size) for _ in range(count)]
    return Case(f"Adaptive{kind}Pool{dims}d", {"output_size": wanted}, [shape])


def upsampling(draw: Draw, dims: int) -> Case:
    """Upsample, UpsamplingNearest2d, UpsamplingBilinear2d."""
    shape = _shape(draw, dims + 1, largest=9)
    kind = draw(st.sampled_from(["Upsample"] * 4 + ["UpsamplingNearest2d", "UpsamplingBilinear2d"]))
    arguments: dict[str, Any] = {}
    factor = st.sampled_from([0.25, 0.29, 0.5, 0.7, 1, 1.5, 2, 2.0, 2.3, 3])
    if draw(st.integers(0, 9)):
        name, value = draw(st.sampled_from([("size", st.integers(1, 20)), ("scale_factor", factor)]))
        count = dims if draw(st.integers(0, 9)) else draw(st.integers(1, 3))
        arguments[name] = draw(value) if draw(st.booleans()) else [draw(value) for _ in range(count)]
    else:
        _maybe(draw, arguments, "size", lambda: 4)
        _maybe(draw, arguments, "scale_factor", lambda: 2)
    if kind == "Upsample":
        modes = {1: ["nearest", "linear"], 2: ["nearest", "bilinear", "bicubic"], 3: ["nearest", "trilinear"]}
        anything = ["nearest-exact", "area", "linear", "bilinear", "bicubic", "trilinear"]
        _maybe(draw, arguments, "mode", lambda: draw(st.sampled_from(modes[dims] * 3 + anything)), 0.8)
        _flag(draw, arguments, "align_corners", "recompute_scale_factor")
    return Case(kind, arguments, [shape])


def shuffling(draw: Draw) -> Case:
    """PixelShuffle, PixelUnshuffle, ChannelShuffle."""
    kind = draw(st.sampled_from(["PixelShuffle", "PixelUnshuffle", "ChannelShuffle"]))
    factor = draw(st.integers(1, 4))
    lead = [draw(st.integers(1, 3))] if draw(st.integers(0, 9)) == 0 else []
    sizes = [draw(st.integers(1, 3)) for _ in range(3)]
    if draw(st.integers(0, 4)):
        sizes = (
            [sizes[0] * factor * factor, *sizes[1:]]
            if kind != "PixelUnshuffle"
            else [sizes[0], sizes[1] * factor, sizes[2] * factor]
        )
    name = {
        "PixelShuffle": "upscale_factor",
        "PixelUnshuffle": "downscale_factor",
        "ChannelShuffle": "groups",
    }[kind]
    return Case(kind, {name: factor}, [lead + sizes])


def folding(draw: Draw) -> Case:
    """Unfold and Fold."""
    window: dict[str, Any] = {"kernel_size": _axes(draw, 2, 1, 3)}
    _maybe(draw, window, "dilation", lambda: _axes(draw, 2, 1, 2), 0.3)
    _maybe(draw, window, "padding", lambda: _axes(draw, 2, 0, 2))
    _maybe(draw, window, "stride", lambda: _axes(draw, 2, 1, 3))
    if draw(st.booleans()):
        return Case("Unfold", window, [_shape(draw, 3, largest=8)])
    size = [draw(st.integers(1, 7)) for _ in range(2)]

    def pair(name: str, default: int) -> list[int]:
        value = window.get(name, default)
        values = value if isinstance(value, list) else [value]
        return (values * 2)[:2]

    columns = 1
    for i in range(2):
        room = (
            size[i] + 2 * pair("padding", 0)[i] - pair("dilation", 1)[i] * (pair("kernel_size", 1)[i] - 1) - 1
        )
        columns *= max(1, room // pair("stride", 1)[i] + 1)
    rows = draw(st.integers(1, 3)) * math.prod(pair("kernel_size", 1))
    shape = [rows, columns + draw(st.sampled_from([0] * 6 + [1]))]
    return Case("Fold", {**window, "output_size": size}, [shape])


def padding(draw: Draw, dims: int) -> Case:
    """Zero, constant, reflection, replication and circular padding."""
    shape = _shape(draw, dims + 1, largest=7, wrong_rank=0.15)
    kind = draw(st.sampled_from(["Zero", "Constant", "Reflection", "Replication", "Circular"]))
    side = st.integers(-2, 5) if draw(st.booleans()) else st.integers(0, 4)
    sides = draw(side) if draw(st.booleans()) else [draw(side) for _ in range(2 * dims)]
    arguments: dict[str, Any] = {"padding": sides}
    if kind == "Constant":
        arguments["value"] = 1.5
    return Case(f"{kind}Pad{dims}d", arguments, [shape])


def normalisation(draw: Draw) -> Case:
    """Batch, instance, group, layer, RMS and local response normalisation."""
    kind = draw(
        st.sampled_from(["Batch", "Instance", "GroupNorm", "LayerNorm", "RMSNorm", "LocalResponseNorm"])
    )
    arguments: dict[str, Any] = {}
    if kind in ("Batch", "Instance"):
        dims = draw(st.integers(1, 3))
        shape = _shape(draw, dims + 1, largest=4, wrong_rank=0.15)
        _flag(draw, arguments, "affine", "track_running_stats", "bias")
        _wrong_channels(draw, arguments, "num_features", shape[0])
        return Case(f"{kind}Norm{dims}d", arguments, [shape])
    shape = _shape(draw, draw(st.integers(1, 4)), largest=4)
    if kind == "GroupNorm":
        arguments["num_groups"] = draw(st.sampled_from([1, 2, 3, 4]))
        _wrong_channels(draw, arguments, "num_channels", shape[0])
        _flag(draw, arguments, "affine", "bias")
    elif kind == "LocalResponseNorm":
        arguments["size"] = draw(st.integers(1, 5))
    else:
        tail = shape[-draw(st.integers(1, len(shape))) :]
        if draw(st.integers(0, 9)) == 0:
            tail = [*tail[:-1], tail[-1] + 1]
        arguments["normalized_shape"] = tail[0] if len(tail) == 1 and draw(st.booleans()) else tail
        _flag(draw, arguments, "elementwise_affine", *(["bias"] if kind == "LayerNorm" else []))
    return Case(kind, arguments, [shape])


def linear(draw: Draw) -> Case:
    """Linear, Bilinear, Embedding."""
    kind = draw(st.sampled_from(["Linear", "Linear", "Bilinear", "Embedding"]))
    shape = [draw(st.integers(1, 6)) for _ in range(draw(st.integers(1, 4)))]
    arguments: dict[str, Any] = {}
    if kind == "Embedding":
        arguments = {"num_embeddings": draw(st.integers(1, 9)), "embedding_dim": draw(st.integers(1, 5))}
        _maybe(draw, arguments, "padding_idx", lambda: draw(st.integers(-10, 9)), 0.3)
        return Case(kind, arguments, [shape])
    arguments["out_features"] = draw(st.integers(1, 9))
    _flag(draw, arguments, "bias")
    if kind == "Linear":
        _wrong_channels(draw, arguments, "in_features", shape[-1])
        return Case(kind, arguments, [shape])
    other = [*shape[:-1], draw(st.integers(1, 6))]
    if draw(st.integers(0, 9)) == 0:
        other[0] += 1
    _wrong_channels(draw, arguments, "in1_features", shape[-1])
    return Case(kind, arguments, [shape, other])


def reshaping(draw: Draw) -> Case:
    """Flatten, Unflatten, Reshape, Permute, Slice, Mean."""
    kind = draw(st.sampled_from(["Flatten", "Unflatten", "Reshape", "Permute", "Slice", "Mean"]))
    shape = [draw(st.sampled_from([1, 2, 3, 4, 6])) for _ in range(draw(st.integers(1, 4)))]
    dim = st.integers(-len(shape) - 1, len(shape) + 1)
    arguments: dict[str, Any] = {}
    if kind == "Flatten":
        _maybe(draw, arguments, "start_dim", lambda: draw(dim))
        _maybe(draw, arguments, "end_dim", lambda: draw(dim))
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
        _maybe(draw, arguments, "dim", lambda: draw(dim), 0.7)
        _maybe(draw, arguments, "start", lambda: draw(st.integers(-5, 5)), 0.6)
        _maybe(draw, arguments, "stop", lambda: draw(st.integers(-5, 8)), 0.6)
        _maybe(draw, arguments, "step", lambda: draw(st.integers(1, 3)), 0.4)
    else:
        count = draw(st.integers(1, len(shape)))
        arguments["dim"] = [draw(dim) for _ in range(count)]
        _flag(draw, arguments, "keepdim")
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
        _maybe(draw, arguments, "dim", lambda: draw(st.integers(-len(shape) - 1, len(shape))))
    return Case(kind, arguments, shapes)


def activation(draw: Draw) -> Case:
    """Activations, softmaxes and dropouts."""
    shape = [draw(st.integers(1, 6)) for _ in range(draw(st.integers(1, 4)))]
    dim = st.integers(-len(shape) - 2, len(shape) + 1)
    number = st.sampled_from([-1.0, 0, 0.3, 1, 2.5])
    kind = draw(st.sampled_from(ACTIVATIONS))
    arguments: dict[str, Any] = {}
    if kind in ("Softmax", "Softmin", "LogSoftmax", "GLU"):
        _maybe(draw, arguments, "dim", lambda: draw(dim), 0.9)
    elif kind == "PReLU":
        _maybe(draw, arguments, "num_parameters", lambda: draw(st.sampled_from([1, shape[0], 3])))
    elif kind == "Threshold":
        arguments = {"threshold": draw(number), "value": draw(number)}
    elif kind == "GELU":
        _maybe(draw, arguments, "approximate", lambda: draw(st.sampled_from(["none", "tanh"])))
    elif kind == "Hardtanh":
        _maybe(draw, arguments, "min_val", lambda: draw(number))
        _maybe(draw, arguments, "max_val", lambda: draw(number))
    elif kind == "RReLU":
        _maybe(draw, arguments, "lower", lambda: draw(number))
        _maybe(draw, arguments, "upper", lambda: draw(number))
    elif "ropout" in kind:
        _maybe(draw, arguments, "p", lambda: draw(st.sampled_from([0, 0.3, 1, 1.5, -0.1])))
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
            _maybe(draw, arguments, names[kind], lambda: draw(number))
    if kind in INPLACE:
        _flag(draw, arguments, "inplace")
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
    shape = _shape(draw, 2, largest=5)
    arguments: dict[str, Any] = {"hidden_size": draw(st.integers(1, 6))}
    _maybe(draw, arguments, "num_layers", lambda: draw(st.integers(1, 3)))
    _flag(draw, arguments, "bias", "batch_first", "bidirectional")
    _maybe(draw, arguments, "dropout", lambda: draw(st.sampled_from([0.0, 0.5, 1, 1.5])), 0.2)
    if kind == "RNN":
        _maybe(draw, arguments, "nonlinearity", lambda: draw(st.sampled_from(["tanh", "relu"])), 0.3)
    else:
        _maybe(draw, arguments, "proj_size", lambda: draw(st.integers(0, 6)), 0.3 if kind == "LSTM" else 0.03)
    _wrong_channels(draw, arguments, "input_size", shape[-1])
    return Case(kind, arguments, [shape])


def attention(draw: Draw) -> Case:
    """MultiheadAttention and TransformerEncoderLayer."""
    heads = draw(st.sampled_from([1, 2, 3, 4]))
    width = heads * draw(st.integers(1, 3)) + (0 if draw(st.integers(0, 9)) else 1)
    shape = [draw(st.integers(1, 5)), width]
    arguments: dict[str, Any] = {}
    if draw(st.booleans()):
        arguments = {"nhead": heads, "dim_feedforward": draw(st.integers(1, 8))}
        _flag(draw, arguments, "batch_first", "norm_first", "bias")
        _maybe(draw, arguments, "activation", lambda: draw(st.sampled_from(["relu", "gelu"])), 0.3)
        return Case("TransformerEncoderLayer", arguments, [shape])
    arguments = {"num_heads": heads}
    _flag(draw, arguments, "bias", "add_bias_kv", "add_zero_attn", "batch_first")
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


FAMILIES: dict[str, Callable[[Draw], Case]] = {
    **{f"convolution{d}": lambda draw, d=d: convolution(draw, d) for d in (1, 2, 3)},  # type: ignore[misc]
    **{f"transposed{d}": lambda draw, d=d: transposed(draw, d) for d in (1, 2, 3)},  # type: ignore[misc]
    **{f"pooling{d}": lambda draw, d=d: pooling(draw, d) for d in (1, 2, 3)},  # type: ignore[misc]
    **{f"adaptive{d}": lambda draw, d=d: adaptive(draw, d) for d in (1, 2, 3)},  # type: ignore[misc]
    **{f"upsampling{d}": lambda draw, d=d: upsampling(draw, d) for d in (1, 2, 3)},  # type: ignore[misc]
    **{f"padding{d}": lambda draw, d=d: padding(draw, d) for d in (1, 2, 3)},  # type: ignore[misc]
    "shuffling": shuffling,
    "folding": folding,
    "normalisation": normalisation,
    "linear": linear,
    "reshaping": reshaping,
    "merging": merging,
    "activation": activation,
    "recurrent": recurrent,
    "attention": attention,
}


@st.composite
def cases(draw: Draw, family: str) -> Case:
    """Random cases of one family."""
    return FAMILIES[family](draw)
