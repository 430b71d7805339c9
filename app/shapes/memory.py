"""Activation memory of a network in float32: an estimate from its shapes alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.shapes.errors import SizeError
from app.shapes.layers import Effect, Shape, product
from app.shapes.nodes import Network
from app.shapes.sizes import Size, maximum, to_json

BYTES = 4
_MAX_SYMBOLIC = 8


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes in float32, for the asked batch.

    `training`: the inputs and every tensor a layer makes, kept for the backward pass. `inference`: the most
    that is alive at once when each tensor is freed after its last reader; None where symbols leave the
    maximum open. Views and in-place layers take nothing. Gradients, optimizer state and workspaces are not
    included.
    """

    parameters: Size
    training: Size
    inference: Size | None

    def to_json(self) -> dict[str, object]:
        """Byte counts as JSON."""
        return {
            "parameters": to_json(self.parameters),
            "training": to_json(self.training),
            "inference": None if self.inference is None else to_json(self.inference),
        }


def tensor_bytes(shape: Shape, batch: Size) -> Size:
    """Bytes of a float32 tensor with one sample of this shape in each place of the batch."""
    return product(shape) * batch * BYTES


def estimate(network: Network, effects: Sequence[Effect], parameters: Size) -> Memory:
    """The memory of a network whose nodes have these effects."""
    inputs: Size = sum((tensor_bytes(source.shape, network.batch) for source in network.inputs), start=0)
    made = [
        tensor_bytes(effect.output, network.batch if effect.axes else 1) if effect.allocates else 0
        for effect in effects
    ]
    training = sum(made, start=inputs)
    return Memory(parameters * BYTES, training, _peak(network, effects, made, inputs))


def _peak(network: Network, effects: Sequence[Effect], made: Sequence[Size], inputs: Size) -> Size | None:
    # A view keeps the tensor under it alive, so lifetimes are counted on the tensors that own memory.
    owner = list(range(len(made)))
    for place in network.order:
        reads = [read for read in network.nodes[place].reads if read >= 0]
        if not effects[place].allocates and reads:
            owner[place] = owner[reads[0]]
    last: dict[int, int] = {}
    for step, place in enumerate(network.order):
        for read in network.nodes[place].reads:
            if read >= 0:
                last[owner[read]] = step
    alive: Size = inputs
    peaks: list[Size] = [inputs]
    ending: dict[int, list[int]] = {}
    for tensor, step in last.items():
        ending.setdefault(step, []).append(tensor)
    for step, place in enumerate(network.order):
        alive = alive + made[place]
        if alive not in peaks[-1:]:
            peaks.append(alive)
        for tensor in ending.get(step, ()):
            alive = alive - made[tensor]
    if all(isinstance(peak, int) for peak in peaks):
        return max(peak for peak in peaks if isinstance(peak, int))
    distinct = list(dict.fromkeys(peaks))
    if len(distinct) > _MAX_SYMBOLIC:
        return None
    try:
        return maximum(*distinct)
    except SizeError:  # too long to write
        return None
