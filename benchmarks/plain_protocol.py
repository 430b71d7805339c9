"""The course's protocol to the letter, over several seeds: what its figures owe to luck.

    python -m benchmarks.plain_protocol --data horses.zip --test cifar10-test.zip [--seeds 5] [--save]

Trains `pool-upsample-plain`, `conv-transpose-plain` and `unet-plain` (batch 100, Adam 1e-3, 25 epochs, no
augmentation) and prints test accuracy and cross-entropy after the last epoch. Runs go on where they were
stopped. `--save` writes the summary into the cards of the models that the recipes are the plain form of.
"""

import argparse
import statistics
from pathlib import Path

import torch

from app.networks.card import read_card
from app.settings import Settings
from app.training.publish import with_metrics, write_card
from app.training.recipe import read_recipe
from app.training.tasks import read_task
from app.training.trainer import Trainer

SUFFIX = "-plain"
RECIPES = tuple(f"{name}{SUFFIX}" for name in ("pool-upsample", "conv-transpose", "unet"))


def main() -> None:
    """Train, print a line a network, and save if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", action="append", required=True)
    parser.add_argument("--test", action="append", default=[])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--save", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(Settings().threads)
    for name in RECIPES:
        summary = measure(name, asked.data, asked.test, asked.seeds, asked.runs)
        print(name, "  ".join(f"{key} {value:.4f}" for key, value in summary.items()), flush=True)
        if asked.save:
            folder = Settings().models_dir / name.removesuffix(SUFFIX)
            named = f"plain protocol, {asked.seeds} seeds"
            write_card(folder, with_metrics(read_card(folder), {named: summary}))


def measure(name: str, data: list[str], test: list[str], seeds: int, runs: Path) -> dict[str, float]:
    """Mean, least and greatest accuracy and cross-entropy on the test pictures after the last epoch."""
    recipe = read_recipe(name)
    accuracies, losses = [], []
    for seed in range(seeds):
        seeded = recipe.model_copy(update={"seed": seed})
        trainer = Trainer(seeded, read_task(seeded, data, test), runs / f"{name}-{seed}")
        trainer.run()
        last = trainer.progress.history[-1]
        assert last.val_accuracy is not None
        accuracies.append(last.val_accuracy)
        losses.append(last.val_loss)
    return {
        "accuracy_mean": statistics.fmean(accuracies),
        "accuracy_min": min(accuracies),
        "accuracy_max": max(accuracies),
        "cross_entropy_mean": statistics.fmean(losses),
        "cross_entropy_min": min(losses),
        "cross_entropy_max": max(losses),
    }


if __name__ == "__main__":
    main()
