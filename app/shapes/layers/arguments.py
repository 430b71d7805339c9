"""Arguments of layers: PyTorch's names and defaults, and kinds that read them from JSON and refuse the
rest.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from app.shapes.errors import ShapeError, SizeError
from app.shapes.sizes import LARGEST, Expression, Size, describe, parse_size, substitute

Values = Mapping[str, Size]

REQUIRED: Final = object()
"""The default of an argument that must be given."""


class Kind(ABC):
    """A kind of argument: `read` turns JSON into a value, `label` says in words what is expected."""

    label: str

    @abstractmethod
    def read(self, raw: object, symbols: Values) -> Any:
        """The checked value; raises SizeError with what was expected."""


@dataclass(frozen=True)
class Argument:
    """One argument of a layer type."""

    name: str
    kind: Kind
    default: object = REQUIRED
    inferred: bool = False
    """May be left out because the input tells it."""
    keyword_only: bool = False
    standard: Any = field(init=False, compare=False)
    """The default as a value, spread over the axes."""

    def __post_init__(self) -> None:
        standard = None if self.default in (REQUIRED, None) else self.kind.read(self.default, {})
        object.__setattr__(self, "standard", standard)

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is REQUIRED

    def read(self, raw: object, symbols: Values) -> Any:
        """The value given as `raw`; errors carry the argument's name and pointer."""
        try:
            return self.kind.read(raw, symbols)
        except ShapeError as error:
            raise SizeError(f"{self.name}: {error.detail}", f"/{self.name}{error.pointer}") from None


class SizeKind(Kind):
    """One size: an integer of at least `least`, or an expression."""

    def __init__(self, least: int = 1) -> None:
        self.least = least
        self.label = "positive size" if least == 1 else f"size of at least {least}"

    def read(self, raw: object, symbols: Values) -> Size:
        """The size, with symbols replaced."""
        if type(raw) is int and self.least <= raw <= LARGEST:
            return raw
        size = parse_size(raw, self.least)
        return parse_size(substitute_whole(size, symbols), self.least) if symbols else size


class AxesKind(Kind):
    """One size for all `count` axes, or a list with one for each; a one-element list where PyTorch expands
    it.
    """

    def __init__(self, count: int, least: int = 1, *, expands: bool = False) -> None:
        self.count = count
        self.item = SizeKind(least)
        self.expands = expands or count == 1
        self.label = self.item.label if count == 1 else f"{self.item.label}, or a list of {count}"

    def read(self, raw: object, symbols: Values) -> tuple[Size, ...]:
        """One size per axis."""
        if not isinstance(raw, (list, tuple)):
            return (self.item.read(raw, symbols),) * self.count
        if len(raw) != self.count and not (self.expands and len(raw) == 1):
            raise SizeError(f"expected one value or a list of {self.count}, not a list of {len(raw)}")
        least = self.item.least
        sizes: list[Size] = []
        for i, item in enumerate(raw):
            plain = type(item) is int and least <= item <= LARGEST
            sizes.append(item if plain else read_item(self.item, item, i, symbols))
        return tuple(sizes) if len(sizes) == self.count else tuple(sizes) * self.count


class SingleKind(SizeKind):
    """One size for one axis, where PyTorch takes no list."""

    def read(self, raw: object, symbols: Values) -> Any:
        """The size, as a tuple of one."""
        return (super().read(raw, symbols),)


class ListKind(Kind):
    """A list of items of another kind, or a single one; `count` fixes its length."""

    def __init__(self, item: Kind, *, count: int | None = None, single: bool = True, most: int = 16) -> None:
        self.item, self.count, self.single, self.most = item, count, single, most
        self.label = f"list of {item.label}" if not single else f"{item.label}, or a list"

    def read(self, raw: object, symbols: Values) -> tuple[Any, ...]:
        """The items as a tuple."""
        if not isinstance(raw, (list, tuple)):
            if not self.single:
                raise SizeError(f"expected a list, not {describe(raw)}")
            return (self.item.read(raw, symbols),)
        if self.count is not None and len(raw) != self.count:
            raise SizeError(f"expected a list of {self.count}, not of {len(raw)}")
        if not 1 <= len(raw) <= self.most:
            raise SizeError(f"expected a list of 1 to {self.most} values, not of {len(raw)}")
        return tuple(read_item(self.item, item, i, symbols) for i, item in enumerate(raw))


