"""Solve a block: settings of several layers in a row that lead from one size to another, or keep a size
throughout.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from app.shapes.errors import RefusedError, ShapeError, SizeError, escaped
from app.shapes.layers import LAYERS
from app.shapes.sizes import describe
from app.shapes.solving.axis import reachable, settings_tried
from app.shapes.solving.question import NAMES, Axis, Settings, parse_question, solvable

MAX_SOLUTIONS = 1_000
MAX_BLOCK = 50
MAX_STEPS = 60_000
"""Settings tried over all layers and sizes of one axis."""

_PASSING = frozenset({"activation", "normalisation", "dropout"})
_Steps = dict[int, list[Settings]]


@dataclass(frozen=True)
class BlockAnswer:
    """Settings for each layer that was asked about, by its place in the list; see `Answer` for the rest."""

    solutions: tuple[dict[int, dict[str, Any]], ...]
    complete: bool
    reason: str | None
    nearest: tuple[dict[str, Any], ...]

    def to_json(self) -> dict[str, object]:
        """JSON; layers are named by their place."""
        return {
            "solutions": [_places(solution) for solution in self.solutions],
            "complete": self.complete,
            "reason": self.reason,
            "nearest": [{**entry, "layers": _places(entry["layers"])} for entry in self.nearest],
        }


def solve_block(body: Mapping[str, Any]) -> BlockAnswer:
    """Answer "lead `input` to `output` through these layers"; with `each`, every layer must give `output`.

    `input` and `output` are spatial sizes, `solve` names the arguments asked for in every layer that has them
    and does not give them, `bounds` their ranges. Layers that keep sizes (normalisation, activation, dropout)
    may stand between.
    """
    if not isinstance(body, Mapping):
        raise SizeError("expected an object with input, output, layers and solve")
    for key in body:
        if key not in ("input", "output", "layers", "solve", "bounds", "each"):
            raise SizeError(f"{describe(key)} is no part of a question about a block", f"/{escaped(key)}")
    each = body.get("each", False)
    if not isinstance(each, bool):
        raise SizeError("each: expected true or false", "/each")
    layers = body.get("layers")
    if not isinstance(layers, (list, tuple)) or not 1 <= len(layers) <= MAX_BLOCK:
        raise SizeError(f"layers: expected a list of 1 to {MAX_BLOCK} layers", "/layers")
    chains = _chains(body, layers)
    uniform = len(set(chains)) == 1
    paths = [_Paths(chain, each) for chain in (chains[:1] if uniform else chains)]
    places = [place for place, item in enumerate(layers) if not _passes(item)]
    if all(path.target in path.ends for path in paths):
        found = list(islice(_merged(paths, [path.target for path in paths], places), MAX_SOLUTIONS + 1))
        return BlockAnswer(tuple(found[:MAX_SOLUTIONS]), len(found) <= MAX_SOLUTIONS, None, ())
    reasons = dict.fromkeys(path.reason() for path in paths if path.target not in path.ends)
    return BlockAnswer((), True, " ".join(reasons), tuple(_nearest(paths, places, len(chains))))


def _passes(item: object) -> bool:
    kind = item.get("type") if isinstance(item, Mapping) else None
    known = LAYERS.get(kind) if isinstance(kind, str) else None
    return known is not None and (known.family in _PASSING or known.name == "Identity")


def _chains(body: Mapping[str, Any], layers: Sequence[Any]) -> list[tuple[Axis, ...]]:
    """For each axis, the questions of the layers one after the other; lengths are filled in while solving."""
    asked = body.get("solve")
    names = [asked] if isinstance(asked, str) else asked
    if not isinstance(names, (list, tuple)) or not names or any(name not in NAMES for name in names):
        raise SizeError(f"solve: expected a list of {', '.join(NAMES)}", "/solve")
    bounds = body.get("bounds") or {}
    columns: list[tuple[Axis, ...]] = []
    for place, item in enumerate(layers):
        pointer = f"/layers/{place}"
        if _passes(item):
            continue
        if not isinstance(item, Mapping) or not solvable(item.get("type")):
            found = describe(item.get("type") if isinstance(item, Mapping) else item)
            raise RefusedError(f"layer {place}: {found} cannot be solved through", pointer)
        kind = LAYERS[str(item["type"])]
        given = {k: v for k, v in item.items() if k in (*NAMES, "type", "ceil_mode") and v is not None}
        free = [name for name in names if kind.argument(name) and name not in given]
        limits = {name: bounds[name] for name in free if isinstance(bounds, Mapping) and name in bounds}
        question = {**given, "input": body.get("input"), "output": body.get("output"), "bounds": limits}
        if free:
            question["solve"] = free
        try:
            columns.append(parse_question(question, nothing_asked=not free).axes)
        except ShapeError as error:
            at_layer = error.pointer.split("/")[1] not in ("input", "output", "bounds")
            raise type(error)(
                f"layer {place}: {error.detail}", (pointer if at_layer else "") + error.pointer
            ) from None
    if not columns:
        raise SizeError("layers: none of them changes a size", "/layers")
    if len({len(axes) for axes in columns}) > 1:
        raise SizeError("layers: all must have the same number of spatial axes", "/layers")
    return [tuple(axes[i] for axes in columns) for i in range(len(columns[0]))]


class _Paths:
    """All ways through the layers along one axis, as the sizes reachable before each layer."""

    def __init__(self, chain: tuple[Axis, ...], each: bool) -> None:
        self.chain = chain
        self.target = chain[0].target
        self.each = each
        self.steps: list[dict[int, _Steps]] = []
        sizes, tried = {chain[0].length}, 0
        for axis in chain:
            tried += len(sizes) * settings_tried(axis)
            if tried > MAX_STEPS:
                raise SizeError(
                    f"more than {MAX_STEPS} settings would have to be tried; narrow the bounds", "/bounds"
                )
            steps: dict[int, _Steps] = {size: reachable(replace(axis, length=size)) for size in sorted(sizes)}
            self.steps.append(steps)
            outputs = {output for found in steps.values() for output in found}
            sizes = outputs & {self.target} if each else outputs
            self.before_cut = outputs
            if not sizes:
                break
        self.ends = sizes if len(self.steps) == len(chain) else set()

    def to(self, end: int) -> Iterator[tuple[Settings, ...]]:
        """Every sequence of settings that leads to a size, in order."""
        useful = self._useful(end)
        yield from self._from(0, self.chain[0].length, useful)

    def _useful(self, end: int) -> list[set[int]]:
        useful = [{end}]
        for steps in reversed(self.steps):
            useful.append({size for size, found in steps.items() if not useful[-1].isdisjoint(found)})
        return useful[::-1]

    def _from(self, place: int, size: int, useful: list[set[int]]) -> Iterator[tuple[Settings, ...]]:
        if place == len(self.chain):
            yield ()
            return
        asked = self.chain[place].asked
        choices = [
            (settings, output)
            for output, found in self.steps[place][size].items()
            if output in useful[place + 1]
            for settings in found
        ]
        for settings, output in sorted(choices, key=lambda choice: [choice[0][name] for name in asked]):
            for rest in self._from(place + 1, output, useful):
                yield (settings, *rest)

    def reason(self) -> str:
        """Why no path ends at the target."""
        start = self.chain[0].length
        if self.each or len(self.steps) < len(self.chain):
            stuck = self.chain[len(self.steps) - 1]
            near = _around(self.before_cut, self.target)
            shown = f", only {' and '.join(map(str, near))} come near" if near else ""
            return (
                f"No setting within the bounds makes layer {len(self.steps) - 1} of those that change sizes "
                f"({stuck.type}) give {self.target} from {start}{shown}."
            )
        near = _around(self.ends, self.target)
        return (
            f"No settings within the bounds lead from {start} to {self.target}: "
            f"of the {len(self.ends)} sizes that can be reached, {' and '.join(map(str, near))} come nearest."
        )


def _around(sizes: set[int], target: int) -> list[int]:
    below, above = [s for s in sizes if s < target], [s for s in sizes if s > target]
    return ([max(below)] if below else []) + ([min(above)] if above else [])


def _merged(
    paths: Sequence[_Paths], ends: Sequence[int], places: Sequence[int]
) -> Iterator[dict[int, dict[str, Any]]]:
    """Solutions of all axes side by side, the first axis' order first."""

    def across(index: int) -> Iterator[list[tuple[Settings, ...]]]:
        if index == len(paths):
            yield []
            return
        for mine in paths[index].to(ends[index]):
            for rest in across(index + 1):
                yield [mine, *rest]

    asked = [axis.asked for axis in paths[0].chain]
    for sequences in across(0):
        solution: dict[int, dict[str, Any]] = {}
        for step, place in enumerate(places):
            if not asked[step]:
                continue
            values = {name: [sequence[step][name] for sequence in sequences] for name in asked[step]}
            solution[place] = {n: v[0] if len(set(v)) == 1 else v for n, v in values.items()}
        yield solution


def _nearest(paths: Sequence[_Paths], places: Sequence[int], dims: int) -> Iterator[dict[str, Any]]:
    if any(not path.ends for path in paths):
        return
    for side in (0, 1):
        ends = []
        for path in paths:
            beyond = [e for e in path.ends if (e < path.target if side == 0 else e > path.target)]
            if path.target in path.ends:
                ends.append(path.target)
            elif beyond:
                ends.append(max(beyond) if side == 0 else min(beyond))
        if len(ends) == len(paths):
            output = ends * dims if len(ends) == 1 else ends
            yield {"layers": next(_merged(paths, ends, places)), "output": output}


def _places(solution: Mapping[int, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {str(place): settings for place, settings in solution.items()}
