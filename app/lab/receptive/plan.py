"""What `receptive-field` looks at: the network, which output, and what theory says of it."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from app.lab.demo import Params
from app.lab.fields import choice, number
from app.lab.packing import Array
from app.lab.receptive.boxes import Box, clipped, part, theoretical_box
from app.lab.receptive.types import TYPES
from app.shapes import ShapeError, analyse
from app.shapes.report import Report, total

LARGEST_FIELD = 201
LARGEST_SIDE = 256
MAX_CONNECTIONS = 800_000_000
MAX_LAYERS = 200


class ReceptiveFieldParams(Params):
    """Settings of `receptive-field`."""

    kernel_size: int = number(
        3, "Kernel size", "Of every convolution in the stack.", low=1, high=15, symbol="k"
    )
    stride: int = number(1, "Stride", "Of every convolution in the stack.", low=1, high=4, symbol="s")
    dilation: int = number(1, "Dilation", "Of every convolution in the stack.", low=1, high=8)
    depth: int = number(10, "Depth", "Convolutions in the stack.", low=1, high=40)
    activation: Literal["none", "ReLU", "Tanh"] = choice(
        "ReLU", "Activation", "After every convolution but the last."
    )
    channels: int = number(8, "Channels", "Of the stack's hidden layers.", low=1, high=32, more=True)
    draws: int = number(
        20, "Random networks", "Weights and inputs drawn for the effective field.", low=0, high=100, more=True
    )
    network: dict[str, Any] | None = Field(
        None,
        title="Network",
        description="Instead of the stack: a body for /shapes, as the calculator links it.",
    )

    @model_validator(mode="after")
    def _can_be_run(self) -> Self:
        plan(self)
        return self


@dataclass(frozen=True)
class Plan:
    """A computed network, the output position to look at, and its window; formulas for a stack."""

    report: Report
    count: int
    """Layers that are run: all, or those before the first that cannot be."""
    output: tuple[int, int]
    box: Box
    formula: int | None
    sigma: float | None

    @property
    def shape(self) -> tuple[int, int, int]:
        """The input of one sample: channels, height, width."""
        channels, height, width = self.report.network.inputs[0].shape
        assert isinstance(channels, int) and isinstance(height, int) and isinstance(width, int)
        return channels, height, width

    @property
    def window(self) -> Box:
        """The part of the box inside the picture."""
        return clipped(self.box, *self.shape[1:])


def plan(params: ReceptiveFieldParams) -> Plan:
    """The plan; raises ValueError where the network cannot be looked at."""
    if params.network is not None:
        return _network_plan(json.dumps(params.network, sort_keys=True))
    return _stack_plan(
        params.kernel_size, params.stride, params.dilation, params.depth, params.activation, params.channels
    )


@lru_cache(maxsize=16)
def _stack_plan(kernel: int, stride: int, dilation: int, depth: int, activation: str, channels: int) -> Plan:
    jumps = [stride**layer for layer in range(depth)]
    size = 1 + sum(dilation * (kernel - 1) * jump for jump in jumps)
    if size > LARGEST_FIELD:
        raise ValueError(f"the field would be {size} pixels wide, at most {LARGEST_FIELD} are drawn")
    # Room for a few windows, so that what lies beyond the middle one can be seen to stay at zero.
    step = stride**depth
    side = size + 2 * step * max(1, -(-4 // step))
    layers: list[dict[str, Any]] = []
    for layer in range(depth):
        last = layer == depth - 1
        layers.append(
            {
                "type": "Conv2d",
                "out_channels": 1 if last else channels,
                "kernel_size": kernel,
                "stride": stride,
                "dilation": dilation,
                "bias": False,
            }
        )
        if activation != "none" and not last:
            layers.append({"type": activation})
    variance = sum((kernel**2 - 1) / 12 * (dilation * jump) ** 2 for jump in jumps)
    report = _checked({"input": [1, side, side], "layers": layers})
    return _planned(report, size, float(np.sqrt(variance)))


@lru_cache(maxsize=16)
def _network_plan(body: str) -> Plan:
    return _planned(_checked(json.loads(body)), None, None)


def _checked(body: dict[str, Any]) -> Report:
    try:
        report = analyse(body)
    except ShapeError as error:
        raise ValueError(f"network: {error.detail}") from None
    if len(report.network.inputs) != 1 or not report.layers or len(report.layers) > MAX_LAYERS:
        raise ValueError(f"network: one input and 1 to {MAX_LAYERS} layers are needed")
    if report.symbols:
        raise ValueError(f"network: substitute numbers for {', '.join(report.symbols)}")
    shape = report.network.inputs[0].shape
    if len(shape) != 3 or any(not isinstance(size, int) or size > LARGEST_SIDE for size in shape):
        raise ValueError(f"network: the input must be [channels, height, width], each at most {LARGEST_SIDE}")
    return report


def _runnable(report: Report) -> int:
    """How many layers from the first on can be run here; raises ValueError for none, or too much work."""
    count = 0
    while count < len(report.layers) and _runs(report, count):
        count += 1
    if count == 0:
        layer = report.layers[0]
        raise ValueError(
            f"network: layer 0 ({layer.name}, {layer.type}) cannot be run here; convolutions, pooling, "
            "resizing, padding, activations, Add and Concat can"
        )
    connections = total(report.layers[:count]).connections
    if not isinstance(connections, int) or connections > MAX_CONNECTIONS:
        raise ValueError(f"network: more than {MAX_CONNECTIONS:,} connections take too long to run")
    return count


def _runs(report: Report, place: int) -> bool:
    layer = report.layers[place]
    earlier = all(read < place for read in layer.node.reads)
    return layer.type in TYPES and layer.node.shares is None and earlier and len(layer.output_shape) == 3


def _planned(report: Report, formula: int | None, sigma: float | None) -> Plan:
    count = _runnable(report)
    _, height, width = report.layers[count - 1].output_shape
    assert isinstance(height, int) and isinstance(width, int)
    output = (height // 2, width // 2)
    return Plan(report, count, output, theoretical_box(report.fields[count - 1], output), formula, sigma)


def skeleton_map(chosen: Plan) -> Array:
    """Share of paths that lead from each input pixel to the chosen output, (H, W)."""
    from app.lab.receptive.maps import path_map
    from app.lab.receptive.runner import Runner

    return path_map(Runner(chosen.report, chosen.count, skeleton=True), chosen.shape, chosen.output)


def random_map(chosen: Plan, seed: int, draw: int) -> Array:
    """Squared gradient in one random network inside the window; its sum is 1, or 0 if all of it is."""
    import torch

    from app.lab.receptive.maps import squared_map
    from app.lab.receptive.runner import Runner

    key = int(np.random.default_rng([seed, draw]).integers(2**62))
    runner = Runner(chosen.report, chosen.count, skeleton=False, generator=torch.Generator().manual_seed(key))
    found = part(squared_map(runner, chosen.shape, chosen.output, key + 1), chosen.window)
    total = float(found.sum())
    return found / total if total > 0 else found
