"""The numbers behind a job's curves: a table for each pair of axes."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.lab.shown import Axis, Samples, Series, Table

MOST_ROWS = 200
"""Longer tables show rows evenly spread over the run; the CSV has all."""


def series_tables(declared: Sequence[Series], series: Mapping[str, Samples]) -> list[Table]:
    """The points so far, curves with equal axes side by side."""
    groups: dict[tuple[Axis, Axis], list[Series]] = {}
    for one in declared:
        if series.get(one.name, {"x": []})["x"]:
            groups.setdefault((one.x, one.y), []).append(one)
    return [_table(x, y, group, series) for (x, y), group in groups.items()]


def _table(x: Axis, y: Axis, group: Sequence[Series], series: Mapping[str, Samples]) -> Table:
    name, title = group[0].name, f"{y.title} by {x.title}"
    places = [series[one.name]["x"] for one in group]
    if any(len(set(place)) < len(place) for place in places):  # a path may cross itself: row by row, in order
        columns = tuple(f"{one.title}: {axis.title}" for one in group for axis in (x, y))
        lists = [values for one in group for values in (series[one.name]["x"], series[one.name]["y"])]
        most = max(map(len, lists))
        rows = [tuple(values[at] if at < len(values) else None for values in lists) for at in range(most)]
    else:
        columns = (x.title, *(one.title for one in group))
        known = [dict(zip(series[one.name]["x"], series[one.name]["y"], strict=True)) for one in group]
        rows = [(at, *(values.get(at) for values in known)) for at in sorted(set().union(*places))]
    return Table(name, title, columns, tuple(_thinned(rows)))


def _thinned(rows: list[Any]) -> list[Any]:
    if len(rows) <= MOST_ROWS:
        return rows
    last = len(rows) - 1
    return [rows[round(last * at / (MOST_ROWS - 1))] for at in range(MOST_ROWS)]
