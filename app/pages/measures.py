"""A card's measures as people read them: names, units, and which way is better."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.networks.card import Card, Evaluation
from app.networks.measure_names import KNOWN, Measure, columns, measure, spread

__all__ = ["KNOWN", "Figure", "Measure", "figures", "measure", "shared", "tabled"]


@dataclass(frozen=True)
class Figure:
    """One measured value of a card; `data` names what it was measured on, empty if the card does not say."""

    data: str
    name: str
    value: float | str

    @property
    def title(self) -> str:
        """The measure's name in words."""
        return measure(self.name).title

    @property
    def text(self) -> str:
        """The value in words."""
        return measure(self.name).show(self.value)


def figures(card: Card) -> Iterator[Figure]:
    """All measures of a card, in its order."""
    for name, value in card.metrics.items():
        if isinstance(value, dict):
            yield from (Figure(name, inner, number) for inner, number in value.items())
        else:
            yield Figure("", name, value)


def shared(cards: Iterable[Card]) -> list[tuple[str, str]]:
    """(data, measure) of every number that at least two cards carry, or the only card; first seen first."""
    cards = list(cards)
    seen: dict[tuple[str, str], int] = {}
    for card in cards:
        for figure in figures(card):
            if not isinstance(figure.value, str):
                seen[figure.data, figure.name] = seen.get((figure.data, figure.name), 0) + 1
    return [key for key, count in seen.items() if count >= min(2, len(cards))]


@dataclass(frozen=True)
class Tabled:
    """An evaluation as text: headings, then for each row its name and (value, interval) a column."""

    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    picture: str | None = None
    """Name of a drawing of it beside the card."""


def tabled(evaluation: Evaluation) -> Tabled:
    """An evaluation ready to be shown; cells that were not measured are empty."""
    names = columns(evaluation)
    rows = (
        (
            title,
            tuple(
                (measure(name).show(row[name].value), spread(name, row[name])) if name in row else ("", "")
                for name in names
            ),
        )
        for title, row in evaluation.rows.items()
    )
    titles = tuple(measure(name).title for name in names)
    return Tabled(evaluation.title, evaluation.note, titles, tuple(rows), evaluation.picture)
