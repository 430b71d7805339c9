"""`chromalab shapes`."""

import sys
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from app.shapes import Report, ShapeError, analyse
from app.shapes.exporting.formats import export
from app.shapes.importing import read_network
from app.shapes.presets import load_preset, preset_names
from app.shapes.sizes import side_by_side, to_text

MAX_FILE = 16 * 2**20


class Format(StrEnum):
    """How the result is written."""

    table = "table"
    json = "json"
    csv = "csv"
    markdown = "markdown"
    latex = "latex"
    pytorch = "pytorch"
    svg = "svg"


def shapes(
    network: Annotated[
        str,
        typer.Argument(
            metavar="FILE|PRESET",
            help="A JSON body of POST /shapes, what print(model) shows, nn.Sequential source, "
            "- for standard input, or a preset's name.",
        ),
    ],
    substitute: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=SIZE", help="Put a value in place of a symbol; repeatable."),
    ] = None,
    input_shape: Annotated[
        str | None, typer.Option("--input", metavar="SIZES", help="Another input shape: 3,224,224 or 3,H,W.")
    ] = None,
    batch: Annotated[str | None, typer.Option(help="Samples in a batch, for the memory estimate.")] = None,
    symbols: Annotated[
        bool, typer.Option("--symbols", help="Leave a preset's own substitutions out.")
    ] = False,
    layout: Annotated[Format, typer.Option("--format", help="How to write the result.")] = Format.table,
    output: Annotated[Path | None, typer.Option("-o", help="Write to this file.")] = None,
) -> None:
    """Every output shape, parameter, neuron, connection and receptive field of a network, exactly."""
    try:
        body = _body(network)
        if symbols:
            body.pop("substitute", None)
            body.pop("notes", None)  # they tell of the substitutions
        given = _pairs(substitute or [])
        known = body.get("substitute") or {}
        if given and isinstance(known, dict):  # what is no object is refused below
            body["substitute"] = {**known, **given}
        if input_shape is not None:
            body["input"] = input_shape.split(",")
        if batch is not None:
            body["batch"] = batch
        report = analyse(body)
        if output is None and layout is Format.table:
            _print(report, [*_notes(body), *report.notes])
            return
        form = Format.markdown if layout is Format.table else layout
        text = export(report, form.value, _title(network)).text
    except ShapeError as error:
        where = f" (at {error.pointer})" if error.pointer else ""
        print(f"chromalab: {error.detail}{where}", file=sys.stderr)
        raise typer.Exit(2) from None
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        print(f"chromalab: {output}: {error.strerror or 'cannot be written'}", file=sys.stderr)
        raise typer.Exit(2) from None


def _title(network: str) -> str:
    return "network" if network == "-" else Path(network).stem


def _notes(body: dict[str, Any]) -> list[str]:
    notes = body.get("notes")
    return [note for note in notes if isinstance(note, str)] if isinstance(notes, list) else []


def _body(network: str) -> dict[str, Any]:
    path = Path(network)
    if network != "-" and not path.exists() and network in preset_names():
        return load_preset(network)
    try:
        text = sys.stdin.read(MAX_FILE + 1) if network == "-" else _text(path)
    except UnicodeDecodeError:
        raise ShapeError(f"{network} is no text") from None
    except OSError as error:
        close = get_close_matches(network, preset_names())
        hint = f"; did you mean the preset {' or '.join(close)}?" if close else ""
        raise ShapeError(f"{network}: {error.strerror or 'cannot be read'}{hint}") from None
    if len(text) > MAX_FILE:
        raise ShapeError(f"{network}: at most {MAX_FILE} characters are read")
    return read_network(text)


def _text(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.read(MAX_FILE + 1)


def _pairs(given: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for item in given:
        name, sign, value = item.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise ShapeError(f"--substitute {item}: expected NAME=SIZE, such as NF=32")
        pairs[name.strip()] = value.strip()
    return pairs


def _print(report: Report, notes: list[str]) -> None:
    table = Table("layer", "type", "output", show_footer=True)
    table.columns[0].footer = "total"
    for name in ("parameters", "neurons", "connections"):
        table.add_column(name, to_text(getattr(report.totals, name)), justify="right")
    table.add_column("receptive field")
    for column in table.columns:
        column.overflow = "fold"  # nothing is cut off
    for layer in report.layers:
        field = next(iter(report.receptive_fields(layer).values()), None)
        table.add_row(
            layer.name,
            layer.type,
            side_by_side(layer.output_shape),
            to_text(layer.parameters),
            to_text(layer.neurons),
            to_text(layer.connections),
            side_by_side(field.size) if field else "",
        )
    console = Console()
    console.print(table, markup=False)
    for condition in report.conditions:
        console.print(f"PyTorch accepts this when {condition}.", markup=False, highlight=False)
    for note in notes:
        console.print(note, markup=False, highlight=False)
