"""A card's measures as people read them: names, units, and which way is better."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from app.networks.card import Card


@dataclass(frozen=True)
class Measure:
    """How one measure is shown."""

    title: str
    decimals: int = 2
    percent: bool = False
    higher_is_better: bool = True
    compared: bool = True
    """Whether it has a column where models stand side by side; what tells of the pictures alone has none."""

    def show(self, value: float | str) -> str:
        """The value as text; words pass through."""
        if isinstance(value, str):
            return value
        return f"{100 * value:.{self.decimals}f} %" if self.percent else f"{value:,.{self.decimals}f}"


KNOWN = {
    "accuracy": Measure("Accuracy", percent=True),
    "cross_entropy": Measure("Cross-entropy", 4, higher_is_better=False),
    "accuracy_mean": Measure("Mean accuracy", percent=True),
    "accuracy_min": Measure("Least accuracy", percent=True, compared=False),
    "accuracy_max": Measure("Greatest accuracy", percent=True, compared=False),
    "cross_entropy_mean": Measure("Mean cross-entropy", 4, higher_is_better=False, compared=False),
    "cross_entropy_min": Measure("Least cross-entropy", 4, higher_is_better=False, compared=False),
    "cross_entropy_max": Measure("Greatest cross-entropy", 4, higher_is_better=False, compared=False),
    "loss": Measure("Loss", 4, higher_is_better=False),
    "pooled_psnr": Measure("Pooled PSNR (dB)"),
    "mean_psnr": Measure("Mean PSNR (dB)", compared=False),
    "auc": Measure("AuC (%)"),
    "balanced_auc": Measure("Balanced AuC (%)"),
    "colorfulness": Measure("Colourfulness"),
    "absolute_colorfulness": Measure("Colourfulness, absolute", compared=False),
    "true_colorfulness": Measure("The truth's colourfulness", compared=False),
    "delta_colorfulness": Measure("ΔCF", higher_is_better=False),
    "pixels": Measure("Pixels", 0, compared=False),
    "pictures": Measure("Pictures", 0, compared=False),
}
"""Measures by their name in a card; others are shown under their own name."""


def measure(name: str) -> Measure:
    """How the measure of this name is shown."""
    return KNOWN.get(name) or Measure(name.replace("_", " ").capitalize(), 4)


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
