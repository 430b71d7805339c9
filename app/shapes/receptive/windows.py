"""Receptive windows along one axis of the network's input, exact and periodic.

Index `i = q*period + r` of a tensor's axis sees input indices `start_r + q*advance` to `… + size_r - 1`
(their hull: dilation leaves holes inside). Windows are not clipped at the input's border. An empty window (a
transposed convolution whose kernel is smaller than its stride leaves some) is None.
"""

from math import gcd, lcm
from typing import NamedTuple

from app.shapes.receptive.axes import AxisMap
from app.shapes.receptive.budget import afford
from app.shapes.sizes import Size, maximum, minimum


class Span(NamedTuple):
    """Input indices `start … start + size - 1`."""

    start: Size
    size: Size


class Windows(NamedTuple):
    """Windows of all indices along one axis; with `finite`, indices beyond the listed ones see nothing."""

    advance: Size
    spans: tuple[Span | None, ...]
    finite: bool = False

    @property
    def period(self) -> int:
        """After this many indices the windows repeat, `advance` input indices further."""
        return len(self.spans)

    def at(self, index: int) -> Span | None:
        """The window of one index, which may lie beyond the axis (in the padding)."""
        if self.finite and not 0 <= index < len(self.spans):
            return None
        turns, phase = divmod(index, len(self.spans))
        span = self.spans[phase]
        return span if span is None or not turns else Span(span.start + turns * self.advance, span.size)

    @property
    def constant(self) -> bool:
        """Whether every index has the same window."""
        return len(self.spans) == 1 and self.advance == 0 and not self.finite


ORIGIN = Windows(1, (Span(0, 1),))
"""The network's input: each index sees itself."""


def constant(span: Span | None) -> Windows:
    """The same window for every index."""
    return Windows(0, (span,))


