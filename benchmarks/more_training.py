"""What more training would buy: held-out loss against pictures seen, extrapolated from a model's own card.

    python -m benchmarks.more_training [MODEL] [--save]

Of each network that the model was made of, L(n) = E + A n^-a is fitted to the loss after n pictures (Hoffmann
et al. 2022, eq. 2, with the size held). How far that can be trusted is shown first: the same fit to the first
half of the run foretells its last quarter. With `--save` the table goes into the model's card.
"""

import argparse
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import curve_fit  # type: ignore[import-untyped]

from app.networks.card import Card, Evaluation, Figure, read_card
from app.settings import Settings
from app.training.publish import with_evaluations, write_card

Numbers = NDArray[np.float64]
TIMES = (1, 4, 16, 64)
"""As many pictures as were seen, times these."""
SKIPPED = 2
"""Epochs at the beginning that tell of the start and the rising rate, not of what pictures teach."""
DRAWS = 400
TITLE = "What more training buys"


def runs(card: Card) -> dict[str, tuple[Numbers, Numbers]]:
    """Of each network that was trained: pictures seen and held-out loss after each epoch."""
    found = {}
    for recipe in card.recipe.get("members", [card.recipe]):
        history = recipe.get("history") or [each.model_dump() for each in card.history]
        found[recipe["id"]] = (
            np.cumsum([pictures_of(recipe["phases"], epoch) for epoch in range(len(history))], dtype=float),
            np.array([each["val_loss"] for each in history]),
        )
    return found


def pictures_of(phases: Sequence[dict[str, Any]], epoch: int) -> int:
    """Pictures of an epoch counted from 0; raises ValueError where the recipe leaves that to the data."""
    for phase in phases:
        if epoch < phase["epochs"]:
            if not phase.get("pictures"):
                raise ValueError("the recipe does not say how many pictures an epoch has")
            return int(phase["pictures"])
        epoch -= phase["epochs"]
    raise ValueError("the history is longer than the recipe")


def fitted(seen: Numbers, loss: Numbers) -> Numbers:
    """E, A and a of the least squares; n is counted in units of the first point's."""
    start = (loss.min() - 0.1, max(loss[0] - loss.min(), 1e-3), 0.3)
    bounds = ([0.0, 0.0, 0.01], [np.inf, np.inf, 3.0])
    found: Numbers = curve_fit(curve, seen / seen[0], loss, p0=start, bounds=bounds, maxfev=20_000)[0]
    return found


def curve(n: Numbers, floor: float, height: float, power: float) -> Numbers:
    """E + A n^-a."""
    return floor + height * np.power(n, -power)


def foretold(seen: Numbers, loss: Numbers, at: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """The loss after so many pictures, and its 95 % interval: residuals drawn anew in blocks of four epochs.

    Neighbouring epochs err alike, so that drawing them one by one would promise too much.
    """
    best = fitted(seen, loss)
    fit = curve(seen / seen[0], *best)
    residuals, random = loss - fit, np.random.default_rng(0)
    drawn = []
    for _ in range(DRAWS):
        starts = random.integers(0, len(loss) - 3, size=-(-len(loss) // 4))
        noise = np.concatenate([residuals[start : start + 4] for start in starts])[: len(loss)]
        drawn.append(curve(at / seen[0], *fitted(seen, fit + noise)))
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return curve(at / seen[0], *best), low, high


def table(card: Card) -> Evaluation:
    """A row for each network and number of pictures, and the test of the fit on the run itself."""
    rows: dict[str, dict[str, Figure]] = {}
    for name, (seen, loss) in runs(card).items():
        seen, loss = seen[SKIPPED:], loss[SKIPPED:]
        half, last = len(seen) // 2, -(len(seen) // 4)
        told, low, high = foretold(seen[:half], loss[:half], seen[last:])
        print(
            f"{name}: the last quarter was {loss[last:].mean():.4f}; the first half foretells "
            f"{told.mean():.4f} ({low.mean():.4f} to {high.mean():.4f})"
        )
        at = seen[-1] * np.array(TIMES, dtype=float)
        for count, *figure in zip(at, *foretold(seen, loss, at), strict=True):
            value, least, most = map(float, figure)
            rows[f"{name}, {count:,.0f} pictures"] = {"loss": Figure(value=value, low=least, high=most)}
    note = (
        "Held-out loss in nats, by a power law fitted to each network's own run. The first row of each is "
        "where that run ended; intervals are from the residuals of the fit, drawn anew."
    )
    return Evaluation(title=TITLE, note=note, rows=rows)


def main() -> None:
    """Print the table, and save it if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("model", nargs="?", default="photo")
    parser.add_argument("--save", action="store_true")
    asked = parser.parse_args()
    folder = Settings().models_dir / asked.model
    card = read_card(folder)
    found = table(card)
    for name, row in found.rows.items():
        figure = row["loss"]
        print(f"  {name}: {figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})")
    if asked.save:
        write_card(folder, with_evaluations(card, [found]))


if __name__ == "__main__":
    main()
