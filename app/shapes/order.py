"""The order in which the layers of a network can be computed, or the cycle that forbids one."""

from collections.abc import Sequence

from app.shapes.errors import NetworkError
from app.shapes.nodes import Node


def computable_order(nodes: Sequence[Node]) -> tuple[int, ...]:
    """An order in which every node comes after those it reads; raises NetworkError on a cycle."""
    waiting = {node.place: {read for read in node.reads if read >= 0} for node in nodes}
    readers: dict[int, list[int]] = {}
    for node in nodes:
        for read in waiting[node.place]:
            readers.setdefault(read, []).append(node.place)
    ready = [place for place, reads in waiting.items() if not reads]
    order: list[int] = []
    for place in ready:
        order.append(place)
        for reader in readers.get(place, ()):
            waiting[reader].discard(place)
            if not waiting[reader]:
                ready.append(reader)
    if len(order) < len(nodes):
        done = set(order)
        stuck = [node for node in nodes if node.place not in done]
        cycle = _cycle(nodes, stuck[0], done)
        raise NetworkError(
            f"layers read each other in a cycle: {' reads '.join(node.name for node in cycle)}",
            f"{cycle[0].pointer}/inputs",
        )
    return tuple(order)


def _cycle(nodes: Sequence[Node], start: Node, done: set[int]) -> list[Node]:
    """Follow unfinished reads from a stuck node until one repeats; at most the first twelve members."""
    path, places = [start], {start.place: 0}
    while True:
        following = next(read for read in path[-1].reads if read >= 0 and read not in done)
        path.append(nodes[following])
        if following in places:
            return path[places[following] :][:12]
        places[following] = len(path) - 1
