"""The write-up, checked: each of its figures and claims beside what this service computes."""

import asyncio
import csv
import io
import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from app.lab import InvalidParams
from app.lab.running import versions
from app.lab.writeup import Checked, Link, Verdict, checked
from app.pages.lab.settings import address
from app.pages.render import render
from app.pages.shapes.solver import solver_address
from app.services import Services, services

router = APIRouter(prefix="/write-up")

SECTIONS = {
    "1": "Optimization",
    "2": "Gradients through training",
    "3": "Convolutions",
    "4": "PoolUpsampleNet",
    "5": "ConvTransposeNet, training and padding",
}
VERDICTS: dict[Verdict, str] = {
    "confirmed": "What it prints is what comes out.",
    "needs a condition": "True only under a condition that it does not state.",
    "off by a factor": "The numbers belong to a multiple of what it states.",
    "impossible": "Nothing can make it true.",
    "not measured here": "The trained network that would show it is not installed.",
}
Parts = Annotated[Services, Depends(services)]


@router.get("")
async def page(request: Request, parts: Parts) -> Response:
    """Every claim in the write-up's order."""
    claims = await found(parts)
    counts = {verdict: sum(one.finding.verdict == verdict for one in claims) for verdict in VERDICTS}
    context = {
        "sections": [
            (number, title, [one for one in claims if one.claim.section.startswith(number)])
            for number, title in SECTIONS.items()
        ],
        "counts": {verdict: count for verdict, count in counts.items() if count},
        "verdicts": VERDICTS,
        "links": {one.claim.key: link_to(parts, one.claim.link) for one in claims},
        "versions": versions(),
    }
    return render(request, "write-up.html", context)


@router.get(".csv")
async def file(parts: Parts) -> Response:
    """The same as CSV, formulas in LaTeX."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(("section", "claim", "printed", "computed", "verdict", "why"))
    for one in await found(parts):
        claim, finding = one.claim, one.finding
        writer.writerow(
            (claim.section, claim.title, claim.printed, finding.computed, finding.verdict, claim.why)
        )
    headers = {"Content-Disposition": 'attachment; filename="write-up-checked.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


_thread = ThreadPoolExecutor(1, thread_name_prefix="write-up")
"""Of its own: a check takes a second or two, too long for a place among the short questions."""
_asking = threading.Lock()
_checks: dict[tuple[str, ...], Future[Sequence[Checked]]] = {}
"""The check with the newest cards, by their weights' hashes."""


async def found(parts: Services) -> Sequence[Checked]:
    """All claims, computed by this process once, at its start or when first asked for: a second or two."""
    cards = parts.registry.cards
    key = tuple(card.sha256 for card in cards.values())
    with _asking:
        check = _checks.get(key)
        if check is None or (check.done() and check.exception() is not None):
            _checks.clear()
            check = _checks[key] = _thread.submit(lambda: tuple(checked(cards)))
    # Who asks in the meantime waits for the same, and takes it from nobody by going away.
    return await asyncio.shield(asyncio.wrap_future(check))


def link_to(parts: Services, link: Link) -> tuple[str, str]:
    """Address and words of where to see it."""
    match link.kind:
        case "demo":
            demo = parts.jobs.demo(link.name)
            try:
                params = demo.read(link.body).model_dump(mode="json")
            except InvalidParams as error:  # a mistake in the claim, which its test finds
                raise RuntimeError(f"the link to {link.name} has settings that it refuses") from error
            return address(demo, params, 0) or f"/lab/{link.name}", "Run it in the lab"
        case "shapes":
            return f"/shapes?{urlencode({'preset': link.name})}", "Open it in the calculator"
        case "solve":
            return solver_address(link.body), "Ask the solver"
        case "convolve":
            query = {
                name: _grid(value) if isinstance(value, list) else value for name, value in link.body.items()
            }
            return f"/convolve?{urlencode(query)}", "Filter it here"
        case "models":
            known = link.name in parts.registry.cards
            return (f"/models/{quote(link.name)}", "Its curves") if known else ("/models", "All models")


def _grid(rows: list[list[int]]) -> str:
    """Rows of numbers as the page of convolutions takes them."""
    return ";".join(",".join(map(str, row)) for row in rows)
