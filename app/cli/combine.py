"""`chromalab combine`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

FAILED, MISUSED = 1, 2


def combine(
    models: Annotated[
        list[Path], typer.Argument(help="Folders of two or more trained models of the same kind.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder to write; its name is the new model's id.")
    ],
    title: Annotated[str, typer.Option(help="The new model's title.")],
    input_size: Annotated[
        int | None, typer.Option(min=1, help="Side of the square it sees; the first model's unless given.")
    ] = None,
    weight: Annotated[
        list[float] | None,
        typer.Option(
            min=0, help="How often a model counts, one for each in their order; alike unless given."
        ),
    ] = None,
    calibration: Annotated[
        float, typer.Option(min=0.1, max=10, help="What their logits are divided by: above 1 is less sure.")
    ] = 1.0,
) -> None:
    """Make one model of several: it gives the mean of their probabilities.

    Exit code 1 when it cannot be written, 2 when the models do not go together.
    """
    from app.networks.card import CardError
    from app.training.publish import Incompatible
    from app.training.publish import combine as join

    told = Console(stderr=True, highlight=False)
    try:
        if len(models) < 2:
            raise Incompatible("one model alone is nothing to combine")
        card = join(models, out, title=title, input_size=input_size, weights=weight, calibration=calibration)
    except (CardError, Incompatible) as error:
        told.print(f"chromalab: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(MISUSED) from None
    except OSError as error:
        told.print(f"chromalab: {out} cannot be written: {error.strerror}", markup=False, soft_wrap=True)
        raise typer.Exit(FAILED) from None
    told.print(f"{card.id}, {card.parameters:,} parameters, is in {out}", markup=False, soft_wrap=True)
