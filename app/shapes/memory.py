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
    each = network.batch * BYTES  # for an element of every sample; what reads no input has no batch
    made = [
        product(effect.output) * (each if effect.axes else BYTES) if effect.allocates else 0
        for effect in effects
    ]
    training = sum(made, start=inputs)
    return Memory(parameters * BYTES, training, _peak(network, effects, made, inputs))


def _peak(network: Network, effects: Sequence[Effect], made: Sequence[Size], inputs: Size) -> Size | None:
    # A view keeps the tensor under it alive, so lifetimes are counted on the tensors that own memory.
    owner = list(range(len(made)))
    last: dict[int, int] = {}
    for step, place in enumerate(network.order):
        reads = network.nodes[place].reads
        if not effects[place].allocates:
            owner[place] = next((owner[read] for read in reads if read >= 0), place)
        for read in reads:
            if read >= 0:
                last[owner[read]] = step
    ending: dict[int, list[int]] = {}
    for tensor, step in last.items():
        ending.setdefault(step, []).append(tensor)
    alive: Size = inputs
    peaks: list[Size] = [inputs]
    for step, place in enumerate(network.order):
        if made[place] != 0:
            alive = alive + made[place]
            peaks.append(alive)
        if step in ending:
            for tensor in ending[step]:
                alive = alive - made[tensor]
    numbers = [peak for peak in peaks if isinstance(peak, int)]
    if len(numbers) == len(peaks):
        return max(numbers)
    distinct = list(dict.fromkeys(peaks))
    if len(distinct) > _MAX_SYMBOLIC:
        return None
    try:
        return maximum(*distinct)
    except SizeError:  # too long to write
        return None
