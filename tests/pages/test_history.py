"""Histories as rows and as CSV."""

import csv
from io import StringIO
from pathlib import Path

from app.networks.card import read_card
from app.pages.history import epochs, history_csv


def test_histories_of_unequal_length_stand_side_by_side(course_models: Path) -> None:
    long = read_card(course_models / "horses")
    short = long.model_copy(update={"history": long.history[:3]})
    rows = epochs([short, long])
    assert [row.epoch for row in rows] == list(range(1, 26))
    assert rows[2].of == (long.history[2], long.history[2])
    assert rows[3].of == (None, long.history[3])
    assert epochs([]) == []


def test_csv_reads_back_to_the_same_numbers(course_models: Path) -> None:
    card = read_card(course_models / "horses")
    rows = list(csv.DictReader(StringIO(history_csv([card]))))
    assert [
        (int(r["epoch"]), float(r["train_loss"]), float(r["val_loss"]), float(r["val_accuracy"]))
        for r in rows
    ] == [(e.epoch, e.train_loss, e.val_loss, e.val_accuracy) for e in card.history]
    assert {row["id"] for row in rows} == {"horses"}
