"""`chromalab keys`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from app.keyring import FOLDER, KeyRing, LastUses
from app.keys import digest, read_keys
from app.scopes import ALL


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def keys(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["keys", *arguments])


def listed(file: Path) -> list[list[str]]:
    """The cells of the table, its head left out."""
    lines = keys("list", "--file", str(file)).output.splitlines()
    return [[cell.strip() for cell in line.split("\u2502")[1:-1]] for line in lines if "\u2502" in line]


def test_add_list_revoke(file: Path) -> None:
    key = keys("add", "ada", "--file", str(file)).output.strip()
    found = KeyRing(file).find(key)
    assert found is not None and (found.name, found.scopes, found.expires) == ("ada", ALL, None)
    assert found.created is not None
    created = found.created.strftime("%Y-%m-%d %H:%M")
    assert listed(file) == [["ada", "all", created, "never", "never"]]
    assert keys("revoke", "ada", "--file", str(file)).exit_code == 0
    assert listed(file) == []


def test_scopes_and_an_end(file: Path) -> None:
    options = ("--scope", "shapes", "--scope", "colorize", "--expires", "2999-01-31")
    key = keys("add", "ada", *options, "--file", str(file)).output.strip()
    assert read_keys(file)[digest(key)].scopes == {"shapes", "colorize"}
    assert listed(file)[0][1::2] == ["colorize, shapes", "2999-01-31 00:00"]


def test_a_key_of_an_older_version_and_an_expired_one_are_listed(file: Path) -> None:
    file.write_text(f"old sha256:{digest('a')}\npast sha256:{digest('b')} expires=2020-01-01")
    assert listed(file) == [
        ["old", "all", "unknown", "never", "never"],
        ["past", "all", "unknown", "2020-01-01 00:00 (over)", "never"],
    ]


def test_the_last_use_is_that_of_the_services_data_folder(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMALAB_DATA_DIR", str(tmp_path / "data"))
    key = keys("add", "ada", "--file", str(file)).output.strip()
    uses = LastUses(tmp_path / "data" / FOLDER, lambda: 1_800_000_000.0)
    assert KeyRing(file, uses).find(key) is not None
    assert listed(file)[0][4] == "2027-01-15 08:00"


def test_the_file_is_the_services_unless_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMALAB_API_KEYS_FILE", str(file))
    assert keys("add", "ada").exit_code == 0
    assert file.exists()


def test_what_cannot_be_done_is_told(file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("CHROMALAB_API_KEYS_FILE", raising=False)
    for arguments, reason in (
        (("list",), "CHROMALAB_API_KEYS_FILE"),
        (("list", "--file", str(file)), "FileNotFoundError"),
        (("add", "a b", "--file", str(file)), "not a name"),
        (("add", "ada", "--scope", "admin", "--file", str(file)), "no scope"),
        (("add", "ada", "--expires", "soon", "--file", str(file)), "no date"),
        (("add", "ada", "--file", str(tmp_path / "none" / "keys")), "No such file"),
    ):
        result = keys(*arguments)
        assert result.exit_code == 1
        assert reason in result.output
