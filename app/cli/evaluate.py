"""`chromalab evaluate`."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from app.cli.tables import print_table
from app.settings import Settings
from app.telemetry import configure_logging

if TYPE_CHECKING:
    from app.networks.card import Evaluation
    from app.training.evaluation import Model, Pixels, Results

MISUSED = 2
NATIVE = "native"
SIDES = ("128", "256", NATIVE)
HEADLINE = 256
"""Of several sizes, the one whose measures stand where models are compared."""


def evaluate(
    subjects: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL... DATA...",
            help="Ids of models (or all), then zip archives or folders of colour pictures.",
        ),
    ],
    only: Annotated[
        str | None, typer.Option(help="Only pictures of this class (name of their folder).")
    ] = None,
    side: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PIXELS|native",
            help="Scale pictures down to this shorter side; may be repeated. [128, 256 and native]",
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only so many pictures, the first by name.")
    ] = None,
    hints: Annotated[
        bool, typer.Option("--hints", help="Also with 0 to 50 true colours revealed, at 256.")
    ] = False,
    stability: Annotated[
        bool, typer.Option("--stability", help="Also how far colours differ with the size of the picture.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    save: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Also write what was found into the cards, under this name."),
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(help="Also write a contact sheet of 24 pictures to this PNG file.")
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="Folder of models. [CHROMALAB_MODELS_DIR]")] = None,
) -> None:
    """Measure models on colour pictures: each is reduced to luminance, coloured, and held against the truth.

    Pictures go through the pipeline that is served. PSNR is in dB; AuC in per cent over ab errors of 0 to
    150; colourfulness is Hasler & Süsstrunk's, signed; ms is the median for one picture, decoding, network
    and full-size colour on one core. Below each figure is its 95 % bootstrap interval over pictures.
    """
    told = Console(stderr=True, highlight=False)
    configure_logging("error", "console")
    from app.colorizing.backends import limit_threads
    from app.colorizing.registry import Registry, UnknownModel, UnusableModel
    from app.colorizing.support import takes_hints
    from app.training import evaluation as measuring
    from app.training.datasets import DatasetError

    settings = Settings()
    limit_threads(settings.threads)
    models_dir = folder or settings.models_dir
    registry = Registry(models_dir)
    try:
        sides = _sides(side)
        ids, data = split(subjects)
        names = list(registry.cards) if ids == ["all"] else ids
        models = {name: measuring.Model(registry.card(name), registry.load(name)) for name in names}
        pictures = _read(data, only, limit)
    except (UnknownModel, UnusableModel, DatasetError, ValueError) as error:
        told.print(f"chromalab: {error}", markup=False)
        raise typer.Exit(MISUSED) from None
    named = save or ", ".join(path.stem for path in data)
    tables: list[Evaluation] = []
    with Progress(console=told, transient=True) as progress:

        def follow(task: str, count: int) -> Callable[[int], None]:
            bar = progress.add_task(task, total=count)
            return lambda done: progress.update(bar, completed=done)

        for pixels in _distinct(sides, pictures):
            fitted = [measuring.fit(rgb, pixels) for rgb in pictures]
            title = f"{named}, {'native size' if pixels is None else f'shorter side {pixels}'}"
            found = measuring.evaluate(models, fitted, follow(title, len(fitted)))
            tables.append(
                _table(title, f"{len(fitted)} pictures, true luminance in; gains are over gray.", found)
            )
        for name, model in models.items():
            if hints and takes_hints(model.card):
                tables.append(_hints(named, name, model, pictures, follow))
            if stability:
                tables.append(_stability(named, name, model, pictures, follow))
        if sheet is not None:
            _sheet(models, pictures, sheet, follow, told)
    if save is not None:
        for name, model in models.items():
            _write(models_dir / name, model, save, tables)
    if as_json:
        typer.echo(
            json.dumps({"evaluations": [table.model_dump(exclude_none=True) for table in tables]}, indent=1)
        )
    else:
        for table in tables:
            _print(table)


def split(subjects: list[str]) -> tuple[list[str], list[Path]]:
    """Models and data of one list: first models, several also with commas between, then what is on disk."""
    if len(subjects) < 2:
        raise ValueError("name a model and the pictures to measure it on")
    end = 1
    while end < len(subjects) - 1 and not Path(subjects[end]).exists():
        end += 1
    ids = [name for subject in subjects[:end] for name in subject.split(",") if name]
    return list(dict.fromkeys(ids)), [Path(subject) for subject in subjects[end:]]


Follow = Callable[[str, int], Callable[[int], None]]


def _sides(given: list[str] | None) -> list[int | None]:
    sides: list[int | None] = []
    for text in given or SIDES:
        if text != NATIVE and not (text.isascii() and text.isdigit() and int(text)):
            raise ValueError(f"--side is a number of pixels or {NATIVE}, not {text!r}")
        sides.append(None if text == NATIVE else int(text))
    return sides


def _read(data: list[Path], only: str | None, limit: int | None) -> "list[Pixels]":
    from itertools import islice

    from app.training.datasets import DatasetError, iterate_pictures

    found = (rgb for source in data for _, rgb in iterate_pictures(source, only=only))
    pictures = list(islice(found, limit))
    if not pictures:
        kind = f" of class {only!r}" if only else ""
        raise DatasetError(f"no pictures{kind} in {', '.join(map(str, data))}")
    return pictures


def _distinct(sides: list[int | None], pictures: "list[Pixels]") -> list[int | None]:
    """The sides at which pictures differ from those at native size; at least one."""
    largest = max(min(rgb.shape[:2]) for rgb in pictures)
    return list(dict.fromkeys(None if side is not None and side >= largest else side for side in sides))


def _hints(named: str, name: str, model: "Model", pictures: "list[Pixels]", follow: Follow) -> "Evaluation":
    from app.training.evaluation import fit
    from app.training.hint_study import study_hints

    title = f"{named}, hints for {name}"
    fitted = [fit(rgb, HEADLINE) for rgb in pictures]
    note = (
        f"{len(fitted)} pictures, shorter side {HEADLINE}; true colours of so many pixels at places drawn "
        "evenly; gains are over no hint."
    )
    return _table(title, note, study_hints(model, fitted, follow(title, len(fitted))))


def _stability(
    named: str, name: str, model: "Model", pictures: "list[Pixels]", follow: Follow
) -> "Evaluation":
    from app.training.stability import study_sizes

    title = f"{named}, sizes for {name}"
    note = f"{len(pictures)} pictures entered at two shorter sides each; colours compared at the smallest."
    return _table(title, note, study_sizes(model, pictures, follow(title, len(pictures))))


def _sheet(
    models: "dict[str, Model]", pictures: "list[Pixels]", path: Path, follow: Follow, told: Console
) -> None:
    from app.training.sheet import choose, contact_sheet

    chosen = choose(pictures)
    try:
        contact_sheet(models, chosen, follow("contact sheet", len(chosen))).save(path, "PNG")
    except OSError as error:
        told.print(f"chromalab: {path}: {error.strerror or error}", markup=False)
        raise typer.Exit(1) from None
    told.print(f"the contact sheet is in {path}", markup=False)


def _table(title: str, note: str, results: "Results") -> "Evaluation":
    from app.networks.card import Evaluation, Figure

    rows = {
        name: {key: Figure(**asdict(estimate)) for key, estimate in row.items()}
        for name, row in results.items()
    }
    return Evaluation(title=title, note=note, rows=rows)


def _write(folder: Path, model: "Model", save: str, tables: "list[Evaluation]") -> None:
    """Put the tables into a card, and the measures at one size where models are compared."""
    from app.networks.card import read_card
    from app.training.publish import with_evaluations, with_metrics, write_card

    of_sizes = [table for table in tables if model.card.id in table.rows]
    headline = next((table for table in of_sizes if table.title.endswith(f" {HEADLINE}")), of_sizes[-1])
    kept: dict[str, Any] = {
        name: figure.value
        for name, figure in headline.rows[model.card.id].items()
        if name not in MACHINES and not name.endswith("_gain")
    }
    card = with_metrics(read_card(folder), {save: kept})
    others = [
        table for table in tables if model.card.id in table.rows or table.title.endswith(f" {model.card.id}")
    ]
    write_card(folder, with_evaluations(card, others))


MACHINES = frozenset({"median_ms", "peak_memory_mib"})
"""Measures that are as much the machine's as the model's."""


def _print(evaluation: "Evaluation") -> None:
    from app.networks.measure_names import columns, measure, spread

    names = columns(evaluation)
    table = Table(
        "", *(measure(name).title for name in names), title=evaluation.title, caption=evaluation.note
    )
    for title, row in evaluation.rows.items():
        cells = (
            f"{measure(name).show(row[name].value)}\n{spread(name, row[name])}".strip() if name in row else ""
            for name in names
        )
        table.add_row(title, *cells)
    print_table(table)
