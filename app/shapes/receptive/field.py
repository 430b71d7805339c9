"""The receptive field of a tensor: its windows along every spatial axis of the network's inputs."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from app.shapes.errors import SizeError
from app.shapes.receptive.axes import AxisMap, AxisRelation, Unknown, keep, keep_all
from app.shapes.receptive.windows import ORIGIN, Windows, compose, hull, listed, merge
from app.shapes.sizes import Expression, Size, fraction, maximum, to_json


class Track(NamedTuple):
    """One spatial axis of an input, followed: `position` is the tensor's axis along which windows move.

    Once that axis is mixed or merged away, position is None and one window holds what everything sees
    together. `windows` is None where symbols (or a period beyond the limit) leave them unknown.
    """

    position: int | None
    windows: Windows | None


PHASES_LISTED = 128
"""Longer periods are left out of JSON; `Report.windows_of` still tells every window."""

Field = tuple[Track | None, ...]
"""A track for each followed input axis; None where the tensor does not depend on that input."""


def input_field(rank: int, before: int, after: int) -> Field:
    """An input's own field: every axis but the first (channels) sees itself; other inputs' axes are None."""
    return (None,) * before + tuple(Track(axis, ORIGIN) for axis in range(1, rank)) + (None,) * after


def through(
    fields: Sequence[Field],
    relations: Sequence[tuple[AxisRelation, ...]],
    shapes: Sequence[tuple[Size, ...]],
    output: tuple[Size, ...],
) -> Field:
    """The field behind a layer that reads several tensors, with these fields and shapes."""
    first, kept = fields[0], keep_all(len(output))
    if all([relation is kept for relation in relations]):
        if all([field == first for field in fields]):
            return first
        followed: Sequence[Field] = fields
    else:
        inputs = zip(fields, relations, shapes, strict=True)
        followed = [through_one(field, relation, shape, output) for field, relation, shape in inputs]
    merged: list[Track | None] = []
    remembered: dict[object, Windows | None] = {}  # axes are mostly treated alike
    for tracks in zip(*followed, strict=True):
        seen = [track for track in tracks if track is not None]
        merged.append(_merge(seen, output, remembered) if seen else None)
    return tuple(merged)


def through_one(
    field: Field, relations: tuple[AxisRelation, ...], shape: tuple[Size, ...], output: tuple[Size, ...]
) -> Field:
    """The field behind a layer that reads one tensor."""
    if relations is keep_all(len(shape)):
        return field
    followed: list[Track | None] = []
    # Axes are mostly treated alike: the windows found for one serve the next if it comes in the same way.
    last: tuple[Windows, AxisMap, Size] | None = None
    found: Windows | None = None
    for track in field:
        position, windows = track or (None, None)
        if position is None or windows is None:
            followed.append(track)
            continue
        relation = relations[position] if position < len(relations) else None
        if relation is keep(position):
            followed.append(track)
        elif isinstance(relation, AxisMap) and relation.source == position:
            length = output[position]
            if last is None or last[0] is not windows or last[1][1:] != relation[1:] or last[2] != length:
                last, found = (windows, relation, length), _behind(windows, relation, length)
            followed.append(Track(position, found))
        else:
            followed.append(_follow(position, windows, relations, shape, output))
    return tuple(followed)


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """What an output index sees, along each spatial axis of an input; indices are not clipped at the border.

    `size` is the largest window, `stride` the input pixels per output step (a fraction where upsampled, 0
    where every output sees the same), `start` the first index that output 0 sees (None if it sees nothing).
    `phases` lists the windows of one period as (start, size) where they alternate along some axis.
    """

    size: tuple[Size, ...]
    stride: tuple[Size, ...]
    start: tuple[Size | None, ...]
    phases: tuple[tuple[tuple[Size | None, Size], ...], ...] | None

    def to_json(self, listed: int = PHASES_LISTED) -> dict[str, object]:
        """The JSON of the REST contract; a period of more than `listed` windows is null."""
        body: dict[str, object] = {
            "size": [to_json(size) for size in self.size],
            "stride": [to_json(stride) for stride in self.stride],
            "start": [None if start is None else to_json(start) for start in self.start],
        }
        if self.phases is not None:
            body["phases"] = [_phases(axis, listed) for axis in self.phases]
        return body


def _phases(axis: tuple[tuple[Size | None, Size], ...], listed: int) -> list[dict[str, object]] | None:
    """One period of an axis as JSON; None where it is too long to list for every layer."""
    if len(axis) > listed:
        return None
    return [
        {"start": None if start is None else to_json(start), "size": to_json(size)} for start, size in axis
    ]


@lru_cache(maxsize=1024)
def receptive_field(field: Field) -> ReceptiveField | None:
    """The tracks of one input as a report; None where an axis is unknown or there is none."""
    windows = [track.windows for track in field if track is not None]
    if not windows or any(w is None for w in windows):
        return None
    known = [w for w in windows if w is not None]
    alternating = any(w.period > 1 for w in known)
    return ReceptiveField(
        tuple(_largest(w) for w in known),
        tuple(_stride(w) for w in known),
        tuple(w.spans[0].start if w.spans[0] else None for w in known),
        tuple(tuple((s.start, s.size) if s else (None, 0) for s in w.spans) for w in known)
        if alternating
        else None,
    )


def _follow(
    position: int,
    windows: Windows,
    relations: tuple[AxisRelation, ...],
    shape: tuple[Size, ...],
    output: tuple[Size, ...],
) -> Track:
    """The track of an axis that moves to another place, is lost, or cannot be told."""
    for axis, relation in enumerate(relations):
        if relation is None or relation.source != position:
            continue
        if isinstance(relation, Unknown):
            return Track(axis, None)
        return Track(axis, _behind(windows, relation, output[axis]))
    try:
        return Track(None, hull(windows, shape[position]))
    except SizeError:  # too long to write
        return Track(None, None)


def _behind(windows: Windows, relation: AxisMap, length: Size) -> Windows | None:
    try:
        found = compose(windows, relation)
        return listed(windows, relation, length) if found is None else found
    except SizeError:  # a minimum of too many symbolic windows
        return None


def _merge(tracks: list[Track], output: tuple[Size, ...], remembered: dict[object, Windows | None]) -> Track:
    positions = {track.position for track in tracks if track.position is not None}
    known = [track.windows for track in tracks if track.windows is not None]
    if len(known) < len(tracks) or len(positions) > 1:
        first = tracks[0]
        return first if all([track == first for track in tracks]) else Track(None, None)
    position = positions.pop() if positions else None
    length = 1 if position is None else output[position]
    key = (*map(id, known), length)
    if key not in remembered:
        try:
            remembered[key] = merge(known, length)
        except SizeError:
            remembered[key] = None
    return Track(position, remembered[key])


def _largest(windows: Windows) -> Size:
    sizes = [span.size for span in windows.spans if span]
    return maximum(*sizes) if sizes else 0


def _stride(windows: Windows) -> Size:
    if windows.finite:
        starts = [span.start for span in windows.spans if span and isinstance(span.start, int)]
        if len(starts) < 2:
            return 0
        mean = Fraction(starts[-1] - starts[0], len(starts) - 1)
        return fraction(mean.numerator, mean.denominator)
    if len(windows.spans) == 1:
        return windows.advance
    return windows.advance * Expression({(): Fraction(1, windows.period)})
