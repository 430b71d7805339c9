"""The command `chromalab`. Each sub-command is the function or Typer of its name in `app/cli/<name>.py`.

A module is imported only when its command is asked for, so that `chromalab --help` does not wait for torch.
"""

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from typer.core import TyperCommand, TyperGroup

from app import __version__

COMMANDS = {
    "serve": "Serve the pages and the REST API.",
    "worker": "Run jobs, beside the worker that `serve` starts or on another machine.",
    "migrate": "Make the tables of jobs, or bring them up to date.",
    "colorize": "Colour pictures and folders of pictures.",
    "shapes": "Compute every shape, parameter and receptive field of a network.",
    "models": "List the trained models.",
    "train": "Train a network by a recipe.",
    "combine": "Make one model of several.",
    "evaluate": "Measure models on pictures whose colours are known.",
    "keys": "Add, list and revoke API keys.",
    "settings": "Show every setting, its value and what it does.",
}
"""Name and one line of help of every sub-command, in the order of `--help`."""


class _Commands(TyperGroup):
    """Lists commands from the table above and imports the one that is run."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=text) for name, text in COMMANDS.items()}

    def list_commands(self, _: Any) -> list[str]:
        return list(COMMANDS)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] in COMMANDS:
            self.commands[args[0]] = _load(args[0])
        return super().resolve_command(ctx, args)


def _load(name: str) -> Any:
    found = getattr(import_module(f"{__name__}.{name}"), name)
    if isinstance(found, typer.Typer):
        return typer.main.get_group(found)
    single = typer.Typer(add_completion=False)
    single.command(name)(found)
    return typer.main.get_command(single)


cli = typer.Typer(cls=_Commands, no_args_is_help=True, pretty_exceptions_enable=False)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"chromalab {__version__}")
        raise typer.Exit


@cli.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Colorize pictures, compute network shapes exactly, and watch optimizers prove their claims."""


def main() -> None:
    """Run the command line; settings that cannot be used are told in a line each, exit code 2."""
    try:
        cli()
    except ValidationError as error:
        if error.title != "Settings":
            raise
        for item in error.errors():
            name = "CHROMALAB_" + "_".join(str(part) for part in item["loc"]).upper()
            print(f"chromalab: {name}: {item['msg'].removeprefix('Value error, ')}", file=sys.stderr)
        sys.exit(2)
