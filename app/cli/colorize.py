"""`chromalab colorize`."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.cli.painters import LocalPainter, Painter, SetupError
from app.cli.picture_files import WRITTEN, FileError, Task, names_a_file, plan, write_whole
from app.cli.steering import check_one_picture, given_hints
from app.colorizing.options import Options
from app.imaging.encode import OutputFormat
from app.settings import Settings
from app.telemetry import configure_logging

FAILED, MISUSED, INTERRUPTED = 1, 2, 130


def colorize(
    inputs: Annotated[
        list[Path], typer.Argument(metavar="FILES|FOLDERS...", help="Pictures, or folders of them.")
    ],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="Folder for the results; for one picture also a file name.")
    ],
    model: Annotated[str | None, typer.Option(help="Id of the model; the default one unless given.")] = None,
    format: Annotated[
        OutputFormat | None,
        typer.Option(help="Format of the results; as the pictures' unless given."),
    ] = None,
    saturation: Annotated[
        float, typer.Option(min=0.0, max=2.0, help="0 is gray, 1 what the model says.")
    ] = 1.0,
    temperature: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=1.0,
            help="0 takes the likeliest colours, 1 their mean; the model's own unless given.",
        ),
    ] = None,
    restore: Annotated[
        bool, typer.Option("--restore", help="Give faded pictures their contrast back, gently.")
    ] = False,
    hint: Annotated[
        list[str] | None,
        typer.Option(
            metavar="X,Y,#RRGGBB[,RADIUS]",
            help="A colour that you know, in one picture: shares of its width and height, and how far the "
            "colour reaches, as a share of the shorter side. Give several one by one.",
        ),
    ] = None,
    hints: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Hints as a JSON list of {x, y, color, radius?}, or one a line."),
    ] = None,
    candidate: Annotated[
        int, typer.Option(min=0, max=99, help="Which of the model's ideas for the picture, 0 its first.")
    ] = 0,
    uncertainty: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write where the model is unsure as a PNG, white where most."),
    ] = None,
    recursive: Annotated[
        bool, typer.Option("--recursive", "-r", help="Go into folders within folders.")
    ] = False,
    overwrite: Annotated[bool, typer.Option(help="Replace results that are already there.")] = False,
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", metavar="N", min=1, max=64, help="Pictures at the same time.")
    ] = 1,
    server: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Have a Chromalab service do it, such as http://127.0.0.1:8000."),
    ] = None,
    api_key: Annotated[
        str | None, typer.Option(envvar="CHROMALAB_API_KEY", help="Key for that service.")
    ] = None,
) -> None:
    """Colour pictures. Those that fail are listed, the others done; exit code 1 if any failed, 2 for misuse.

    Inputs are never overwritten. A result that is already there is kept unless --overwrite is given, so that
    a run that was interrupted goes on where it ended.
    """
    told = Console(stderr=True, highlight=False)
    if names_a_file(out) and format not in (None, WRITTEN[out.suffix.lower()]):
        told.print(f"chromalab: {out} does not end like {format}", markup=False)
        raise typer.Exit(MISUSED)
    tasks = plan(inputs, out, format=format, recursive=recursive)
    if not tasks:
        told.print(
            "no pictures there" + ("" if recursive else "; --recursive looks into folders within folders")
        )
        return
    try:
        steered = {"--hint": bool(hint), "--hints": hints is not None, "--candidate": candidate > 0}
        check_one_picture(len(tasks), {**steered, "--uncertainty": uncertainty is not None})
        options = _options(
            saturation=saturation,
            temperature=temperature,
            restore=restore,
            candidate=candidate,
            hints=given_hints(hint or [], hints),
        )
        with closing(_painter(model, options, server, api_key)) as painter:
            kept, failures = _paint_all(tasks, painter, overwrite=overwrite, jobs=jobs, told=told)
            if uncertainty is not None and not failures:
                failures += _write_uncertainty(tasks[0], painter, uncertainty)
    except SetupError as error:
        told.print(f"chromalab: {error}", markup=False)
        raise typer.Exit(MISUSED) from None
    except KeyboardInterrupt:
        told.print("interrupted; what was done is complete")
        raise typer.Exit(INTERRUPTED) from None
    for source, reason in failures:
        told.print(f"{source}: {reason}", markup=False, soft_wrap=True)
    done = len(tasks) - kept - len({source for source, _ in failures})
    told.print(f"{done} coloured, {kept} already there, {len(failures)} failed")
    if failures:
        raise typer.Exit(FAILED)


def _options(**given: Any) -> Options:
    try:
        return Options.model_validate(given)
    except ValidationError as error:  # hints, and not-a-number, which Typer takes for one
        first = error.errors()[0]
        match first["loc"]:
            case ("hints", int(index), *field):
                what = ", ".join([f"hint {index + 1}", *map(str, field)])
            case (name, *_):
                what = f"--{name}"
        raise SetupError(f"{what}: {first['msg'].removeprefix('Value error, ')}") from None


def _write_uncertainty(task: Task, painter: Painter, path: Path) -> list[tuple[Path, str]]:
    """Write the map of a picture that has been coloured; the failure, if it is one."""
    try:
        write_whole(path, painter.uncertainty(task.source))
    except FileError as error:
        return [(path, str(error))]
    return []


def _painter(model: str | None, options: Options, server: str | None, api_key: str | None) -> Painter:
    if server is None:
        settings = Settings()
        configure_logging(settings.log_level, settings.log_format)
        return LocalPainter(model, options, settings)
    from app.cli.client import RemotePainter

    return RemotePainter(server, model, options, api_key=api_key)


def _paint_all(
    tasks: list[Task], painter: Painter, *, overwrite: bool, jobs: int, told: Console
) -> tuple[int, list[tuple[Path, str]]]:
    """How many results were there already, and which pictures failed, with the reason, in order."""
    kept, failures = 0, {}
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}"))
    bars = Progress(*columns, console=told, transient=True, disable=not told.is_terminal)
    with bars as progress, ThreadPoolExecutor(jobs) as threads:
        bar = progress.add_task("", total=len(tasks))

        def do(task: Task) -> bool:
            progress.update(bar, description=escape(task.source.name))
            return _paint(task, painter, overwrite)

        begun = {threads.submit(do, task): place for place, task in enumerate(tasks)}
        try:
            for done in as_completed(begun):
                try:
                    kept += done.result()
                except FileError as error:
                    failures[begun[done]] = str(error)
                progress.advance(bar)
        except BaseException:  # those under way are finished, and no more begun
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    return kept, [(tasks[place].source, failures[place]) for place in sorted(failures)]


def _paint(task: Task, painter: Painter, overwrite: bool) -> bool:
    """Colour one picture; True if its result was there already. Raises FileError."""
    if task.problem is not None:
        raise FileError(task.problem)
    if task.target.exists() and not overwrite:
        return True
    write_whole(task.target, painter.paint(task.source, task.format))
    return False
