"""Runs on one chart: any jobs, curves with equal axes together, and what sets the runs apart."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from app.jobs.service import Jobs
from app.lab.figures import DASHES, curve, layout
from app.lab.shown import Axis, Figure, Samples, Series
from app.pages.lab.fields import fields_of
from app.pages.lab.rows import rows
from app.pages.lab.settings import shown
from app.pages.lab.view import RunView, view
from app.pages.render import CHART_POLICY, render
from app.pages.typeset import NONE
from app.problems import NotFound
from app.services import Services, services

router = APIRouter(prefix="/lab/compare")

MOST = 8
"""Runs that can still be told apart on one chart."""
OFFERED = 20
Parts = Annotated[Services, Depends(services)]
Ids = Annotated[list[str], Query(default_factory=list)]


@dataclass(frozen=True)
class Chart:
    """One pair of axes with the curves of all runs that have it."""

    title: str
    figure: Figure


@router.get("")
def compare(request: Request, parts: Parts, jobs: Ids) -> Response:
    """The runs named (`?jobs=a&jobs=b` or `?jobs=a,b`), and others to choose from."""
    runs, problems = _runs(parts.jobs, _ids(jobs))
    series = [parts.jobs.series(run.job) for run in runs]
    context = {
        "runs": runs,
        "problems": problems,
        "figures": charts(runs, series),
        "settings": _settings(runs),
        "results": _results(runs),
        "csv": f"/lab/compare/series.csv?{urlencode({'jobs': ','.join(run.job.id for run in runs)})}",
        "rows": rows(parts.jobs, parts.jobs.page(None, None, OFFERED, None)[0]),
    }
    headers = {"Content-Security-Policy": CHART_POLICY} if context["figures"] else None
    return render(request, "lab/compare.html", context, headers=headers)


@router.get("/series.csv")
def series_file(parts: Parts, jobs: Ids) -> Response:
    """Every point of the runs named: job, series, x, y."""
    runs, _ = _runs(parts.jobs, _ids(jobs))
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("job", "series", "x", "y"))
    for run in runs:
        for name, samples in parts.jobs.series(run.job).items():
            writer.writerows(
                (run.job.id, name, x, y) for x, y in zip(samples["x"], samples["y"], strict=True)
            )
    headers = {"Content-Disposition": 'attachment; filename="runs.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def charts(runs: Sequence[RunView], series: Sequence[Mapping[str, Samples]]) -> list[Chart]:
    """A chart for each pair of axes: a curve's colour is the curve, its dash is the run."""
    groups: dict[tuple[Axis, Axis], list[tuple[int, Series]]] = {}
    for place, run in enumerate(runs):
        if run.demo is not None:
            for one in run.demo.series(run.demo.read(run.job.params)):
                if series[place].get(one.name):
                    groups.setdefault((one.x, one.y), []).append((place, one))
    return [_chart(axes, group, series, len(runs)) for axes, group in groups.items()]


def _chart(
    axes: tuple[Axis, Axis],
    group: Sequence[tuple[int, Series]],
    series: Sequence[Mapping[str, Samples]],
    runs: int,
) -> Chart:
    x, y = axes
    names = list(dict.fromkeys(one.name for _, one in group))
    traces = []
    for place, one in group:
        samples = series[place][one.name]
        values = [value if value > 0 or not y.log else None for value in samples["y"]]
        # One curve of many runs is told apart by colour, many curves of some runs by dash too.
        color, dash = (place, 0) if len(names) == 1 else (names.index(one.name), place)
        trace = curve(f"{one.title}, run {place + 1}" if runs > 1 else one.title, color, samples["x"], values)
        trace["line"] |= {"dash": (*DASHES, "dashdot", "longdash")[dash % (len(DASHES) + 2)]}
        traces.append(trace | {"hovertemplate": "%{y:.4g}"})
    title = f"{y.title[:1].upper()}{y.title[1:]}, by {x.title}"
    return Chart(title, {"data": traces, "layout": layout(x, y)})


def _ids(given: Sequence[str]) -> list[str]:
    parts = (part.strip() for text in given for part in text.split(","))
    return list(dict.fromkeys(part for part in parts if part))


def _runs(jobs: Jobs, ids: Sequence[str]) -> tuple[list[RunView], list[str]]:
    found, problems = [], []
    if len(ids) > MOST:
        problems.append(f"At most {MOST} runs are compared at a time; these are the first {MOST}.")
    for job_id in ids[:MOST]:
        try:
            found.append(view(jobs, jobs.job(job_id)))
        except NotFound:
            problems.append(f"There is no job {job_id[:40]} any more.")
    return found, problems


def _settings(runs: Sequence[RunView]) -> dict[str, list[str]]:
    """The settings that are not the same in all runs, by title."""
    told: dict[str, list[str]] = {}
    for place, run in enumerate(runs):
        if run.demo is not None:
            for one in fields_of(run.demo.schema()):
                value = run.job.params.get(one.name, one.default)
                told.setdefault(one.title, [NONE] * len(runs))[place] = shown(one, value)
        told.setdefault("Seed", [NONE] * len(runs))[place] = str(run.job.seed)
    return {title: values for title, values in told.items() if len(set(values)) > 1}


def _results(runs: Sequence[RunView]) -> dict[str, list[Any]]:
    """Results that are one number or word, by name, in those runs that have them."""
    told: dict[str, list[Any]] = {}
    for place, run in enumerate(runs):
        for name, value in run.facts.items():
            if not isinstance(value, list):
                told.setdefault(name, [None] * len(runs))[place] = value
    return told
