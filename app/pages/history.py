"""Training histories as tables: rows for a page, and CSV to take away."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO

from app.networks.card import Card, Epoch


@dataclass(frozen=True)
class EpochRow:
    """One epoch across several histories; None where a history is shorter."""

    epoch: int
    of: tuple[Epoch | None, ...]


def epochs(cards: Sequence[Card]) -> list[EpochRow]:
    """The histories of the cards side by side, by epoch."""
    histories = [{epoch.epoch: epoch for epoch in card.history} for card in cards]
    numbers = sorted({number for history in histories for number in history})
    return [EpochRow(number, tuple(history.get(number) for history in histories)) for number in numbers]


def history_csv(cards: Sequence[Card]) -> str:
    """Every epoch of every card's history as CSV, numbers in full."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["id", "epoch", "train_loss", "val_loss", "val_accuracy"])
    for card in cards:
        for epoch in card.history:
            accuracy = "" if epoch.val_accuracy is None else epoch.val_accuracy
            writer.writerow([card.id, epoch.epoch, epoch.train_loss, epoch.val_loss, accuracy])
    return buffer.getvalue()
