"""From a finished run to `models/<id>/`: weights, config.json and the model card as README.md."""

import json
import platform
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import torch
from torch import nn

from app import __version__
from app.networks.ab_bins import bins_in_gamut
from app.networks.build import build
from app.networks.card import CONFIG_NAME, WEIGHTS_NAME, Card, Epoch, NetworkSpec, sha256_of
from app.networks.palette import HORSES_24
from app.networks.weights import load_network, save_weights
from app.training.recipe import Recipe

README_NAME = "README.md"


def publish(
    recipe: Recipe, network: nn.Module, history: list[Epoch], folder: Path, *, trained: date | None = None
) -> Card:
    """Write a model folder whose weights are exactly those that its card's SHA-256 names, and read it back.

    The weights land before the card, so that a reader never meets a card whose weights are not there yet.
    Raises OSError when the folder cannot be written, CardError when what was written cannot be loaded.
    """
    spec = recipe.network
    if recipe.mirror:
        spec = NetworkSpec(
            type="ensemble", arguments={"members": [recipe.network.model_dump()], "mirror": True}
        )
        served = build(spec)
        served.get_submodule("members.0").load_state_dict(network.state_dict())
    else:
        served = network
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / WEIGHTS_NAME
    partial = weights.with_suffix(".partial")
    try:
        save_weights(served, partial, half=recipe.half)
        partial.replace(weights)
    finally:
        partial.unlink(missing_ok=True)
    photos = recipe.photos is not None
    card = Card(
        id=recipe.id,
        title=recipe.title,
        task="ab" if photos else "palette",
        network=spec,
        parameters=sum(parameter.numel() for parameter in served.parameters()),
        input_size=recipe.input_size or recipe.size,
        size_multiple=recipe.size_multiple,
        input=recipe.input,
        palette=None if photos else list(HORSES_24),
        bins=list(bins_in_gamut()) if photos else None,
        temperature=recipe.temperature,
        trained_on=recipe.trained_on,
        licence=recipe.licence,
        sha256=sha256_of(weights),
        history=history,
        recipe=recipe.model_dump(mode="json", exclude_defaults=True)
        | {"trained": (trained or date.today()).isoformat()},
        versions=_versions(),
    )
    write_card(folder, card)
    load_network(folder, card)
    return card


def write_card(folder: Path, card: Card) -> None:
    """Write `config.json` and the model card, each replaced whole."""
    document = json.dumps(card.model_dump(mode="json"), indent=1, ensure_ascii=False)
    for name, text in ((CONFIG_NAME, document + "\n"), (README_NAME, describe(card))):
        partial = folder / f"{name}.partial"
        partial.write_text(text, encoding="utf-8")
        partial.replace(folder / name)


def with_metrics(card: Card, metrics: Mapping[str, Any]) -> Card:
    """The card with measures added or replaced."""
    return Card.model_validate(card.model_dump() | {"metrics": dict(card.metrics) | dict(metrics)})


def _versions() -> dict[str, str]:
    return {
        "chromalab": __version__,
        "torch": torch.__version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
    }


def describe(card: Card) -> str:
    """The model card in Markdown, made from the config alone so that the two cannot disagree."""
    lines = [
        f"# {card.title} (`{card.id}`)",
        "",
        "Colours gray pictures; part of Chromalab. This page is made from `config.json`.",
        "",
        f"- task: {card.task}, {card.classes} classes, input {card.input_size}x{card.input_size}",
        f"- network: `{card.network.type}`, {card.parameters:,} parameters",
        f"- trained on: {card.trained_on}",
        f"- licence: {card.licence}",
        f"- SHA-256 of `{WEIGHTS_NAME}`: `{card.sha256}`",
        "",
        "## Measures",
        "",
    ]
    if card.metrics:
        lines += ["| measure | value |", "|---|---|"]
        lines += [f"| {name} | {_shown(value)} |" for name, value in card.metrics.items()]
    else:
        lines.append("Not evaluated yet: `chromalab evaluate` writes them here.")
    if card.history:
        lines += [
            "",
            "## Training",
            "",
            "| epoch | train loss | validation loss | accuracy |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| {epoch.epoch} | {epoch.train_loss:.4f} | {epoch.val_loss:.4f} | "
            + (f"{epoch.val_accuracy:.2%} |" if epoch.val_accuracy is not None else "|")
            for epoch in card.history
        ]
    recipe = json.dumps(card.recipe, indent=1, ensure_ascii=False)
    lines += ["", "## Recipe", "", "```json", recipe, "```", ""]
    return "\n".join(lines)


def _shown(value: float | str | dict[str, float]) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number:.4g}" for name, number in value.items())
    return value if isinstance(value, str) else f"{value:.4g}"
