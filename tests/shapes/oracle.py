"""PyTorch as the judge of single layers: what it makes of a shape, and what it refuses, on the CPU in
evaluation.
"""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

BATCH = 5
"""More than one sample, and no size that the cases draw for channels."""

_BATCHED_RANK = {
    "Unfold": 4,
    "RNN": 3,
    "GRU": 3,
    "LSTM": 3,
    **{f"InstanceNorm{d}d": d + 2 for d in (1, 2, 3)},
}
"""What PyTorch would read as one unbatched sample with the batch as its channels is no use of the layer."""


@dataclass(frozen=True)
class Verdict:
    """What PyTorch said: the output's shape without the batch and the counts, or why it refused."""

    output: tuple[int, ...] | None
    parameters: int = 0
    buffers: int = 0
    reason: str = ""


_INFERRED = {
    "in_channels": 0,
    "num_features": 0,
    "num_channels": 0,
    "in_features": -1,
    "input_size": -1,
    "embed_dim": -1,
    "d_model": -1,
    "in1_features": -1,
    "in2_features": -1,
}

_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "Add": lambda *xs: _fold(torch.add, xs),
    "Multiply": lambda *xs: _fold(torch.mul, xs),
    "Concat": lambda *xs, dim=1: torch.cat(xs, dim),
    "Mean": lambda x, dim, keepdim=False: torch.mean(x, dim, keepdim),
    "Permute": lambda x, dims: torch.permute(x, dims),
    "Reshape": lambda x, shape: x.reshape(x.shape[0], *(shape if isinstance(shape, list) else [shape])),
}


def _fold(function: Callable[[Tensor, Tensor], Tensor], tensors: tuple[Tensor, ...]) -> Tensor:
    result = tensors[0]
    for tensor in tensors[1:]:
        result = function(result, tensor)
    return result


def _slice(
    x: Tensor, dim: int = 1, start: int | None = None, stop: int | None = None, step: int = 1
) -> Tensor:
    if not -x.ndim <= dim < x.ndim:
        raise IndexError("dim")
    index = [slice(None)] * x.ndim
    index[dim] = slice(start, stop, step)
    return x[tuple(index)]


def ask(kind: str, arguments: Mapping[str, Any], shapes: list[list[int]]) -> Verdict:
    """What PyTorch makes of one layer on inputs of these shapes (without the batch)."""
    arguments = {name: _tupled(value) for name, value in arguments.items()}
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        try:
            return _run(kind, arguments, shapes)
        except (RuntimeError, ValueError, TypeError, AssertionError, IndexError, ZeroDivisionError) as error:
            return Verdict(
                None, reason=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            )


def _run(kind: str, arguments: dict[str, Any], shapes: list[list[int]]) -> Verdict:
    if len(shapes[0]) + 1 != _BATCHED_RANK.get(kind, len(shapes[0]) + 1):
        return Verdict(None, reason="read as unbatched")
    if kind in ("Concat", "Slice", "Unflatten") and arguments.get("dim", 1) in (0, -len(shapes[0]) - 1):
        return Verdict(None, reason="joins or cuts the batch")
    tensors = [torch.zeros(BATCH, *shape) for shape in shapes]
    if kind in _FUNCTIONS or kind == "Slice":
        function: Callable[..., Tensor] = _slice if kind == "Slice" else _FUNCTIONS[kind]
        if "shape" in arguments:
            arguments["shape"] = (
                list(arguments["shape"]) if isinstance(arguments["shape"], tuple) else arguments["shape"]
            )
        output = function(*tensors, **arguments)
        return _verdict(output, None)
    module = build(kind, arguments, shapes).eval()
    if kind == "Embedding":
        output = module(tensors[0].long())
    elif kind in ("RNN", "LSTM", "GRU"):
        output = _sequence_first(module, tensors[0], arguments)[0]
    elif kind == "MultiheadAttention":
        query = tensors[0]
        key = tensors[1] if len(tensors) > 1 else query
        value = tensors[2] if len(tensors) > 2 else key
        if not arguments.get("batch_first"):
            query, key, value = (t.transpose(0, 1) for t in (query, key, value))
        output = module(query, key, value)[0]
        output = output if arguments.get("batch_first") else output.transpose(0, 1)
    elif kind == "TransformerEncoderLayer":
        output = _swap(module(_swap(tensors[0], arguments)), arguments)
    else:
        output = module(*tensors)
    return _verdict(output[0] if isinstance(output, tuple) else output, module)


def build(kind: str, arguments: Mapping[str, Any], shapes: list[list[int]]) -> nn.Module:
    """The module itself, sizes that the input tells filled in."""
    module: type[nn.Module] = getattr(nn, kind)
    filled = dict(arguments)
    for name, axis in _INFERRED.items():
        if name in _PARAMETERS_OF.get(kind, ()) and name not in filled:
            filled[name] = shapes[1 if name == "in2_features" else 0][axis]
    return module(**filled)


_PARAMETERS_OF = {
    **{f"Conv{d}d": ("in_channels",) for d in (1, 2, 3)},
    **{f"ConvTranspose{d}d": ("in_channels",) for d in (1, 2, 3)},
    **{f"BatchNorm{d}d": ("num_features",) for d in (1, 2, 3)},
    **{f"InstanceNorm{d}d": ("num_features",) for d in (1, 2, 3)},
    "GroupNorm": ("num_channels",),
    "Linear": ("in_features",),
    "Bilinear": ("in1_features", "in2_features"),
    "RNN": ("input_size",),
    "LSTM": ("input_size",),
    "GRU": ("input_size",),
    "MultiheadAttention": ("embed_dim",),
    "TransformerEncoderLayer": ("d_model",),
}


def _sequence_first(module: nn.Module, x: Tensor, arguments: Mapping[str, Any]) -> tuple[Tensor, Any]:
    output, state = module(_swap(x, arguments))
    return _swap(output, arguments), state


def _swap(x: Tensor, arguments: Mapping[str, Any]) -> Tensor:
    return x if arguments.get("batch_first") else x.transpose(0, 1)


def _verdict(output: Tensor, module: nn.Module | None) -> Verdict:
    if output.ndim < 2 or output.shape[0] != BATCH:
        return Verdict(None, reason=f"the batch is gone: {tuple(output.shape)}")
    if output.numel() == 0:
        return Verdict(None, reason="empty output")
    parameters = sum(p.numel() for p in module.parameters()) if module else 0
    buffers = sum(b.numel() for b in module.buffers()) if module else 0
    return Verdict(tuple(output.shape[1:]), parameters, buffers)


def _tupled(value: object) -> object:
    return tuple(_tupled(item) for item in value) if isinstance(value, list) else value
