"""How far a figure of some pictures would move with other pictures: percentile bootstrap (Efron 1979).

Whole pictures are drawn, because pixels of one picture go together; a pooled measure is taken anew from the
sums over the pictures drawn.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.imaging.measures import Measures

Numbers = NDArray[np.float64]

DRAWS = 1000
LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A figure and the interval that holds 95 % of its redrawn values; None where it cannot be redrawn."""

    value: float
    low: float | None = None
    high: float | None = None


def weights(pictures: int, draws: int = DRAWS, seed: int = 0) -> Numbers:
    """How often each picture is in each of the draws, (draws, pictures); the same for the same arguments."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(pictures, np.full(pictures, 1 / pictures), size=draws).astype(np.float64)


def interval(value: float, redrawn: Numbers) -> Estimate:
    """A figure with the percentile interval of its redrawn values."""
    outside = 100 * (1 - LEVEL) / 2
    # The nearest drawn value: between two infinite ones there is nothing to interpolate.
    low, high = np.percentile(redrawn, [outside, 100 - outside], method="nearest")
    return Estimate(value, float(low), float(high))


def estimates(
    measures: Mapping[str, Measures], *, against: str | None = None, draws: int = DRAWS
) -> dict[str, dict[str, Estimate]]:
    """Every measure of each contestant with its interval, by name; all saw the same pictures.

    Where `against` names one of them, `<measure>_gain` is a contestant's difference to it, its interval from
    the same draws for both (paired).
    """
    counts = {len(each.comparisons) for each in measures.values()}
    if len(counts) != 1 or 0 in counts:
        raise ValueError("contestants are compared on the same pictures, one at least")
    drawn = weights(counts.pop(), draws)
    redrawn = {name: each.weighted(drawn) for name, each in measures.items()}
    found: dict[str, dict[str, Estimate]] = {}
    for name, each in measures.items():
        found[name] = {key: interval(each[key], values) for key, values in redrawn[name].items()}
        if against is not None and name != against:
            for key in PAIRED:
                with np.errstate(invalid="ignore"):  # both exact
                    gains = redrawn[name][key] - redrawn[against][key]
                found[name][f"{key}_gain"] = interval(each[key] - measures[against][key], gains)
    return found


PAIRED = ("pooled_psnr", "mean_psnr", "auc", "balanced_auc")
"""The measures whose difference to another contestant is told."""


def mean(values: Numbers, draws: int = DRAWS) -> Estimate:
    """The mean of one value a picture, (pictures,), with its interval."""
    drawn = weights(len(values), draws)
    return interval(float(values.mean()), drawn @ values / len(values))
