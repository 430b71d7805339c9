"""`chromalab keys`."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli import cli
from app.keys import KeyRing


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def keys(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["keys", *arguments])


def test_add_list_revoke(file: Path) -> None:
    key = keys("add", "ada", "--file", str(file)).output.strip()
    assert KeyRing(file).owner(key) == "ada"
    assert keys("list", "--file", str(file)).output.split() == ["ada"]
    assert keys("revoke", "ada", "--file", str(file)).exit_code == 0
    assert keys("list", "--file", str(file)).output == ""


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
        (("add", "ada", "--file", str(tmp_path / "none" / "keys")), "No such file"),
    ):
        result = keys(*arguments)
        assert result.exit_code == 1
        assert reason in result.output
