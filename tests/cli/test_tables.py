"""Tables keep their numbers when they are written to a file."""

import pytest
from rich.table import Table
from rich.text import Text

from app.cli.tables import print_table


def table() -> Table:
    made = Table("", *(f"measure {number}" for number in range(20)))
    made.add_row("a model with rather a long name", *(f"{number}.123456789" for number in range(20)))
    return made


def test_into_a_pipe_nothing_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(table())
    (row,) = [line for line in capsys.readouterr().out.splitlines() if "a model" in line]
    assert "a model with rather a long name" in row
    assert [cell.strip() for cell in row.split("│")[2:-1]] == [f"{number}.123456789" for number in range(20)]


def test_a_terminal_gets_no_longer_lines_than_it_shows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "100")
    print_table(table())
    lines = capsys.readouterr().out.splitlines()
    assert max(Text.from_ansi(line).cell_len for line in lines) <= 100
