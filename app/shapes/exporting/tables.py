"""A computed network as a table: CSV, Markdown and LaTeX."""

import csv
import io
from collections.abc import Sequence

from app.shapes.report import Layer, Report, Totals
from app.shapes.sizes import Size, side_by_side, to_latex, to_text

HEADER = ("layer", "type", "inputs", "output", "parameters", "neurons", "connections", "receptive field")
_COUNTS = ("parameters", "neurons", "connections")


def to_csv(report: Report) -> str:
    """One line for each layer, with every count, and a line of totals."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    counts = (
        "parameters",
        "weights",
        "biases",
        "buffers",
        "neurons",
        "connections",
        "connections_in_bounds",
        "multiply_accumulates",
    )
    writer.writerow(
        ["layer", "type", "inputs", "output", *counts, "receptive_field_size", "receptive_field_stride"]
    )
    for layer in report.layers:
        field = next(iter(report.receptive_fields(layer).values()), None)
        writer.writerow(
            [
                layer.name,
                layer.type,
                " ".join(layer.inputs),
                side_by_side(layer.output_shape),
                *(_cell(getattr(layer, count)) for count in counts),
                side_by_side(field.size) if field else "",
                side_by_side(field.stride) if field else "",
            ]
        )
    writer.writerow(
        ["total", "", "", "", *(_cell(getattr(report.totals, count)) for count in counts), "", ""]
    )
    return file.getvalue()


def to_markdown(report: Report) -> str:
    """A GitHub-style table with a row of totals."""
    rows = [_row(report, layer) for layer in report.layers]
    rows.append(_total_row(report.totals))
    escaped = [[cell.replace("*", r"\*").replace("_", r"\_") for cell in row] for row in rows]
    lines = [_line(HEADER), _line(["---", "---", "---", "---", "---:", "---:", "---:", "---"])]
    return "\n".join(lines + [_line(row) for row in escaped]) + "\n"


def to_latex_table(report: Report) -> str:
    """A `tabular` environment with counts as formulas and a row of totals."""
    lines = [
        r"\begin{tabular}{lllrrr}",
        r"\hline",
        r"layer & type & output & parameters & neurons & connections \\",
        r"\hline",
    ]
    for layer in report.layers:
        shape = r" \times ".join(to_latex(size) for size in layer.output_shape)
        counts = [f"${to_latex(getattr(layer, count))}$" for count in _COUNTS]
        lines.append(" & ".join([_escaped(layer.name), layer.type, f"${shape}$", *counts]) + r" \\")
    counts = [f"${to_latex(getattr(report.totals, count))}$" for count in _COUNTS]
    lines += [r"\hline", " & ".join(["total", "", "", *counts]) + r" \\", r"\hline", r"\end{tabular}"]
    return "\n".join(lines) + "\n"


def _row(report: Report, layer: Layer) -> list[str]:
    field = next(iter(report.receptive_fields(layer).values()), None)
    counts = [_cell(getattr(layer, count)) for count in _COUNTS]
    shown = side_by_side(field.size) if field else ""
    return [layer.name, layer.type, ", ".join(layer.inputs), side_by_side(layer.output_shape), *counts, shown]


def _total_row(totals: Totals) -> list[str]:
    return ["total", "", "", "", *(_cell(getattr(totals, count)) for count in _COUNTS), ""]


def _cell(size: Size | None) -> str:
    return "" if size is None else to_text(size)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _escaped(name: str) -> str:
    return name.replace("_", r"\_")
