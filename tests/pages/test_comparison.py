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


def measured(name: str, **values: dict[str, float]) -> Card:
    return Card.model_validate(
        {
            "id": name,
            "title": name,
            "task": "ab",
            "network": {"type": "unet"},
            "parameters": 1,
            "input_size": 32,
            "bins": [(0.0, 0.0)],
            "trained_on": "nothing",
            "licence": "none",
            "sha256": "0" * 64,
            "metrics": values,
        }
    )


def test_only_what_tells_models_apart_is_compared_unless_all_of_it_is_asked_for() -> None:
    values = {"pooled_psnr": 23.0, "true_colorfulness": 34.6, "pictures": 1000.0}
    cards = [measured("a", test=values), measured("b", test=values)]
    assert [column.title for column in compare(cards).columns[1:-2]] == ["Pooled PSNR (dB)"]
    every = [column.title for column in compare(cards, every=True).columns[1:-2]]
    assert every == ["Pooled PSNR (dB)", "The truth's colourfulness", "Pictures"]


def test_cards_with_other_measures_leave_gaps() -> None:
    cards = [measured("a", test={"auc": 91.0}), measured("b", test={"auc": 90.0, "new": 1.0}), measured("c")]
    table = compare(cards)
    assert [column.title for column in table.columns[1:-2]] == ["AuC (%)"]
    assert [(card.id, cells[1].value) for card, cells in table.rows] == [
        ("a", 91.0),
        ("b", 90.0),
        ("c", None),
    ]


def test_one_set_of_pictures_is_named_once_and_several_by_each_column() -> None:
    one = [measured("a", test={"auc": 91.0}), measured("b", test={"auc": 90.0})]
    two = [measured(name, test={"auc": 91.0}, photos={"auc": 80.0}) for name in ("a", "b")]
    assert compare(one).data == "test"
    assert compare(two).data == ""
    assert compare([measured("a")]).data == ""


def test_csv_has_the_numbers_in_full(cards: list[Card]) -> None:
    rows = list(csv.DictReader(StringIO(as_csv(compare(cards)))))
    assert [row["id"] for row in rows] == order(cards)
    assert float(rows[0]["Cross-entropy (horses-24 test)"]) == 2 - 0.69
    assert rows[-1]["Accuracy (horses-24 test)"] == ""


def test_no_models_make_an_empty_table() -> None:
    assert compare([]).rows == ()
