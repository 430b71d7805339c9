"""Pieces of random layers: shapes, arguments for every axis, flags, wrong channels."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Draw = Callable[[st.SearchStrategy[Any]], Any]


@dataclass(frozen=True)
class Case:
    """A layer type with arguments, on inputs of these shapes (without the batch)."""

    type: str
    arguments: dict[str, Any]
    shapes: list[list[int]]


def shape_of(draw: Draw, rank: int, *, largest: int = 12, wrong_rank: float = 0.04) -> list[int]:
    if draw(st.floats(0, 1)) < wrong_rank:
        rank = max(1, rank + draw(st.sampled_from([-1, 1])))
    return [draw(st.sampled_from([1, 2, 3, 4, 6, 8]))] + [
        draw(st.integers(1, largest)) for _ in range(rank - 1)
    ]


def axes(draw: Draw, dims: int, low: int, high: int) -> int | list[int]:
    if draw(st.booleans()):
        return int(draw(st.integers(low, high)))
    count = dims if draw(st.integers(0, 29)) else draw(st.integers(1, 4))
    return [draw(st.integers(low, high)) for _ in range(count)]


def maybe(
    draw: Draw, arguments: dict[str, Any], name: str, value: Callable[[], Any], chance: float = 0.5
) -> None:
    if draw(st.floats(0, 1)) < chance:
        arguments[name] = value()


def flag(draw: Draw, arguments: dict[str, Any], *names: str) -> None:
    for name in names:
        maybe(draw, arguments, name, lambda: draw(st.booleans()), 0.3)


def wrong_channels(draw: Draw, arguments: dict[str, Any], name: str, right: int) -> None:
    maybe(draw, arguments, name, lambda: right + draw(st.sampled_from([0, 0, 0, 1])), 0.2)
