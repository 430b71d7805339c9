"""A computed network as torch modules: as it is, or as its skeleton, where no path cancels another."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from app.lab.receptive.types import MERGES, PASSED_ON
from app.shapes.layers import LayerType
from app.shapes.report import Layer, Report

Step = Callable[[list[Tensor]], Tensor]


class Runner:
    """Runs a network's first `count` layers one by one, in float64.

    `skeleton`: weights all equal, no biases, maxima as sums, no activations: a gradient is then a positive
    number of paths wherever an input can reach the output. Otherwise: He's random weights, activations as
    they are.
    """

    def __init__(
        self, report: Report, count: int, *, skeleton: bool, generator: torch.Generator | None = None
    ) -> None:
        self.layers = report.layers[:count]
        make = _skeleton if skeleton else _real
        self.steps: list[Step] = [make(layer) for layer in self.layers]
        self.modules = [step for step in self.steps if isinstance(step, _Module)]
        for step in self.modules:
            step.initialize(None if skeleton else generator)

    def __call__(self, x: Tensor) -> Tensor:
        """The output of the last of these layers for a batch."""
        found: dict[int, Tensor] = {-1: x}
        for place, layer in enumerate(self.layers):
            found[place] = self.steps[place]([found[read] for read in layer.node.reads])
        return found[len(self.layers) - 1]


class _Module:
    """A torch module with its weights drawn or set."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module.double().eval()

    def __call__(self, inputs: list[Tensor]) -> Tensor:
        output: Tensor = self.module(inputs[0])
        return output

    def initialize(self, generator: torch.Generator | None) -> None:
        """He's normal weights (2015) with a generator, without one all weights equal and positive."""
        module = self.module
        if not isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            return
        fan = (
            module.weight[0].numel()
            if isinstance(module, nn.Conv2d)
            else (module.weight.numel() / module.weight.shape[0] / (module.stride[0] * module.stride[1]))
        )
        with torch.no_grad():
            if generator is None:
                module.weight.fill_(1 / max(fan, 1))
            else:
                module.weight.normal_(0, (2 / max(fan, 1)) ** 0.5, generator=generator)
            if module.bias is not None:
                module.bias.zero_()


def _real(layer: Layer) -> Step:
    if layer.type in MERGES:
        return _merge(layer)
    return _Module(getattr(nn, layer.type)(**_arguments(layer)))


def _skeleton(layer: Layer) -> Step:
    if layer.type in PASSED_ON:
        return lambda inputs: inputs[0]
    if layer.type == "MaxPool2d":
        return _window_sums(layer)
    if layer.type == "AdaptiveMaxPool2d":
        return _Module(nn.AdaptiveAvgPool2d(layer.values["output_size"]))
    return _real(layer)


def _merge(layer: Layer) -> Step:
    if layer.type == "Add":
        return lambda inputs: torch.stack(inputs).sum(dim=0)
    dim = int(layer.values["dim"])
    return lambda inputs: torch.cat(inputs, dim=dim)


def _arguments(layer: Layer) -> dict[str, object]:
    """The module's arguments that are not its defaults."""
    kind: LayerType = layer.node.type
    found: dict[str, object] = {}
    for argument in kind.arguments:
        value = layer.values[argument.name]
        if argument.inferred and value is None:
            value = layer.effect.inferred[argument.name]
        elif value == argument.standard and not argument.required:
            continue
        found[argument.name] = value[0] if isinstance(value, tuple) and len(value) == 1 else value
    return found


def _window_sums(layer: Layer) -> Step:
    """Max pooling's windows, summed: zeros in the padding, and as many at the end as `ceil_mode` needs."""
    kernel, padding, dilation = (layer.values[name] for name in ("kernel_size", "padding", "dilation"))
    stride = layer.values["stride"] or kernel
    sizes = zip(
        layer.input_shapes[0][1:], layer.output_shape[1:], kernel, stride, padding, dilation, strict=True
    )
    pads = []
    for length, out, k, s, p, d in sizes:
        pads.append((int(p), max(0, (int(out) - 1) * s + d * (k - 1) + 1 - int(length) - p)))

    def run(inputs: list[Tensor]) -> Tensor:
        channels = inputs[0].shape[1]
        weight = torch.ones(channels, 1, *kernel, dtype=torch.float64) / (kernel[0] * kernel[1])
        padded = F.pad(inputs[0], (*pads[1], *pads[0]))
        return F.conv2d(padded, weight, stride=stride, dilation=dilation, groups=channels)

    return run
