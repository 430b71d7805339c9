"""`chromalab combine`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from app.networks.card import Card

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
    chroma: Annotated[
        float | None,
        typer.Option(min=0.01, max=2, help="What its chroma is multiplied by; as the first model's."),
    ] = None,
    emphasis: Annotated[
        float,
        typer.Option(
            min=-1, max=1, help="Power of a colour's rarity in the pictures of --data that its odds grow by."
        ),
    ] = 0.0,
    data: Annotated[
        list[str] | None, typer.Option("--data", "-d", help="Pictures in colour: zip archive or folder.")
    ] = None,
) -> None:
    """Make one model of several: it gives the mean of their probabilities.

    Exit code 1 when it cannot be written, 2 when the models do not go together.
    """
    from app.networks.card import CardError, read_card
    from app.training.datasets import DatasetError
    from app.training.publish import Incompatible
    from app.training.publish import combine as join

    told = Console(stderr=True, highlight=False)
    try:
        if len(models) < 2:
            raise Incompatible("one model alone is nothing to combine")
        told_of, rarity = None, None
        if emphasis:
            rarity = _rarity(read_card(models[0]), data or [], emphasis)
            told_of = {"power": emphasis, "rarity_in": [Path(source).name for source in data or []]}
        card = join(
            models,
            out,
            title=title,
            input_size=input_size,
            chroma=chroma,
            emphasis=told_of,
            rarity=rarity,
        )
    except (CardError, DatasetError, Incompatible) as error:
        told.print(f"chromalab: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(MISUSED) from None
    except OSError as error:
        told.print(f"chromalab: {out} cannot be written: {error.strerror}", markup=False, soft_wrap=True)
        raise typer.Exit(FAILED) from None
    told.print(f"{card.id}, {card.parameters:,} parameters, is in {out}", markup=False, soft_wrap=True)


def _rarity(card: "Card", data: list[str], power: float) -> "NDArray[np.float32]":
    """What each bin's odds are multiplied by. Raises Incompatible, DatasetError."""
    import numpy as np

    from app.networks.ab_bins import SoftEncoding, rebalancing
    from app.training.ab_task import count_bins
    from app.training.datasets import iterate_pictures
    from app.training.publish import Incompatible

    if not card.bins:
        raise Incompatible(f"{card.id} has a palette: its colours are what they are, none is rare")
    if not data:
        raise Incompatible("--emphasis needs pictures, --data, to know which colours are rare")
    bins = np.array(card.bins, dtype=np.float32)
    pictures = (rgb for source in data for _, rgb in iterate_pictures(source))
    counts = count_bins(pictures, bins, SoftEncoding(bins))
    if not counts.any():
        raise Incompatible("there is no picture in --data")
    return rebalancing(counts, bins, uniform=0.5, power=power)
