"""Cores are shared among passes, across processes too."""

from pathlib import Path

import pytest

from app.colorizing.crew import Crew
from app.serving.place import Place


def test_a_lone_pass_takes_every_core_and_two_half() -> None:
    crew = Crew(8)
    with crew.at_work() as alone, crew.at_work() as second, crew.at_work() as third:
        assert (alone, second, third) == (8, 4, 2)
    with crew.at_work() as again:
        assert again == 8


def test_a_pass_that_fails_gives_its_cores_back() -> None:
    crew = Crew(4)
    with pytest.raises(ZeroDivisionError), crew.at_work():
        raise ZeroDivisionError
    with crew.at_work() as threads:
        assert threads == 4


def test_processes_see_each_other_s_passes_and_one_that_was_killed_leaves_none(tmp_path: Path) -> None:
    first, second = (Crew(2, Place(index, 2, tmp_path)) for index in range(2))
    with first.at_work() as alone, second.at_work() as beside:
        assert (alone, beside) == (2, 1)
    second._add(1)  # a pass under way when its process is killed
    with first.at_work() as threads:
        assert threads == 1
    Crew(2, Place(1, 2, tmp_path))  # started again in the same place
    with first.at_work() as threads:
        assert threads == 2


def test_there_is_always_one_thread() -> None:
    crew = Crew(1)
    with crew.at_work(), crew.at_work() as second:
        assert second == 1