def compose(windows: Windows, relation: AxisMap) -> Windows | None:
    """The periodic windows behind `relation`, read from an axis with `windows`; None where there are none
    such.
    """
    if len(windows.spans) == 1 and not windows.finite and relation.valid is None:
        return _compose_affine(windows, relation)
    advance, step = windows.advance, relation.advance
    if not isinstance(step, int) or windows.finite or relation.valid is not None:
        return None
    runs = _numeric(relation)
    turns = windows.period // gcd(step, windows.period) if step else 1
    if runs is None or not afford(turns * len(runs), turns * _looks(windows, runs)):
        return None
    spans = [
        _union_of_run(windows, first + turn * step, gap, count)
        for turn in range(turns)
        for first, gap, count in runs
    ]
    return reduce(Windows(turns * step // windows.period * advance, tuple(spans)))


def listed(windows: Windows, relation: AxisMap, length: Size) -> Windows | None:
    """As `compose`, but as a finite list of the `length` outputs that exist."""
    runs, step = _numeric(relation), relation.advance
    if runs is None or not isinstance(length, int) or not isinstance(step, int):
        return None
    if not afford(length, (length // len(runs) + 1) * _looks(windows, runs)):
        return None
    spans: list[Span | None] = []
    for output in range(length):
        if relation.valid is not None and not relation.valid[0] <= output < relation.valid[1]:
            spans.append(None)
            continue
        turn, phase = divmod(output, len(runs))
        first, gap, count = runs[phase]
        spans.append(_union_of_run(windows, first + turn * step, gap, count))
    return Windows(0, tuple(spans), finite=True)


def hull(windows: Windows, length: Size) -> Windows | None:
    """One constant window: what all `length` indices see together."""
    if len(windows.spans) == 1 and not windows.finite:
        span = windows.spans[0]
        if span is None or windows.advance == 0:
            return constant(span)
        return constant(Span(span.start, (length - 1) * windows.advance + span.size))
    if not isinstance(length, int):
        return None
    reach = min(length, windows.period)
    if not afford(1, 2 * reach):
        return None
    ends = [*range(reach), *range(max(0, length - reach), length)]
    return constant(union([windows.at(index) for index in ends]))


def merge(windows: list[Windows], length: Size) -> Windows | None:
    """What an index sees through any of several branches along an axis of `length` indices."""
    first = windows[0]
    if all([other == first for other in windows]):
        return first
    if all([len(w.spans) == 1 and not w.finite and w.advance == first.advance for w in windows]):
        return Windows(first.advance, (union([w.spans[0] for w in windows]),))
    rates = {(w.advance, w.period) if not isinstance(w.advance, int) else _rate(w) for w in windows}
    if len(rates) == 1 and not any(w.finite for w in windows):
        period = lcm(*(w.period for w in windows))
        if afford(period, period * len(windows)):
            turns = period // first.period
            spans = tuple(union([w.at(index) for w in windows]) for index in range(period))
            return reduce(Windows(first.advance * turns, spans))
    whole = next((w for w in windows if w.constant and _covers_all(w, windows, length)), None)
    if whole is not None:
        return whole
    if not isinstance(length, int) or not afford(length, length * len(windows)):
        return None
    spans = tuple(union([w.at(index) for w in windows]) for index in range(length))
    return Windows(0, spans, finite=True)


def union(spans: list[Span | None]) -> Span | None:
    """The hull of several windows, empty ones left out."""
    seen = [span for span in spans if span is not None]
    if not seen:
        return None
    if all([span == seen[0] for span in seen]):
        return seen[0]
    start = minimum(*[span.start for span in seen])
    return Span(start, maximum(*[span.start + span.size for span in seen]) - start)


def reduce(windows: Windows) -> Windows:
    """The same windows with the shortest period."""
    period = windows.period
    if period == 1 or windows.finite or not isinstance(windows.advance, int):
        return windows
    for shorter in range(1, period // 2 + 1):
        if period % shorter or windows.advance * shorter % period:
            continue
        candidate = Windows(windows.advance * shorter // period, windows.spans[:shorter])
        if all(candidate.at(index) == windows.spans[index] for index in range(shorter, period)):
            return candidate
    return windows


def _compose_affine(windows: Windows, relation: AxisMap) -> Windows | None:
    seen, advance = windows.spans[0], windows.advance
    if seen is None:
        return constant(None)
    start, size = seen
    if len(relation.runs) == 1:
        first, gap, count = relation.runs[0]
        if count != 0:
            span = Span(start + first * advance, size + (count - 1) * gap * advance)
            return Windows(relation.advance * advance, (span,))
    if not afford(len(relation.runs)):
        return None
    spans: list[Span | None] = []
    for first, gap, count in relation.runs:
        if count == 0:
            spans.append(None)
        elif count == 1:
            spans.append(Span(start + first * advance, size))
        else:
            spans.append(Span(start + first * advance, size + (count - 1) * gap * advance))
    return reduce(Windows(relation.advance * advance, tuple(spans)))


def _numeric(relation: AxisMap) -> list[tuple[int, int, int]] | None:
    """The runs of a relation if they are free of symbols."""
    runs: list[tuple[int, int, int]] = []
    for first, gap, count in relation.runs:
        if not isinstance(first, int) or not isinstance(gap, int) or not isinstance(count, int):
            return None
        runs.append((first, gap, count))
    return runs


def _looks(windows: Windows, runs: list[tuple[int, int, int]]) -> int:
    """How many windows the unions of all runs look at, at most, and one for each union."""
    most = len(windows.spans) if windows.finite else 2 * len(windows.spans)
    return sum([1 + min(count, most) for *_, count in runs])


def _union_of_run(windows: Windows, first: int, gap: int, count: int) -> Span | None:
    # Windows repeat shifted forwards: of each phase the first visit starts earliest and the last ends latest.
    if windows.finite:
        reach = min(count, (len(windows.spans) - 1 - first) // gap + 1)
        taps = range(max(0, -(first // gap)), reach)
        return union([windows.at(first + tap * gap) for tap in taps])
    visits = windows.period // gcd(gap, windows.period)
    taps = range(count)
    chosen = taps if count <= 2 * visits else [*taps[:visits], *taps[-visits:]]
    return union([windows.at(first + tap * gap) for tap in chosen])


def _rate(windows: Windows) -> tuple[int, int]:
    assert isinstance(windows.advance, int)
    common = gcd(windows.advance, windows.period) or 1
    return windows.advance // common, windows.period // common


def _covers_all(whole: Windows, windows: list[Windows], length: Size) -> bool:
    span = whole.spans[0]
    for other in windows:
        seen = hull(other, length)
        if seen is None:
            return False
        inner = seen.spans[0]
        if inner is not None and (span is None or union([span, inner]) != span):
            return False
    return True
