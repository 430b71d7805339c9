"""Real modules out of computed networks, by running the code that is exported for them."""

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn

from app.shapes.exporting import pytorch_code
from app.shapes.exporting.pytorch import is_chain
from app.shapes.receptive import Windows
from app.shapes.report import Report


def module_of(report: Report) -> nn.Module:
    """The exported code, executed."""
    namespace: dict[str, Any] = {"torch": torch, "nn": nn, "OrderedDict": OrderedDict}
    code = pytorch_code(report)
    if is_chain(report):
        built = eval(code, namespace)
    else:
        exec(code, namespace)
        built = namespace["Network"]()
    assert isinstance(built, nn.Module)
    return built


def positive(module: nn.Module) -> nn.Module:
    """Double precision and weights between 1/2 and 3/2, so that dependencies cannot cancel."""
    module = module.double().eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(0.5, 1.5)
    return module


def reached(module: nn.Module, x: Tensor, output: int) -> list[int]:
    """Input indices along the last axis whose gradient at this output index (last axis) is not zero."""
    x = x.clone().requires_grad_(True)
    module(x)[..., output].sum().backward()
    assert x.grad is not None
    seen = x.grad.abs().flatten(0, -2).sum(0)
    return [int(i) for i in torch.nonzero(seen > 1e-9).flatten()]


def windows_of(report: Report, layer: int = -1) -> Windows:
    """The windows along the only spatial axis of a layer's output."""
    (track,) = report.fields[layer]
    assert track is not None and track.windows is not None
    return track.windows
