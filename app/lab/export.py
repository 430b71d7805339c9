"""Series as CSV."""

import csv
import io
from collections.abc import Mapping

from app.lab.shown import Samples


def series_csv(series: Mapping[str, Samples]) -> str:
    """One line for each point: series, x, y; numbers with every digit that matters."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("series", "x", "y"))
    for name, samples in series.items():
        writer.writerows((name, repr(x), repr(y)) for x, y in zip(samples["x"], samples["y"], strict=True))
    return text.getvalue()
