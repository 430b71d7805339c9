"""The page that `make bench` writes: a section for each benchmark, replaced when it runs again."""

import pytest

from benchmarks import __main__ as bench


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "BENCHMARKS", {"first": "One thing", "second": "Another thing"})
    monkeypatch.setattr(bench, "machine", lambda: "A machine.")


def test_each_benchmark_has_its_section() -> None:
    page = bench.written(bench.written(bench.HEAD, "first", "one x"), "second", r"2 \1 x")
    assert page.startswith("# Benchmarks")
    assert page.count("\n## ") == 2
    again = bench.written(page, "first", "three x")
    assert "one x" not in again
    assert again.index("three x") < again.index(r"2 \1 x")
    assert bench.written(again, "first", "one x") == page


def test_what_a_benchmark_prints_is_kept_and_its_failure_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert "(it ended with 1)" in bench.run("first")  # there is no such module
    assert "No module named benchmarks.first" in capfd.readouterr().out
