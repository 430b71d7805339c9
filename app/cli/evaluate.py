"""`chromalab evaluate`."""

import json
import resource
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from app.cli.tables import print_table
from app.settings import Settings
from app.telemetry import configure_logging

MISUSED = 2
SHOWN = {
    "accuracy": ("accuracy", "{:.2%}"),
    "cross_entropy": ("cross-entropy", "{:.4f}"),
    "pooled_psnr": ("pooled PSNR", "{:.2f}"),
    "mean_psnr": ("mean PSNR", "{:.2f}"),
    "auc": ("AuC", "{:.2f}"),
    "balanced_auc": ("balanced AuC", "{:.2f}"),
    "colorfulness": ("CF", "{:.2f}"),
    "delta_colorfulness": ("ΔCF", "{:.2f}"),
    "median_ms": ("ms", "{:.1f}"),
}
"""Heading and format of each measure in the table; the JSON has all of them, unrounded."""


def evaluate(
    model: Annotated[str, typer.Argument(help="Id of a model, several with commas between, or all.")],
    data: Annotated[list[Path], typer.Argument(help="Zip archives or folders of colour pictures.")],
    only: Annotated[
        str | None, typer.Option(help="Only pictures of this class (name of their folder).")
    ] = None,
    side: Annotated[int | None, typer.Option(min=1, help="Scale pictures down to this shorter side.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only so many pictures, the first by name.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    save: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Also write the measures into the cards, under this name."),
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="Folder of models. [CHROMALAB_MODELS_DIR]")] = None,
) -> None:
    """Measure models on colour pictures: each is reduced to luminance, coloured, and held against the truth.

    PSNR is in dB; AuC in per cent over ab errors of 0 to 150; CF is colourfulness (Hasler &
    Süsstrunk, signed) and ΔCF its distance from the truth's; ms is the median for one picture, network and
    full-size colour.
    """
    told = Console(stderr=True, highlight=False)
    configure_logging("error", "console")
    from app.colorizing.backends import limit_threads
    from app.colorizing.registry import Registry, UnknownModel, UnusableModel
    from app.training.datasets import DatasetError, iterate_pictures
    from app.training.evaluation import evaluate as measure
    from app.training.evaluation import fit
    from app.training.publish import with_metrics, write_card

    settings = Settings()
    limit_threads(settings.threads)
    models_dir = folder or settings.models_dir
    registry = Registry(models_dir)
    try:
        names = list(registry.cards) if model == "all" else model.split(",")
        models = {name: (registry.card(name), registry.load(name)) for name in names}
        pictures = [
            fit(rgb, side)
            for source in data
            for label, rgb in iterate_pictures(source)
            if only is None or label == only
        ][:limit]
        if not pictures:
            raise DatasetError(
                f"no pictures{f' of class {only!r}' if only else ''} in {', '.join(map(str, data))}"
            )
    except (UnknownModel, UnusableModel, DatasetError) as error:
        told.print(f"chromalab: {error}", markup=False)
        raise typer.Exit(MISUSED) from None
    with Progress(console=told, transient=True) as progress:
        bar = progress.add_task("evaluating", total=len(pictures))
        results = measure(models, pictures, lambda done: progress.update(bar, completed=done))
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, in KiB elsewhere
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
    if save is not None:
        for name, (card, _) in models.items():
            kept = {key: value for key, value in results[name].items() if key != "median_ms"}
            write_card(models_dir / name, with_metrics(card, {save: kept}))
    if as_json:
        typer.echo(json.dumps({"results": results, "peak_memory_mib": round(peak)}, indent=1))
    else:
        _print(results)
        told.print(f"{len(pictures)} pictures; peak memory {peak:,.0f} MiB")


def _print(results: dict[str, dict[str, float]]) -> None:
    known = [name for name in SHOWN if any(name in result for result in results.values())]
    table = Table("", *(SHOWN[name][0] for name in known))
    for row, result in results.items():
        table.add_row(row, *(SHOWN[name][1].format(result[name]) if name in result else "" for name in known))
    print_table(table)
