"""`chromalab keys`: the people and programs that a service with CHROMALAB_API_KEYS_FILE lets in."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from app.keys import KeysError, add_key, read_keys, revoke_key
from app.settings import Settings

keys = typer.Typer(help="Add, list and revoke API keys.", no_args_is_help=True)
T = TypeVar("T")

File = Annotated[Path | None, typer.Option(help="The file of keys. [CHROMALAB_API_KEYS_FILE]")]
Name = Annotated[str, typer.Argument(help="Whose key it is.")]


@keys.command()
def add(name: Name, file: File = None) -> None:
    """Make a key and print it. This is the only time that it is shown."""
    typer.echo(_or_exit(lambda: add_key(_path(file), name)))


@keys.command("list")
def list_names(file: File = None) -> None:
    """Print whose keys there are."""
    for name in sorted(_or_exit(lambda: read_keys(_path(file))).values()):
        typer.echo(name)


@keys.command()
def revoke(name: Name, file: File = None) -> None:
    """Forget a key; running services refuse it from the next request on."""
    _or_exit(lambda: revoke_key(_path(file), name))


def _path(file: Path | None) -> Path:
    path = file or Settings().api_keys_file
    if path is None:
        raise KeysError("name a file of keys by --file or CHROMALAB_API_KEYS_FILE")
    return path


def _or_exit(action: Callable[[], T]) -> T:
    try:
        return action()
    except (KeysError, OSError) as error:
        typer.echo(f"chromalab: {error}", err=True)
        raise typer.Exit(1) from None
