"""A demo's page: what it shows, the form of its settings, and the run that its link names."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.guards import client_name
from app.jobs.job import Job
from app.jobs.service import Jobs
from app.lab import Demo
from app.lab.rules import RULES, RuleInfo
from app.pages.forms import read_pairs
from app.pages.lab.drawings import drawing
from app.pages.lab.fields import SEED, fields_of
from app.pages.lab.rows import rows
from app.pages.lab.settings import Given, address, read, texts_of
from app.pages.lab.view import RunView, view
from app.pages.render import CHART_POLICY, render
from app.problems import FieldError, MethodNotAllowed, NotFound, Problem, Unavailable, Unprocessable
from app.services import Services, services

router = APIRouter(prefix="/lab")

PAGES = ("compare", "jobs")
"""Addresses below /lab that are no demo's, and are only read."""

EARLIER = 6
"""Runs of the same demo that its page lists."""
Parts = Annotated[Services, Depends(services)]


@dataclass(frozen=True)
class Asked:
    """A form as it was filled in, with what is wrong with it."""

    texts: Mapping[str, list[str]]
    problems: Mapping[str, str] = field(default_factory=dict)
    """By field; under the empty name what is wrong with all of it."""
    params: Any = None
    """The settings as the demo reads them, if it does."""


@router.get("/{name}")
async def page(request: Request, parts: Parts, name: str) -> Response:
    """The demo with the settings of the link, and the run that it names, if that is still there."""
    demo = parts.jobs.demo(name)
    given = read(demo, request.query_params.multi_items())
    job_id = given.texts.get("job", [""])[-1]

    def compute() -> dict[str, Any]:
        run, gone = (_run(parts.jobs, demo, job_id) if job_id else None), False
        if job_id and run is None:
            gone = True
        asked = _asked(parts.jobs, demo, given)
        if given.unknown:
            names = ", ".join(given.unknown)[:200]
            told = f"The link names what this demo has no setting for: {names}."
            asked = Asked(asked.texts, {**asked.problems, "": told}, asked.params)
        return _context(parts.jobs, demo, asked, run, gone=gone)

    context = await run_in_threadpool(compute)
    return _rendered(request, context, 200 if context["asked"].params is not None else 422)


@router.get("/{name}/preview")
async def preview(request: Request, parts: Parts, name: str) -> Response:
    """What a run with the form's settings would draw on, and its link; a problem where they are refused."""
    demo = parts.jobs.demo(name)
    given = read(demo, request.query_params.multi_items())

    def compute() -> Response:
        order = _order(parts.jobs, demo, given, "", None)
        params = demo.read(order.params)
        body = {"link": address(demo, order.params, order.seed), "figures": demo.figures(params, {}, None)}
        return _json(body, 200)

    return await parts.arithmetic.run(compute)


@router.post("/{name}")
async def run(request: Request, parts: Parts, name: str) -> Response:
    """Run the demo with the form's settings: on to the job's page, or, for a script, its id and link."""
    if name in PAGES:
        raise MethodNotAllowed(f"/lab/{name} takes no POST.", headers={"Allow": "GET, HEAD"})
    demo = parts.jobs.demo(name)
    given = read(demo, await read_pairs(request))
    by_script = "application/json" in request.headers.get("accept", "")
    client = client_name(request.scope)
    key = given.texts.get("key", [""])[-1][:64] or uuid4().hex

    def submit() -> Response:
        try:
            order = _order(parts.jobs, demo, given, client, key)
            job, _ = parts.jobs.submit(order)
        except Unprocessable as error:
            if by_script:
                raise
            asked = Asked(_texts(demo, given), _by_field(demo, error))
            return _rendered(request, _context(parts.jobs, demo, asked, None), 422)
        if by_script:
            link = address(demo, order.params, order.seed, job=job.id)
            return _json({"id": job.id, "link": link}, 202)
        return RedirectResponse(f"/lab/jobs/{job.id}", 303)

    return await run_in_threadpool(submit)


def _order(jobs: Jobs, demo: Demo[Any], given: Given, client: str, key: str | None) -> Any:
    """The job asked for; raises Unprocessable with a pointer for each setting that is refused.

    The key is bound to the settings: what is sent twice is one job, what was changed is another.
    """
    errors = [FieldError(f"/params/{name}", reason) for name, reason in given.problems.items()]
    if not isinstance(given.seed, int):
        errors.append(FieldError("/seed", "must be a whole number"))
    if errors:
        raise Unprocessable(f"{errors[0].detail}.", errors=errors)
    order = jobs.order(demo.name, given.params, given.seed, client)
    if key is None:
        return order
    return jobs.order(demo.name, given.params, given.seed, client, f"page:{key}:{order.fingerprint}")


def _asked(jobs: Jobs, demo: Demo[Any], given: Given) -> Asked:
    try:
        order = _order(jobs, demo, given, "", None)
    except Unprocessable as error:
        return Asked(_texts(demo, given), _by_field(demo, error))
    return Asked(texts_of(demo, order.params, order.seed), params=demo.read(order.params))


def _texts(demo: Demo[Any], given: Given) -> dict[str, list[str]]:
    return texts_of(demo, {}, 0) | given.texts


def _by_field(demo: Demo[Any], error: Problem) -> dict[str, str]:
    """Each reason beside the field that it is about; those about several under the one they begin with."""
    names = {one.name for one in (*fields_of(demo.schema()), SEED)}
    found: dict[str, str] = {}
    for item in error.errors:
        parts = [part for part in item.pointer.split("/") if part and part != "params"]
        first = item.detail.split(" ", 1)[0]
        name = parts[0] if parts and parts[0] in names else first if first in names else ""
        capital = item.detail[:1] if first in names else item.detail[:1].upper()  # a name keeps its case
        found.setdefault(name, f"{capital}{item.detail[1:]}".removesuffix(".") + ".")
    return found or {"": error.detail}


def _run(jobs: Jobs, demo: Demo[Any], job_id: str) -> RunView | None:
    try:
        job: Job = jobs.job(job_id)
        return view(jobs, job) if job.demo == demo.name else None
    except (NotFound, Unavailable):
        return None


def _context(
    jobs: Jobs, demo: Demo[Any], asked: Asked, run: RunView | None, *, gone: bool = False
) -> dict[str, Any]:
    fields = fields_of(demo.schema())
    try:
        earlier = rows(jobs, jobs.page(None, demo.name, EARLIER, None)[0])
    except Unavailable:
        earlier = []
    return {
        "demo": demo,
        "drawing": drawing(demo.name),
        "fields": [one for one in fields if not one.more],
        "further": [one for one in fields if one.more],
        "seed": SEED,
        "asked": asked,
        "run": run,
        "gone": gone,
        "key": uuid4().hex,
        "rules": _rules(fields),
        "earlier": earlier,
    }


def _rules(fields: Any) -> list[RuleInfo]:
    """The update rules that a demo lets choose from."""
    names = {option.value for one in fields for option in one.options}
    return [rule for name, rule in RULES.items() if name in names]


def _rendered(request: Request, context: Mapping[str, Any], status: int = 200) -> Response:
    headers = {"Content-Security-Policy": CHART_POLICY}
    return render(request, "lab/demo.html", context, status=status, headers=headers)


def _json(body: Any, status: int) -> Response:
    text = json.dumps(body, allow_nan=False)
    return Response(text, status, media_type="application/json", headers={"Cache-Control": "no-store"})
