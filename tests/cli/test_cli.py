"""The command `chromalab` itself: help, names, lazy loading, settings that cannot be used."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from typer.testing import CliRunner

import app.cli
from app import __version__
from app.cli import COMMANDS, cli

RUNNER = CliRunner()


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    code = "import app.cli; app.cli.main()"
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env={"PATH": "", **environment},
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_lists_every_command() -> None:
    result = RUNNER.invoke(cli, ["--help"])
    assert result.exit_code == 0
    for name in COMMANDS:
        assert name in result.output


def test_help_loads_no_command() -> None:
    code = (
        "import sys, app.cli\n"
        "try: app.cli.cli(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'torch', 'fastapi', 'app.cli.serve'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(name: str) -> None:
    result = RUNNER.invoke(cli, [name, "--help"])
    assert result.exit_code == 0, result.output
    assert "Usage" in result.output


def test_every_command_of_the_package_is_listed() -> None:
    modules = {path.stem for path in Path(app.cli.__file__).parent.glob("[!_]*.py")}
    commands = {name for name in modules if hasattr(import_module(f"app.cli.{name}"), name)}
    assert commands == set(COMMANDS)


def test_version() -> None:
    assert RUNNER.invoke(cli, ["--version"]).output.strip() == f"chromalab {__version__}"


def test_a_misspelt_command_is_told_its_name() -> None:
    result = RUNNER.invoke(cli, ["srve"])
    assert result.exit_code == 2
    assert "serve" in result.output


def test_settings_that_cannot_be_used_are_named() -> None:
    done = run("settings", CHROMALAB_PORT="none", CHROMALAB_RATE_LIMIT="often")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert [line.split(":")[1].strip() for line in done.stderr.splitlines()] == [
        "CHROMALAB_PORT",
        "CHROMALAB_RATE_LIMIT",
    ]


def test_settings_are_shown_with_their_values() -> None:
    done = run("settings", CHROMALAB_QUEUE_SIZE="77", COLUMNS="200")
    assert done.returncode == 0, done.stderr
    (line,) = (line for line in done.stdout.splitlines() if "CHROMALAB_QUEUE_SIZE" in line)
    assert "77 (set)" in line
