"""The models page and each model's card: measures, curves, the same pictures through every network."""

import json
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from app.colorizing.registry import UnknownModel
from app.networks.card import Card
from app.pages.assets import FOREVER
from app.pages.comparison import as_csv, compare
from app.pages.figures import training_curves
from app.pages.gallery import Gallery
from app.pages.history import history_csv
from app.pages.measures import figures, tabled
from app.pages.reasons import reasons
from app.pages.render import CHART_POLICY, PICTURE_POLICY, render
from app.pages.samples import SAMPLES
from app.pages.swatches import swatches
from app.problems import NotFound
from app.services import Services, services

router = APIRouter(prefix="/models", include_in_schema=False)

Parts = Annotated[Services, Depends(services)]
CHART_HEADERS = {"Content-Security-Policy": CHART_POLICY}
TASKS = {
    "palette": (
        "Course networks and their heirs",
        "Each pixel gets one of a palette's colours.",
    ),
    "ab": ("Networks for any photograph", "Colour as a distribution over the plane of CIE a and b."),
}
"""Heading and note of each task's table; networks of different tasks are not comparable number by number."""


@router.get("")
def overview(request: Request, parts: Parts, sort: str = "", order: str = "") -> Response:
    """All models side by side."""
    cards = list(parts.registry.cards.values())
    groups = {task: ranked(of_task(cards, task)) for task in TASKS}
    context = {
        "cards": [card for group in groups.values() for card in group],
        "groups": [
            {"task": task, "title": title, "note": note, "table": compare(groups[task], sort, order)}
            for task, (title, note) in TASKS.items()
            if groups[task]
        ],
        "curves": _curves(groups["palette"]),
        "samples": list(SAMPLES.values()),
        "broken": list(parts.registry.broken),
        "reasons": reasons(parts.registry.cards),
    }
    return render(request, "models/index.html", context, headers=CHART_HEADERS if context["curves"] else None)


@router.get("/compare.csv")
def comparison_file(parts: Parts, task: str = "palette") -> Response:
    """A comparison table as CSV."""
    if task not in TASKS:
        raise NotFound(f"There is no table for the task {task[:64]!r}; known are {', '.join(TASKS)}.")
    table = compare(of_task(list(parts.registry.cards.values()), task), every=True)
    return _csv(as_csv(table), f"models-{task}.csv")


@router.get("/history.csv")
def history_file(parts: Parts, model: str = "") -> Response:
    """The training history of one model, or of all, as CSV."""
    cards = [_card(parts, model)] if model else list(parts.registry.cards.values())
    return _csv(history_csv(cards), f"{model or 'models'}-history.csv")


@router.get("/{model_id}")
def card_page(request: Request, parts: Parts, model_id: str) -> Response:
    """One model's card."""
    card = _card(parts, model_id)
    recipe = {"recipe": card.recipe, "versions": card.versions}
    context = {
        "card": card,
        "measures": list(figures(card)),
        "evaluations": [tabled(evaluation) for evaluation in card.evaluations],
        "pictures": {name for name in _pictures(card) if _picture(parts, card, name).is_file()},
        "curves": _curves([card]),
        "samples": list(SAMPLES.values()),
        "swatches": swatches(card),
        "recipe": json.dumps(recipe, indent=2, ensure_ascii=False),
    }
    return render(request, "models/card.html", context, headers=CHART_HEADERS if context["curves"] else None)


@router.get("/{model_id}/samples/{name}.webp")
async def sample_result(parts: Parts, model_id: str, name: str) -> Response:
    """A sample coloured by a model, as wide as a table cell."""
    card = _card(parts, model_id)
    if name not in SAMPLES:
        raise NotFound(f"There is no sample {name[:64]!r}; known are {', '.join(SAMPLES)}.")
    content = await Gallery.of(parts).print(parts.colorizer, card, name)
    return Response(content, media_type="image/webp", headers={"Cache-Control": FOREVER})


@router.get("/{model_id}/{name}.svg")
def picture(parts: Parts, model_id: str, name: str) -> Response:
    """A drawing that the card names, such as quality against time."""
    card = _card(parts, model_id)
    path = _picture(parts, card, f"{name}.svg")
    if path.name not in _pictures(card) or not path.is_file():
        raise NotFound(f"The card of {model_id} has no picture {name[:64]!r}.")
    headers = {"Content-Security-Policy": PICTURE_POLICY, "Cache-Control": "no-cache"}
    return FileResponse(path, media_type="image/svg+xml", headers=headers)


def of_task(cards: list[Card], task: str) -> list[Card]:
    """The cards of one task."""
    return [card for card in cards if card.task == task]


def ranked(cards: list[Card]) -> list[Card]:
    """The cards from worst to best by the first measure they share."""
    return [card for card, _ in reversed(compare(cards).rows)]


def _curves(cards: list[Card]) -> dict[str, Any] | None:
    cards = [card for card in cards if card.history]
    if not cards:
        return None
    return {
        "cards": cards,
        "loss": training_curves(cards, "loss"),
        "accuracy": training_curves(cards, "accuracy"),
    }


def _pictures(card: Card) -> set[str]:
    return {evaluation.picture for evaluation in card.evaluations if evaluation.picture is not None}


def _picture(parts: Services, card: Card, name: str) -> Path:
    return parts.registry.folder(card.id) / name


def _card(parts: Services, model_id: str) -> Card:
    try:
        return parts.registry.card(model_id)
    except UnknownModel:
        known = ", ".join(parts.registry.cards) or "none"
        raise NotFound(f"There is no model {model_id[:64]!r}; known are {known}.") from None


def _csv(text: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
