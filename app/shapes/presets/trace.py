"""Trace torchvision's classification networks into layers, on the meta device: no weights are made.

Needs torch and torchvision; the service itself reads the JSON files that `generate.py` writes with this.
Networks are traced in training mode, so that the auxiliary heads of GoogLeNet and Inception are there as
`get_model` builds them.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import torch
import torchvision
from torch import Tensor, fx, nn
from torchvision.models import get_model, get_model_weights, list_models
from torchvision.models.maxvit import RelativePositionalMultiHeadAttention
from torchvision.models.regnet import BlockParams
from torchvision.models.swin_transformer import ShiftedWindowAttention, ShiftedWindowAttentionV2
from torchvision.ops import StochasticDepth

from app.shapes.presets.convert import Converter

_LEAVES = (
    ShiftedWindowAttention,
    ShiftedWindowAttentionV2,
    RelativePositionalMultiHeadAttention,
    StochasticDepth,
)
_NOTES = {
    "googlenet": (
        "The auxiliary heads aux1 and aux2 are part of the network as built, and used in training only; "
        "torchvision's published num_params and operations leave them out.",
    ),
    "inception_v3": (
        "The auxiliary head AuxLogits is part of the network as built, and used in training only; "
        "torchvision's published num_params counts it, its published operations leave it out.",
    ),
}


def names() -> list[str]:
    """Every classification network of the torchvision that is installed."""
    found: list[str] = list_models(module=torchvision.models)
    return found


def build(name: str) -> nn.Module:
    """The network as `get_model(name, weights=None)` builds it, on the meta device."""
    with warnings.catch_warnings(), _blocks_on_the_cpu(), torch.device("meta"):
        warnings.simplefilter("ignore")
        module: nn.Module = get_model(name, weights=None)
    return module.train()


def published(name: str, parameters: int) -> dict[str, Any]:
    """The meta data of the first published weights with this many parameters (or without auxiliary heads),
    and size.
    """
    found: dict[str, Any] = {}
    for weights in get_model_weights(name):
        size = weights.transforms.keywords["crop_size"]
        if not found or (weights.meta["num_params"] == parameters and found["num_params"] != parameters):
            found = {"num_params": weights.meta["num_params"], "ops": weights.meta["_ops"], "size": size}
    return found


def trace(name: str) -> dict[str, Any]:
    """A network as the body of a shapes request."""
    module = build(name)
    parameters = sum(parameter.numel() for parameter in module.parameters())
    size = published(name, parameters)["size"]
    graph = _Tracer(autowrap_functions=()).trace(module)
    traced = fx.GraphModule(module, graph)
    recorder = _Recorder(traced)
    with warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("ignore")
        recorder.run(torch.zeros(2, 3, size, size))
    layers = Converter(module, recorder.results).convert(graph)
    version = torchvision.__version__.split("+")[0]
    return {
        "title": f"{name}, as torchvision {version} builds it",
        "notes": [f"Traced from get_model({name!r}, weights=None) in training mode.", *_NOTES.get(name, ())],
        "input": [3, size, size],
        "layers": layers,
    }


class _Tracer(fx.Tracer):
    """Keeps attention and stochastic depth in one piece."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether a module is one layer."""
        return isinstance(m, _LEAVES) or super().is_leaf_module(m, module_qualified_name)


class _Recorder(fx.Interpreter):
    """Runs a graph and remembers what every node gave: shapes of tensors, plain values of the rest."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module, garbage_collect_values=False)
        self.results: dict[fx.Node, Any] = {}

    def run_node(self, n: fx.Node) -> Any:
        """Run one node."""
        result = super().run_node(n)
        self.results[n] = tuple(result.shape) if isinstance(result, Tensor) else result
        return result


@contextmanager
def _blocks_on_the_cpu() -> Iterator[None]:
    """RegNet computes its widths with small tensors, which must have values."""
    original = BlockParams.from_init_params.__func__

    def on_cpu(cls: type[BlockParams], *arguments: Any, **keywords: Any) -> Any:
        with torch.device("cpu"):
            return original(cls, *arguments, **keywords)

    with patch.object(BlockParams, "from_init_params", classmethod(on_cpu)):
        yield
