"""What stands in manifests and documents is held against the program itself."""

from collections.abc import Iterable, Sequence
from typing import Any

import typer

from app.cli import cli
from app.main import create_app
from app.settings import ENV_PREFIX, Settings

SETTINGS = {ENV_PREFIX + name.upper() for name in Settings.model_fields}


def parse(arguments: Sequence[str]) -> None:
    """Read a command line as `chromalab` would, without running it; raises a UsageError where that would."""
    program, *rest = arguments
    assert program == "chromalab", arguments
    if "--help" in rest or "--version" in rest:
        rest = rest[:-1]
        if not rest:
            return
    command: Any = typer.main.get_command(cli)
    context = command.make_context(program, list(rest))
    while hasattr(command, "resolve_command"):
        left = [*context._protected_args, *context.args]
        name, found, left = command.resolve_command(context, left)
        assert found is not None, arguments
        command, context = found, found.make_context(name, list(left), parent=context)


def options(words: Sequence[str]) -> set[str]:
    """Every option of the command that the words begin with; fails for a command that there is not."""
    command: Any = typer.main.get_command(cli)
    for name in words[1:]:
        if not hasattr(command, "resolve_command"):
            break
        if not name.startswith("-"):
            _, command, _ = command.resolve_command(typer.Context(command), [name])
    return {"--help", *(option for parameter in command.params for option in parameter.opts)}


def read_settings(environment: Iterable[tuple[str, str]]) -> Settings:
    """Settings as they come out of an environment; raises for a name or a value that is not taken."""
    names = {name: value for name, value in environment if name.startswith(ENV_PREFIX)}
    assert set(names) <= SETTINGS, set(names) - SETTINGS
    given = {name.removeprefix(ENV_PREFIX).lower(): value for name, value in names.items() if value}
    return Settings.model_validate(given)


def paths() -> set[str]:
    """Every path that the service answers."""
    return set(create_app(Settings()).openapi()["paths"])
