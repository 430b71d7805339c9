"""`chromalab models`."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from app.cli.tables import print_table
from app.settings import Settings
from app.telemetry import configure_logging


def models(
    folder: Annotated[Path | None, typer.Option(help="Folder of models. [CHROMALAB_MODELS_DIR]")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the cards as JSON.")] = False,
) -> None:
    """List the models, their checksums verified; exit code 1 if one of them cannot be used."""
    from app.colorizing.registry import Registry

    configure_logging("error", "console")  # what the registry warns of is told below
    registry = Registry(folder or Settings().models_dir)
    if as_json:
        cards = [card.model_dump(mode="json") for card in registry.cards.values()]
        typer.echo(
            json.dumps({"models": cards, "default": registry.default_id, "broken": dict(registry.broken)})
        )
    else:
        table = Table("model", "task", "parameters", "trained on", "SHA-256")
        for card in registry.cards.values():
            mark = " (default)" if card.id == registry.default_id else ""
            table.add_row(
                card.id + mark, card.task, f"{card.parameters:,}", card.trained_on, card.sha256[:12] + "…"
            )
        print_table(table)
        for name, reason in registry.broken.items():
            Console(stderr=True).print(f"{name}: {reason}", markup=False)
    if registry.broken:
        raise typer.Exit(1)
