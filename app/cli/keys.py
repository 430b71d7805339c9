"""`chromalab keys`: the people and programs that a service with CHROMALAB_API_KEYS_FILE lets in."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.table import Table

from app.cli.tables import print_table
from app.keyring import FOLDER, LastUses
from app.keys import KeysError, add_key, expiry, known_scopes, read_keys, revoke_key
from app.scopes import ALL, SCOPES
from app.settings import Settings

keys = typer.Typer(help="Add, list and revoke API keys.", no_args_is_help=True)
T = TypeVar("T")

File = Annotated[Path | None, typer.Option(help="The file of keys. [CHROMALAB_API_KEYS_FILE]")]
Name = Annotated[str, typer.Argument(help="Whose key it is.")]
_SCOPES = " ".join(f"{scope}: {meaning}" for scope, meaning in SCOPES.items())


@keys.command()
def add(
    name: Name,
    scope: Annotated[
        list[str] | None,
        typer.Option(help=f"What the key is good for; repeat it for several, everything without. {_SCOPES}"),
    ] = None,
    expires: Annotated[
        str | None, typer.Option(help="When it ends: 90d, 12h, or a date of UTC; never without.")
    ] = None,
    file: File = None,
) -> None:
    """Make a key and print it. This is the only time that it is shown."""

    def made() -> str:
        until = None if expires is None else expiry(expires)
        return add_key(_path(file), name, known_scopes(scope) if scope else ALL, until)

    typer.echo(_or_exit(made))


@keys.command("list")
def list_keys(file: File = None) -> None:
    """Print whose keys there are, what they are good for, and when they were last used on this machine."""
    found = _or_exit(lambda: read_keys(_path(file)))
    uses = LastUses(Settings().data_dir / FOLDER)
    table = Table("name", "scopes", "created", "expires", "last used")
    for key in sorted(found.values(), key=lambda key: key.name):
        table.add_row(
            key.name,
            "all" if key.scopes == ALL else ", ".join(sorted(key.scopes)),
            _shown(key.created, "unknown"),
            _shown(key.expires, "never") + (" (over)" if key.has_expired else ""),
            _shown(uses.of(key), "never"),
        )
    print_table(table)


@keys.command()
def revoke(name: Name, file: File = None) -> None:
    """Forget a key; running services refuse it from the next request on."""
    _or_exit(lambda: revoke_key(_path(file), name))


def _path(file: Path | None) -> Path:
    path = file or Settings().api_keys_file
    if path is None:
        raise KeysError("name a file of keys by --file or CHROMALAB_API_KEYS_FILE")
    return path


def _shown(when: datetime | None, otherwise: str) -> str:
    return otherwise if when is None else when.strftime("%Y-%m-%d %H:%M")


def _or_exit(action: Callable[[], T]) -> T:
    try:
        return action()
    except (KeysError, OSError) as error:
        typer.echo(f"chromalab: {error}", err=True)
        raise typer.Exit(1) from None
