"""Every form in which a computed network can be taken away, by name."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from app.shapes.drawing import to_svg
from app.shapes.exporting.pytorch import pytorch_file
from app.shapes.exporting.result import RESULT_TERMS, result_json
from app.shapes.exporting.tables import to_csv, to_latex_table, to_markdown
from app.shapes.report import Report
from app.shapes.sizes import bounded_work


@dataclass(frozen=True)
class Format:
    """A form: what people call it, the media type and ending of its file, and what writes it."""

    title: str
    media_type: str
    ending: str
    write: Callable[[Report, str], str]


FORMATS = {
    "json": Format(
        "JSON",
        "application/json",
        "json",
        lambda report, title: json.dumps(result_json(report), indent=2, ensure_ascii=False) + "\n",
    ),
    "csv": Format("CSV", "text/csv", "csv", lambda report, title: to_csv(report)),
    "markdown": Format("Markdown", "text/markdown", "md", lambda report, title: to_markdown(report)),
    "latex": Format("LaTeX", "application/x-tex", "tex", lambda report, title: to_latex_table(report)),
    "pytorch": Format("PyTorch", "text/x-python", "py", lambda report, title: pytorch_file(report)),
    "svg": Format("Drawing", "image/svg+xml", "svg", lambda report, title: to_svg(report, title=title)),
}


@dataclass(frozen=True)
class File:
    """A text file to take away."""

    name: str
    media_type: str
    text: str


def export(report: Report, name: str, title: str = "network") -> File:
    """The network in one of FORMATS; raises SizeError if its expressions are too long to write."""
    form = FORMATS[name]
    with bounded_work(RESULT_TERMS):
        text = form.write(report, title)
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", title).strip("-.")[:60] or "network"
    return File(f"{stem}.{form.ending}", form.media_type, text)