class ScalarOrListKind(Kind):
    """One value, kept as it is, or a list whose length the layer checks."""

    def __init__(self, item: Kind, *, most: int) -> None:
        self.item, self.list = item, ListKind(item, single=False, most=most)
        self.label = f"{item.label}, or a list of one for each axis"

    def read(self, raw: object, symbols: Values) -> Any:
        """The value, or a tuple."""
        return (
            self.list.read(raw, symbols) if isinstance(raw, (list, tuple)) else self.item.read(raw, symbols)
        )


class OptionalKind(Kind):
    """Null, or a value of another kind."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.label = f"{kind.label}, or null"

    def read(self, raw: object, symbols: Values) -> Any:
        """None for null."""
        return None if raw is None else self.kind.read(raw, symbols)


class PaddingKind(AxesKind):
    """A convolution's padding: a size for each axis, `"same"` or `"valid"`; the sign is the layer's to
    check.
    """

    def __init__(self, count: int) -> None:
        super().__init__(count, -LARGEST, expands=True)
        self.label = AxesKind(count, 0).label
        self.label += ', "same" or "valid"'

    def read(self, raw: object, symbols: Values) -> Any:
        """One size per axis, a lone one from a list of one, or the word."""
        if raw in ("same", "valid"):
            return raw
        sizes = super().read(raw, symbols)
        return sizes[:1] if isinstance(raw, (list, tuple)) and len(raw) == 1 else sizes


class FlagKind(Kind):
    """True or false."""

    label = "true or false"

    def read(self, raw: object, symbols: Values) -> bool:
        """The flag."""
        if not isinstance(raw, bool):
            raise SizeError(f"expected true or false, not {describe(raw)}")
        return raw


class NumberKind(Kind):
    """A finite number within bounds."""

    def __init__(self, low: float = -math.inf, high: float = math.inf) -> None:
        self.low, self.high = low, high
        self.label = "number" if low == -math.inf and high == math.inf else f"number from {low:g} to {high:g}"

    def read(self, raw: object, symbols: Values) -> float:
        """The number, an int staying an int."""
        if isinstance(raw, bool) or not isinstance(raw, (int, float)):
            raise SizeError(f"expected a number, not {describe(raw)}")
        if not self.low <= raw <= self.high or (isinstance(raw, float) and not math.isfinite(raw)):
            raise SizeError(
                f"expected a {'finite ' if math.isinf(self.high) else ''}{self.label}, not {describe(raw)}"
            )
        return raw


class IntegerKind(Kind):
    """A plain integer within bounds, negative ones too (a dimension, an index)."""

    def __init__(self, low: int = -LARGEST, high: int = LARGEST) -> None:
        self.low, self.high = low, high
        self.label = "integer" if high == LARGEST else f"integer from {low} to {high}"

    def read(self, raw: object, symbols: Values) -> int:
        """The integer."""
        if isinstance(raw, bool) or not isinstance(raw, int) or not self.low <= raw <= self.high:
            raise SizeError(f"expected an {self.label}, not {describe(raw)}")
        return raw


class SignedSizeKind(Kind):
    """A size of either sign: padding that may crop, the end of a slice, a `-1` to be inferred."""

    label = "integer or expression"

    def read(self, raw: object, symbols: Values) -> Size:
        """The size, with symbols replaced."""
        least = -(2**63)
        return parse_size(substitute_whole(parse_size(raw, least), symbols), least)


class ChoiceKind(Kind):
    """One of a few words."""

    def __init__(self, *choices: str) -> None:
        self.choices = choices
        self.label = " or ".join(f'"{choice}"' for choice in choices)

    def read(self, raw: object, symbols: Values) -> str:
        """The word."""
        if not isinstance(raw, str) or raw not in self.choices:
            raise SizeError(f"expected {self.label}, not {describe(raw)}")
        return raw


def read_item(kind: Kind, raw: object, index: int, symbols: Values) -> Any:
    """One item of a list, its errors pointing at the index."""
    try:
        return kind.read(raw, symbols)
    except ShapeError as error:
        raise error.below(f"/{index}") from None


def substitute_whole(size: Size, symbols: Values) -> Size:
    """`size` with symbols replaced; refuses values for which it is no longer an integer."""
    replaced = substitute(size, symbols)
    if isinstance(replaced, Expression) and list(replaced.terms) == [()]:
        raise SizeError(f"is {replaced.terms[()]} after substitution, which is not a whole number")
    return replaced


FLAG = FlagKind()
INTEGER = IntegerKind()
NUMBER = NumberKind()
SIZE = SizeKind()


def inferred(name: str) -> Argument:
    """A channel or feature count that the input tells."""
    return Argument(name, SIZE, None, inferred=True)
