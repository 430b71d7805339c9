"""What becomes of a network's counts when a symbol grows, and how the counts of two networks compare."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from app.shapes.analysis import analyse
from app.shapes.errors import NetworkError
from app.shapes.report import Report
from app.shapes.sizes import (
    Expression,
    Size,
    bounded_work,
    describe,
    divide,
    growth,
    parse_size,
    substitute,
    to_json,
)

COUNTED = ("parameters", "weights", "biases", "neurons", "connections")
MAX_FACTOR = 1_000


@dataclass(frozen=True)
class Change:
    """A count before and after; `ratio` where it depends on no symbol, else bounds that can be shown."""

    before: Size
    after: Size
    ratio: Fraction | None
    low: int | None = None
    high: int | None = None

    @property
    def reading(self) -> str:
        """The change in a few words."""
        if self.ratio is not None:
            return _times(self.ratio)
        if self.low is not None and self.high is not None:
            return f"\N{MULTIPLICATION SIGN} {self.low} to {self.high}"
        return "depends on the symbols"

    def to_json(self) -> dict[str, object]:
        """The change as JSON; `ratio` is exact, `approximately` a number near it."""
        ratio = None if self.ratio is None else to_json(_size(self.ratio))
        return {
            "before": to_json(self.before),
            "after": to_json(self.after),
            "ratio": ratio,
            "approximately": None if self.ratio is None else float(self.ratio),
            "low": self.low,
            "high": self.high,
            "reading": self.reading,
        }


@dataclass(frozen=True)
class Scaling:
    """What multiplying `symbol` by `factor` does to the totals; `value` is what it stands for now, if told.

    `conditions` are those of the network with the symbol free: the change only holds where they do.
    """

    symbol: str
    factor: int
    value: Size | None
    totals: Mapping[str, Change]
    conditions: tuple[str, ...]

    def to_json(self) -> dict[str, object]:
        """The whole reading as JSON."""
        return {
            "symbol": self.symbol,
            "factor": self.factor,
            "value": None if self.value is None else to_json(self.value),
            "totals": {name: change.to_json() for name, change in self.totals.items()},
            "conditions": list(self.conditions),
        }


def scaling(body: Mapping[str, Any], symbol: str, factor: int = 2) -> Scaling:
    """What changes in a network, given as for `analyse`, when one of its symbols is multiplied.

    A value given for the symbol in `substitute` is where the change starts from; other symbols keep theirs.
    """
    if not 2 <= factor <= MAX_FACTOR:
        raise NetworkError(f"factor: expected an integer from 2 to {MAX_FACTOR}, not {factor}", "/factor")
    given = body.get("substitute") if isinstance(body, Mapping) else None
    values = dict(given) if isinstance(given, Mapping) else {}
    raw = values.pop(symbol, None)
    report = analyse({**body, "substitute": values} if values or given else body)
    if symbol not in report.symbols:
        known = ", ".join(report.symbols)
        raise NetworkError(
            f"there is no symbol {describe(symbol)} in this network; "
            + (f"its symbols are {known}" if known else "it has none"),
            "/symbol",
        )
    value = None if raw is None else parse_size(raw)
    with bounded_work():
        changes = {name: _change(getattr(report.totals, name), symbol, factor, value) for name in COUNTED}
    return Scaling(symbol, factor, value, changes, report.conditions)


def compare(first: Report, second: Report) -> dict[str, Change]:
    """The totals of two networks, the second against the first."""
    with bounded_work():
        pairs = {name: (getattr(first.totals, name), getattr(second.totals, name)) for name in COUNTED}
        return {name: Change(before, after, _ratio(before, after)) for name, (before, after) in pairs.items()}


def _change(size: Size, symbol: str, factor: int, value: Size | None) -> Change:
    grown = growth(size, symbol, factor)
    if value is None:
        return Change(grown.before, grown.after, grown.ratio, grown.low, grown.high)
    before, after = (substitute(end, {symbol: value}) for end in (grown.before, grown.after))
    ratio = _ratio(before, after)
    if ratio is not None:
        return Change(before, after, ratio)
    return Change(before, after, grown.ratio, grown.low, grown.high)


def _ratio(before: Size, after: Size) -> Fraction | None:
    if before == after:
        return Fraction(1)
    if before == 0:
        return None
    quotient = divide(after, before)
    if isinstance(quotient, int):
        return Fraction(quotient)
    return Fraction(quotient.terms[()]) if list(quotient.terms) == [()] else None


def _size(ratio: Fraction) -> Size:
    return ratio.numerator if ratio.denominator == 1 else Expression({(): ratio})


def _times(ratio: Fraction) -> str:
    if ratio in (0, 1):
        return "the same" if ratio else "none left"
    if ratio < 1:
        return f"\N{DIVISION SIGN} {_decimal(1 / ratio)}"
    return f"\N{MULTIPLICATION SIGN} {_decimal(ratio)}"


def _decimal(number: Fraction) -> str:
    return f"{round(number):,}" if number >= 1_000 else f"{float(number):.4g}"
