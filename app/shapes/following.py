"""The receptive fields of a computed network, followed from its inputs to every layer."""

from collections.abc import Sequence
from contextvars import Context

from app.shapes.layers import Effect, Shape
from app.shapes.nodes import Network
from app.shapes.receptive import Field, input_field, through, through_one
from app.shapes.receptive.budget import bounded_windows
from app.shapes.sizes import bounded_work


def follow(network: Network, effects: Sequence[Effect]) -> tuple[Field, ...]:
    """The field of every node, by place; the work is bounded apart from whatever asks for it."""
    return Context().run(_follow, network, effects)


def _follow(network: Network, effects: Sequence[Effect]) -> tuple[Field, ...]:
    # Lists by place hold the inputs too: input i stands at index -1 - i, as in `Node.reads`.
    inputs = network.inputs[::-1]
    ranks = [len(source.shape) - 1 for source in inputs]
    nodes: list[Field] = [()] * len(network.nodes)
    fields = nodes + [
        input_field(rank + 1, sum(ranks[i + 1 :]), sum(ranks[:i])) for i, rank in enumerate(ranks)
    ]
    shapes: list[Shape] = [effect.output for effect in effects] + [source.shape for source in inputs]
    unseen: Field = (None,) * sum(ranks)
    with bounded_work(), bounded_windows():
        for place in network.order:
            reads, effect = network.nodes[place].reads, effects[place]
            if len(reads) == 1:  # as nearly every layer does
                (read,) = reads
                fields[place] = through_one(fields[read], effect.axes[0], shapes[read], effect.output)
            elif reads:
                fields[place] = through(
                    [fields[read] for read in reads],
                    effect.axes,
                    [shapes[read] for read in reads],
                    effect.output,
                )
            else:
                fields[place] = unseen
    return tuple(fields[: len(effects)])
