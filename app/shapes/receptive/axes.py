"""How positions along an output axis of a layer depend on positions along one of its input axes.

Output index `o = q*period + r` depends on the input indices `q*advance + first, … + step, …` (`count` of
them) given by run `r`. Indices are not clipped: negative ones lie in the padding. Everything a layer can do
to one axis fits: sliding windows (period 1), transposed ones (period = stride), interpolation and adaptive
windows (period = output).
"""

from collections.abc import Callable
from math import gcd
from typing import NamedTuple

from app.shapes.receptive.budget import afford
from app.shapes.sizes import Size


class Run(NamedTuple):
    """Input indices `first, first + step, …`, `taps` of them."""

    first: Size
    step: Size
    taps: Size


class AxisMap(NamedTuple):
    """The dependence of one output axis on input axis `source`; `valid` limits it to a range of output
    indices.
    """

    source: int
    advance: Size
    runs: tuple[Run, ...]
    valid: tuple[int, int] | None = None

    @property
    def period(self) -> int:
        """After this many output indices the pattern repeats, `advance` input indices further."""
        return len(self.runs)


class Unknown(NamedTuple):
    """A dependence on input axis `source` that cannot be told, for instance because a stride is a symbol."""

    source: int


AxisRelation = AxisMap | Unknown | None
"""None: the output axis is new, or every index on it depends on all of whatever lies behind it."""

_SAME = (Run(0, 1, 1),)
_KEPT = tuple(AxisMap(axis, 1, _SAME) for axis in range(32))
_KEPT_ALL: tuple[tuple[AxisRelation, ...], ...] = tuple(_KEPT[:rank] for rank in range(32))


def keep(source: int) -> AxisMap:
    """Output index o depends on input index o."""
    return _KEPT[source]


def keep_all(rank: int) -> tuple[AxisRelation, ...]:
    """Every axis kept, as element-wise layers do; the same object each time."""
    return _KEPT_ALL[rank]


def slide(source: int, kernel: Size, stride: Size = 1, before: Size = 0, dilation: Size = 1) -> AxisMap:
    """A window of `kernel` taps, `dilation` apart, moved by `stride`, starting `before` indices early."""
    if kernel == 1 == stride and before == 0:
        return keep(source)
    return AxisMap(source, stride, (Run(-before, dilation, kernel),))


def spread(source: int, kernel: Size, stride: Size, before: Size, dilation: Size) -> AxisRelation:
    """A transposed window: output o depends on i wherever `o = i*stride - before + dilation*j`, 0 <= j <
    kernel.
    """
    numbers = (kernel, stride, before, dilation)
    if not all(isinstance(number, int) for number in numbers):
        return Unknown(source)
    k, s, p, d = (int(number) for number in numbers if isinstance(number, int))
    if not afford(s):
        return Unknown(source)
    common = gcd(s, d)
    turn = s // common  # taps this far apart meet the same phase
    inverse = pow(d // common, -1, turn)
    runs = []
    for phase in range(s):
        # The smallest tap j with o + p - d*j divisible by s.
        first = (phase + p) // common * inverse % turn
        if (phase + p) % common or first >= k:
            runs.append(Run(0, 1, 0))
            continue
        count = (k - 1 - first) // turn + 1
        last = first + (count - 1) * turn
        runs.append(Run((phase + p - d * last) // s, d // common, count))
    return AxisMap(source, 1, tuple(runs))


def periodic(source: int, advance: int, period: int, run: Callable[[int], Run]) -> AxisRelation:
    """A pattern of `period` runs that repeats, `advance` inputs further each time; `run` gives one."""
    if not afford(period):
        return Unknown(source)
    return AxisMap(source, advance, tuple([run(phase) for phase in range(period)]))


def part(source: int, offset: Size, length: Size) -> AxisRelation:
    """Outputs `offset … offset + length - 1` are inputs `0 … length - 1`; other outputs see nothing."""
    if isinstance(offset, int) and isinstance(length, int):
        return AxisMap(source, 1, (Run(-offset, 1, 1),), (offset, offset + length))
    return Unknown(source)
