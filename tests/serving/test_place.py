"""Shares of what all web processes may take, and what they tell each other."""

from pathlib import Path

import pytest

from app.serving.place import Place


@pytest.mark.parametrize(
    ("count", "amount", "least", "share"),
    [(1, 64, 1, 64), (2, 64, 1, 32), (3, 64, 1, 21), (4, 2, 1, 1), (4, 4, 2, 2)],
)
def test_a_share_is_a_part_and_never_too_little_to_work_with(
    count: int, amount: int, least: int, share: int
) -> None:
    assert Place(0, count).share(amount, least) == share


def test_when_one_leaves_all_know(tmp_path: Path) -> None:
    first, second, alone = Place(0, 2, tmp_path), Place(1, 2, tmp_path), Place()
    assert not any(place.is_leaving for place in (first, second, alone))
    first.leave()
    assert first.is_leaving
    assert second.is_leaving
    assert not alone.is_leaving
    alone.leave()
    assert alone.is_leaving


def test_leaving_does_not_need_the_folder(tmp_path: Path) -> None:
    place = Place(0, 2, tmp_path / "gone")
    place.leave()
    assert place.is_leaving
