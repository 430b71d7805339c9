"""Which size of network is worth its time: quality against milliseconds, for the model card.

    python -m benchmarks.photo_sizes --data photos-train.zip --data tiny-imagenet.zip --test photos-val.zip

Trains `photo` with its decoder at several widths, each for the same few epochs, and measures every one at
several input sizes on the test pictures at shorter side 256. Everything is kept in `--runs`: stopped at any
moment, the same command goes on, and one with another budget begins anew what the budget changes. With
`--save MODEL` the table goes into that model's card, and the picture beside it as `sizes.svg`. Short runs
tell which size is worth more, not what a long one reaches.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from app.colorizing.backends import Backend, limit_threads, load_backend
from app.networks.card import Card, Evaluation, Figure, read_card
from app.networks.measure_names import columns, measure
from app.settings import Settings
from app.training.ab_task import AbTask
from app.training.album import Album
from app.training.datasets import iterate_pictures
from app.training.evaluation import Model, evaluate, fit
from app.training.publish import publish, with_evaluations, write_card
from app.training.recipe import Phase, Recipe, RecipeError, read_recipe
from app.training.trainer import Trainer
from benchmarks.quality_chart import Point, chart

SHARES = (0.25, 0.5, 1.0, 1.5)
INPUTS = (128, 192)
SIDE = 256
KEPT = ("pooled_psnr", "pooled_psnr_gain", "balanced_auc", "balanced_auc_gain", "colorfulness_share")
TITLE, PICTURE = "Quality against time", "sizes.svg"
ROUNDS = 40


def main() -> None:
    """Train what is not trained yet, measure what is not measured yet, then time all and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", action="append", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--recipe", default="photo")
    parser.add_argument("--shares", type=float, nargs="+", default=SHARES)
    parser.add_argument("--inputs", type=int, nargs="+", default=INPUTS)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--pictures", type=int, help="pictures an epoch, the recipe's unless given")
    parser.add_argument("--squares", type=int, nargs="+", help="sides trained on, the recipe's unless given")
    parser.add_argument("--limit", type=int, help="only so many test pictures")
    parser.add_argument("--runs", type=Path, default=Path("runs/photo-sizes"))
    parser.add_argument("--save", metavar="MODEL")
    asked = parser.parse_args()
    limit_threads(Settings().threads)
    torch.set_num_threads(Settings().threads)
    recipe = read_recipe(asked.recipe)
    recipes = {
        share: narrowed(recipe, share, asked.epochs, asked.pictures, asked.squares) for share in asked.shares
    }
    train(list(recipes.values()), asked.data, asked.runs)
    variants = list(read(recipes, asked.inputs, asked.runs))
    rows = measured(variants, asked.test, asked.limit, asked.runs / "measured.json")
    for name, milliseconds in timed(variants).items():
        rows[name]["network_ms"] = Figure(value=round(milliseconds, 2))
    table = Evaluation(title=TITLE, note=described(variants[0][1]), picture=PICTURE, rows=rows)
    drawing = draw(table)
    (asked.runs / PICTURE).write_text(drawing, encoding="utf-8")
    show(table)
    if asked.save:
        folder = Settings().models_dir / asked.save
        (folder / PICTURE).write_text(drawing, encoding="utf-8")
        write_card(folder, with_evaluations(read_card(folder), [table]))


def narrowed(
    recipe: Recipe, share: float, epochs: int, pictures: int | None, squares: list[int] | None
) -> Recipe:
    """The recipe with the decoder's and the hints' channels scaled, in multiples of 8, and a short run."""
    assert recipe.photos is not None
    arguments = recipe.network.arguments

    def scaled(channels: int) -> int:
        return max(8, 8 * round(channels * share / 8))

    widths = [scaled(channels) for channels in arguments["widths"]]
    network = {"type": recipe.network.type}
    network_arguments = arguments | {"widths": widths, "hints": scaled(arguments["hints"])}
    phase = recipe.phases[0]
    return Recipe.model_validate(
        recipe.model_dump()
        | {
            "id": f"{recipe.id}-w{round(100 * share)}",
            "title": f"{recipe.title}, {share:g} of the width",
            "network": network | {"arguments": network_arguments},
            "phases": [
                Phase(
                    epochs=epochs, pictures=pictures or phase.pictures, target_share=phase.target_share
                ).model_dump()
            ],
            "photos": recipe.photos.model_dump() | ({"sizes": squares} if squares else {}),
            # An average that is as short as the run, so that early weights are forgotten.
            "averaging": min(recipe.averaging, 0.995),
        }
    )


def described(card: Card) -> str:
    """What the rows are and how little each was trained, from the card of one of them."""
    recipe = recipe_of(card)
    assert recipe.photos is not None
    seen = sum(phase.epochs * (phase.pictures or 0) for phase in recipe.phases)
    squares = recipe.photos.sizes
    return (
        "Decoder's width as a share of the served one's, and side of the network's input. Short runs, to be "
        f"compared among themselves only: each was trained on {seen:,} pictures at {min(squares)} to "
        f"{max(squares)} pixels. Measured at shorter side {SIDE}; gains are over gray. Milliseconds are "
        f"of the fastest of {ROUNDS} passes; threads: {Settings().threads}."
    )


