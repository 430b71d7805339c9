"""CPUs and memory granted to the process."""

import os
from pathlib import Path

import pytest

from app import machine
from app.machine import (
    MEMORY_OF_ONE,
    MOST_PROCESSES,
    available_cpus,
    cpu_model,
    default_processes,
    peak_memory,
)

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


def test_the_processor_is_known_by_its_name_and_what_it_can_do(tmp_path: Path) -> None:
    told = tmp_path / "cpuinfo"
    found = []
    for flags in ("avx2 fma", "fma avx2", "avx2 fma avx512_bf16"):
        told.write_text(f"processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: {flags}\n\nprocessor\t: 1\n")
        found.append(cpu_model(told))
    assert found[0] == found[1] != found[2]
    assert all(each.startswith("Some CPU ") for each in found)
    assert cpu_model(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("cpus", "memory", "processes"),
    [
        (1, 8 * MEMORY_OF_ONE, 1),
        (2, 8 * MEMORY_OF_ONE, 2),
        (64, 80 * MEMORY_OF_ONE, MOST_PROCESSES),
        (8, 1, 1),
    ],
)
def test_the_default_is_one_a_cpu_within_the_memory(
    monkeypatch: pytest.MonkeyPatch, cpus: int, memory: int, processes: int
) -> None:
    monkeypatch.setattr(machine, "available_cpus", lambda: cpus)
    monkeypatch.setattr(machine, "_memory", lambda: memory)
    monkeypatch.setattr("sys.platform", "linux")
    assert default_processes() == processes


def test_this_machine_has_some_memory() -> None:
    assert machine._memory() > 2**27
