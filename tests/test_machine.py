"""CPUs granted to the process."""

import os
from pathlib import Path

import pytest

from app.machine import available_cpus, peak_memory

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


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="told by Linux alone")
def test_a_peak_is_of_what_was_watched() -> None:
    large = bytearray(os.urandom(1) * 300_000_000)
    with peak_memory() as first:
        pass
    del large
    with peak_memory() as second:
        pass
    with peak_memory() as third:
        bytearray(os.urandom(1) * 200_000_000)
    assert first.mebibytes > second.mebibytes + 200
    assert third.mebibytes > second.mebibytes + 100


def test_where_nothing_can_be_reset_it_is_the_peak_of_a_life(tmp_path: Path) -> None:
    with peak_memory(tmp_path / "missing") as peak:
        pass
    assert peak.mebibytes > 10
