"""The comparison table: shared columns, honest order, CSV with the numbers in full."""

import csv
from io import StringIO
from pathlib import Path

import pytest

from app.networks.card import Card, read_card
from app.pages.comparison import as_csv, compare

ACCURACY = "horses-24 test.accuracy"


@pytest.fixture(scope="module")
def cards(course_models: Path) -> list[Card]:
    return [
        read_card(course_models / name) for name in ("pool-upsample", "horses", "photo", "conv-transpose")
    ]


def order(cards: list[Card], sort: str = "", direction: str = "") -> list[str]:
    return [card.id for card, _ in compare(cards, sort, direction).rows]


@pytest.mark.parametrize(
    ("sort", "direction", "expected"),
    [
        ("", "", ["horses", "conv-transpose", "pool-upsample", "photo"]),
        (ACCURACY, "asc", ["pool-upsample", "conv-transpose", "horses", "photo"]),
        ("horses-24 test.cross_entropy", "", ["horses", "conv-transpose", "pool-upsample", "photo"]),
        ("title", "asc", ["conv-transpose", "horses", "photo", "pool-upsample"]),
        ("nonsense", "nonsense", ["horses", "conv-transpose", "pool-upsample", "photo"]),
    ],
)
def test_order(cards: list[Card], sort: str, direction: str, expected: list[str]) -> None:
    assert order(cards, sort, direction) == expected


def test_asking_again_turns_the_order_round(cards: list[Card]) -> None:
    table = compare(cards)
    by = {column.key: column for column in table.columns}
    assert table.link(by[ACCURACY]) == f"?sort={ACCURACY.replace(' ', '+')}&order=asc"
    assert table.link(by["parameters"]) == "?sort=parameters&order=asc"
    assert table.aria_sort(by[ACCURACY]) == "descending"
    assert table.aria_sort(by["parameters"]) is None


def test_words_are_no_column(cards: list[Card]) -> None:
    assert [column.title for column in compare(cards).columns] == [
        "Network",
        "Accuracy",
        "Cross-entropy",
        "Parameters",
        "Input (px)",
    ]


def test_csv_has_the_numbers_in_full(cards: list[Card]) -> None:
    rows = list(csv.DictReader(StringIO(as_csv(compare(cards)))))
    assert [row["id"] for row in rows] == order(cards)
    assert float(rows[0]["Cross-entropy (horses-24 test)"]) == 2 - 0.69
    assert rows[-1]["Accuracy (horses-24 test)"] == ""


def test_no_models_make_an_empty_table() -> None:
    assert compare([]).rows == ()
