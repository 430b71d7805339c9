"""Shares of what all web processes may take."""

import pytest

from app.serving import place as module
from app.serving.place import MEMORY_OF_ONE, MOST_BY_DEFAULT, Place, default_processes


@pytest.mark.parametrize(
    ("count", "amount", "least", "share"),
    [(1, 64, 1, 64), (2, 64, 1, 32), (3, 64, 1, 21), (4, 2, 1, 1), (4, 4, 2, 2)],
)
def test_a_share_is_a_part_and_never_too_little_to_work_with(
    count: int, amount: int, least: int, share: int
) -> None:
    assert Place(0, count).share(amount, least) == share


@pytest.mark.parametrize(
    ("cpus", "memory", "processes"),
    [
        (1, 8 * MEMORY_OF_ONE, 1),
        (2, 8 * MEMORY_OF_ONE, 2),
        (64, 80 * MEMORY_OF_ONE, MOST_BY_DEFAULT),
        (8, 1, 1),
    ],
)
def test_the_default_is_one_a_cpu_within_the_memory(
    monkeypatch: pytest.MonkeyPatch, cpus: int, memory: int, processes: int
) -> None:
    monkeypatch.setattr(module, "available_cpus", lambda: cpus)
    monkeypatch.setattr(module, "_memory", lambda: memory)
    monkeypatch.setattr("sys.platform", "linux")
    assert default_processes() == processes


def test_this_machine_has_some_memory() -> None:
    assert module._memory() > 2**27