def train(recipes: list[Recipe], data: list[str], runs: Path) -> None:
    """Train and publish the recipes whose model is not there yet; pictures are read once for all."""
    todo = [recipe for recipe in recipes if not is_trained(recipe, runs)]
    if not todo:
        return
    assert todo[0].photos is not None
    pictures = (rgb for source in data for _, rgb in iterate_pictures(source))
    album = Album.of(pictures, longest_short_side=max(todo[0].photos.sizes))
    for recipe in todo:
        trainer = begun(recipe, AbTask(recipe, album), runs / recipe.id)
        trainer.run()
        last = trainer.progress.history[-1]
        print(f"{recipe.id}: validation loss {last.val_loss:.4f}", flush=True)
        publish(recipe, trainer.published, trainer.progress.history, runs / "models" / recipe.id)


def is_trained(recipe: Recipe, runs: Path) -> bool:
    """Whether a model by just this recipe is there."""
    folder = runs / "models" / recipe.id
    return (folder / "config.json").exists() and recipe_of(read_card(folder)) == recipe


def recipe_of(card: Card) -> Recipe:
    """The recipe that a published model was trained by."""
    return Recipe.model_validate({name: value for name, value in card.recipe.items() if name != "trained"})


def begun(recipe: Recipe, task: AbTask, folder: Path) -> Trainer[AbTask]:
    """The run as far as it has come; from the start if it was by another recipe."""
    trainer_of = partial(Trainer[AbTask], recipe, task, folder)
    try:
        return trainer_of()
    except RecipeError:
        (folder / "checkpoint.safetensors").unlink(missing_ok=True)
        return trainer_of()


Variant = tuple[str, Card, Backend]


def read(recipes: dict[float, Recipe], inputs: list[int], runs: Path) -> Iterator[Variant]:
    """Each model at each input size, by name."""
    for share, recipe in recipes.items():
        folder = runs / "models" / recipe.id
        card = read_card(folder)
        backend = load_backend(folder, card)
        for side in inputs:
            yield f"{share:g} at {side}", card.model_copy(update={"input_size": side}), backend


def measured(
    variants: list[Variant], test: str, limit: int | None, kept: Path
) -> dict[str, dict[str, Figure]]:
    """The measures of each variant; with the same weights and pictures they are kept from call to call."""
    known: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    pictures = [fit(rgb, SIDE) for _, rgb in iterate_pictures(test)][:limit]
    found = {}
    for name, card, backend in variants:
        key = f"{card.sha256} {card.input_size} {Path(test).name} {len(pictures)}"
        if key not in known:
            row = evaluate({name: Model(card, backend)}, pictures)[name]
            known[key] = {measure: asdict(row[measure]) for measure in KEPT}
            partial = kept.with_suffix(".partial")
            partial.write_text(json.dumps(known, indent=1))
            partial.replace(kept)
        figures = {measure: Figure(**figure) for measure, figure in known[key].items()}
        found[name] = {"parameters": Figure(value=card.parameters), **figures}
    return found


def timed(variants: list[Variant]) -> dict[str, float]:
    """Milliseconds of one square picture through each network: of its fastest turn, all taking turns.

    Whatever else the machine does makes some turns slower and none faster.
    """
    seconds: dict[str, list[float]] = {name: [] for name, _, _ in variants}
    rng = np.random.default_rng(0)
    for turn in range(ROUNDS + 3):
        for name, card, backend in variants:
            # Never the same picture twice: the encoder's work on one that was seen is kept.
            planes = rng.random((1, 1, card.input_size, card.input_size), dtype=np.float32)
            begun = time.perf_counter()
            backend(planes)
            if turn >= 3:
                seconds[name].append(time.perf_counter() - begun)
    return {name: 1000 * min(each) for name, each in seconds.items()}


def draw(table: Evaluation) -> str:
    """The picture: gain in pooled PSNR and in balanced AuC against time, a line an input size."""
    points = [
        Point(
            line=f"{name.split(' at ')[1]} px",
            label=name.split(" at ")[0],
            x=row["network_ms"].value,
            y=(row["pooled_psnr_gain"].value, row["balanced_auc_gain"].value),
        )
        for name, row in table.rows.items()
    ]
    return chart(
        points,
        x="milliseconds a pass (logarithmic)",
        y=("pooled PSNR over gray (dB)", "balanced AuC over gray (points)"),
        title=TITLE,
    )


def show(table: Evaluation) -> None:
    """The table as Markdown on standard output."""
    names = columns(table)
    print(f"\n{table.note}\n")
    print(f"| | {' | '.join(measure(name).title for name in names)} |")
    print("|---" * (len(names) + 1) + "|")
    for title, row in table.rows.items():
        print(f"| {title} | {' | '.join(measure(name).show(row[name].value) for name in names)} |")


if __name__ == "__main__":
    main()
