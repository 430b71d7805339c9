"""CPUs granted to the process."""

import os
from pathlib import Path

import pytest

from app.machine import available_cpus

ALL = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


@pytest.mark.parametrize(
    ("quota", "cpus"),
    [
        ("max 100000", ALL),
        ("100000 100000", 1),
        ("50000 100000", 1),
        ("6400000 100000", ALL),
        ("0 100000", 1),
        ("100000 0", ALL),
        ("nonsense", ALL),
        ("", ALL),
    ],
)
def test_quota_of_a_container(tmp_path: Path, quota: str, cpus: int) -> None:
    file = tmp_path / "cpu.max"
    file.write_text(quota + "\n")
    assert available_cpus(file) == cpus


def test_no_container(tmp_path: Path) -> None:
    assert available_cpus(tmp_path / "none") == ALL
