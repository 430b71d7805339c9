"""Answer a question: every setting that gives the wanted sizes, or why there is none and what comes
nearest.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from app.shapes.solving.axis import nearest_sizes, solutions
from app.shapes.solving.question import Axis, Question, Settings, parse_question
from app.shapes.solving.reason import reason_for, rounding_note

MAX_SOLUTIONS = 10_000
_AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


@dataclass(frozen=True)
class Answer:
    """Solutions in order; `complete` is False when there are more than the limit lets through.

    Axes that ask the same get the same settings. With no solution, `reason` proves that and `nearest` lists
    what reaches the largest sizes below and the smallest above.
    """

    solutions: tuple[dict[str, Any], ...]
    complete: bool
    reason: str | None
    nearest: tuple[dict[str, Any], ...]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, object]:
        """The JSON of the REST contract, and notes."""
        return {
            "solutions": list(self.solutions),
            "complete": self.complete,
            "reason": self.reason,
            "nearest": list(self.nearest),
            "notes": list(self.notes),
        }


def solve(body: Mapping[str, Any]) -> Answer:
    """Answer a solve request; raises ShapeError when it makes no sense."""
    question = parse_question(body)
    axes = question.axes[:1] if question.uniform else question.axes
    found = [solutions(axis) for axis in axes]
    notes = tuple(dict.fromkeys(note for axis in axes if (note := rounding_note(axis))))
    if all(found):
        combined = list(islice(_combinations(axes[0].asked, found), MAX_SOLUTIONS + 1))
        return Answer(tuple(combined[:MAX_SOLUTIONS]), len(combined) <= MAX_SOLUTIONS, None, (), notes)
    names = _AXES[len(question.axes)]
    reasons = [
        reason_for(axis, "" if question.uniform else f"{name}: ")
        for axis, name, settings in zip(axes, names, found, strict=False)
        if not settings
    ]
    nearest = [entry for entry in _nearest(question, axes, found) if entry is not None]
    if (same := _same_padding(question)) is not None:
        nearest.append(same)
        reasons[-1] += " Only padding='same', which pads one more at the end, keeps it."
    return Answer((), True, " ".join(reasons), tuple(nearest), notes)


def _combinations(names: Sequence[str], found: Sequence[list[Settings]]) -> Iterator[dict[str, Any]]:
    """One setting for every axis, ordered by the first name's values on all axes, then the second's, and so
    on.
    """
    if not names:
        yield {}
        return
    name, *rest = names
    for values, remaining in _choices(name, found):
        for others in _combinations(rest, remaining):
            yield {name: _one_or_list(values), **others}


def _choices(name: str, found: Sequence[list[Settings]]) -> Iterator[tuple[list[int], list[list[Settings]]]]:
    if not found:
        yield [], []
        return
    first, *others = found
    for value in sorted({settings[name] for settings in first}):
        kept = [settings for settings in first if settings[name] == value]
        for values, remaining in _choices(name, others):
            yield [value, *values], [kept, *remaining]


def _one_or_list(values: Sequence[int]) -> int | list[int]:
    return values[0] if len(set(values)) == 1 else list(values)


def _nearest(
    question: Question, axes: Sequence[Axis], found: Sequence[list[Settings]]
) -> Iterator[dict[str, Any] | None]:
    """The entry below and the entry above; axes that have a solution keep it."""
    ends = [nearest_sizes(axis) for axis in axes]
    for side in (0, 1):
        sizes = [
            axis.target if known else end[side] for axis, known, end in zip(axes, found, ends, strict=True)
        ]
        if any(size is None for size in sizes):
            yield None
            continue
        chosen = [solutions(axis, size)[0] for axis, size in zip(axes, sizes, strict=True)]
        output = sizes * len(question.axes) if question.uniform else sizes
        settings = {name: _one_or_list([setting[name] for setting in chosen]) for name in axes[0].asked}
        yield {**settings, "output": output}


def _same_padding(question: Question) -> dict[str, Any] | None:
    """The entry with padding='same', where the sizes stay, the stride can be 1 and PyTorch has the word."""
    if not question.type.startswith("Conv") or "Transpose" in question.type:
        return None
    first = question.axes[0]
    if "padding" not in first.asked or any(axis.length != axis.target for axis in question.axes):
        return None
    if any(1 not in axis.values("stride") for axis in question.axes):
        return None
    settings = {name: axis_values[0] for name in first.asked if (axis_values := first.values(name))}
    return {**settings, "padding": "same", "output": [axis.target for axis in question.axes]}
