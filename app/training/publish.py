"""From a finished run to `models/<id>/`: weights, config.json and the model card as README.md."""

import copy
import json
import math
import platform
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import torch
from torch import nn

from app import __version__
from app.networks.ab_bins import bins_in_gamut
from app.networks.build import build
from app.networks.card import (
    CONFIG_NAME,
    WEIGHTS_NAME,
    Card,
    Epoch,
    Evaluation,
    Figure,
    NetworkSpec,
    read_card,
    sha256_of,
)
from app.networks.ensemble import Ensemble
from app.networks.measure_names import columns, measure, spread
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
    network = calibrated(network, recipe.calibration)
    if recipe.mirror:
        spec = NetworkSpec(
            type="ensemble", arguments={"members": [recipe.network.model_dump()], "mirror": True}
        )
        served = build(spec)
        served.get_submodule("members.0").load_state_dict(network.state_dict())
    else:
        served = network
    sha256 = _write_weights(served, folder, half=recipe.half)
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
        sha256=sha256,
        history=history,
        recipe=recipe.model_dump(mode="json", exclude_defaults=True)
        | {"trained": (trained or date.today()).isoformat()},
        versions=_versions(),
    )
    write_card(folder, card)
    load_network(folder, card)
    return card


def calibrated(network: nn.Module, calibration: float) -> nn.Module:
    """The network with its logits divided by `calibration`, which its last convolution, `head`, then does.

    Raises AttributeError for a network without one, unless nothing is to be done.
    """
    if calibration == 1:
        return network
    network = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in network.get_submodule("head").parameters():
            parameter.div_(calibration)
    return network


class Incompatible(ValueError):
    """Models that cannot speak with one voice; the message says why."""


def combine(
    sources: Sequence[Path],
    folder: Path,
    *,
    title: str,
    input_size: int | None = None,
    weights: Sequence[float] | None = None,
    calibration: float = 1.0,
) -> Card:
    """Write a model that averages the probabilities of published ones, and of mirror images where they did.

    `input_size` is the card's, the first member's unless given. Each source counts as often as its one of
    `weights` says, and every member's logits are divided by `calibration` (temperature scaling, Guo et al.
    2017). `folder.name` becomes its id; what the members were trained on and by which recipes is in its card.
    Raises CardError for a member that cannot be loaded, Incompatible, and OSError.
    """
    cards = [read_card(source) for source in sources]
    first, *others = cards
    for card in others:
        for name in ("task", "palette", "bins", "input", "input_size", "temperature"):
            if getattr(card, name) != getattr(first, name):
                raise Incompatible(f"{first.id} and {card.id} differ in {name}")
    networks = [load_network(source, card) for source, card in zip(sources, cards, strict=True)]
    parts = [_members(card.network) for card in cards]
    if weights is not None and (
        len(weights) != len(cards) or not all(0 < each < math.inf for each in weights)
    ):
        raise Incompatible(f"{len(cards)} models need {len(cards)} positive weights")
    mirrors = {card.network.arguments.get("mirror", False) for card in cards}
    if len(mirrors) > 1:
        raise Incompatible("some of the models average the mirrored picture in and some do not")
    arguments: dict[str, Any] = {
        "members": [member.model_dump() for members in parts for member in members],
        "mirror": mirrors.pop(),
    }
    if weights is not None:
        arguments["weights"] = [
            weight / len(members) for weight, members in zip(weights, parts, strict=True) for _ in members
        ]
    spec = NetworkSpec(type="ensemble", arguments=arguments)
    served = build(spec)
    single = [
        part
        for network in networks
        for part in (network.members if isinstance(network, Ensemble) else [network])
    ]
    for index, part in enumerate(single):
        served.get_submodule(f"members.{index}").load_state_dict(calibrated(part, calibration).state_dict())
    card = first.model_copy(
        update={
            "id": folder.name,
            "title": title,
            "network": spec,
            "parameters": sum(card.parameters for card in cards),
            "input_size": input_size or first.input_size,
            "size_multiple": math.lcm(*(card.size_multiple for card in cards)),
            "sha256": _write_weights(served, folder, half=True),
            "metrics": {},
            "evaluations": [],
            "recipe": {"members": [_told(card) for card in cards]}
            | ({"calibration": calibration} if calibration != 1 else {}),
            "trained_on": "; ".join(dict.fromkeys(card.trained_on for card in cards)),
            "licence": " ".join(dict.fromkeys(card.licence for card in cards)),
            "versions": _versions(),
        }
    )
    card = Card.model_validate(card.model_dump())
    write_card(folder, card)
    load_network(folder, card)
    return card


def _told(card: Card) -> dict[str, Any]:
    """A member's recipe with its history: the combined card's own `history` is the first member's."""
    return card.recipe | {"history": [epoch.model_dump(mode="json") for epoch in card.history]}


def _members(spec: NetworkSpec) -> list[NetworkSpec]:
    if spec.type != "ensemble":
        return [spec]
    return [NetworkSpec.model_validate(member) for member in spec.arguments["members"]]


def _write_weights(network: nn.Module, folder: Path, *, half: bool) -> str:
    """Write a folder's weights whole or not at all; their SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / WEIGHTS_NAME
    partial = weights.with_suffix(".partial")
    try:
        save_weights(network, partial, half=half)
        partial.replace(weights)
    finally:
        partial.unlink(missing_ok=True)
    return sha256_of(weights)


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


def with_evaluations(card: Card, evaluations: Sequence[Evaluation]) -> Card:
    """The card with tables added, or replaced where one has their title."""
    tables = {table.title: table for table in (*card.evaluations, *evaluations)}
    return Card.model_validate(card.model_dump() | {"evaluations": list(tables.values())})


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
    for evaluation in card.evaluations:
        lines += ["", *_tabled(evaluation)]
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


def _tabled(evaluation: Evaluation) -> list[str]:
    """An evaluation as a Markdown table, intervals in brackets."""
    names = columns(evaluation)
    lines = [f"### {evaluation.title}", "", f"{evaluation.note} In brackets: 95 % intervals.".strip(), ""]
    lines.append(f"| {' | '.join(['', *(measure(name).title for name in names)])} |")
    lines += ["|---" * (len(names) + 1) + "|"]
    for title, row in evaluation.rows.items():
        cells = [_estimated(name, row.get(name)) for name in names]
        lines.append(f"| {' | '.join([title, *cells])} |")
    if evaluation.picture is not None:
        lines += ["", f"![{evaluation.title}]({evaluation.picture})"]
    return lines


def _estimated(name: str, figure: Figure | None) -> str:
    if figure is None:
        return ""
    interval = spread(name, figure)
    return measure(name).show(figure.value) + (f" ({interval})" if interval else "")


def _shown(value: float | str | dict[str, float]) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {number:.4g}" for name, number in value.items())
    return value if isinstance(value, str) else f"{value:.4g}"
