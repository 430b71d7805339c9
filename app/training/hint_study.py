"""What known colours are worth: the same pictures with more and more of their true colours revealed."""

from collections.abc import Callable, Sequence

import numpy as np

from app.colorizing.options import Hint, Options
from app.imaging.bootstrap import DRAWS, Estimate, estimates
from app.imaging.measures import Measures, Truth
from app.training.evaluation import Given, Model, Pixels, Results

COUNTS = (0, 1, 5, 10, 20, 50)


def reveal(truth: Pixels, count: int, seed: int) -> tuple[Hint, ...]:
    """The true colours of `count` pixels anywhere in a picture; fewer are the first of more."""
    height, width = truth.shape[:2]
    places = np.random.default_rng(seed).random((count, 2))
    return tuple(
        Hint(x=x, y=y, color="#{:02x}{:02x}{:02x}".format(*truth[int(y * height), int(x * width)]))
        for x, y in places.tolist()
    )


def study_hints(
    model: Model,
    pictures: Sequence[Pixels],
    listen: Callable[[int], None] = lambda done: None,
    *,
    counts: Sequence[int] = COUNTS,
    draws: int = DRAWS,
) -> Results:
    """Every measure by number of hints; gains are over no hint. The pictures' numbers seed the places."""
    rows = {_named(count): (count, Measures()) for count in counts}
    for index, picture in enumerate(pictures):
        truth, given = Truth(picture), Given.of(picture)
        hints = reveal(picture, max(counts), index)
        for count, measures in rows.values():
            measures.add(model(given, Options(hints=hints[:count])), truth)
        listen(index + 1)
    none = _named(0)
    found = estimates(
        {name: measures for name, (_, measures) in rows.items()},
        against=none if none in rows else None,
        draws=draws,
    )
    return {name: {"hints": Estimate(count), **_shown(found[name])} for name, (count, _) in rows.items()}


def _shown(row: dict[str, Estimate]) -> dict[str, Estimate]:
    """What is told of a number of hints."""
    named = ("pooled_psnr", "pooled_psnr_gain", "balanced_auc", "balanced_auc_gain", "colorfulness_share")
    return {name: row[name] for name in named if name in row and np.isfinite(row[name].value)}


def _named(count: int) -> str:
    return {0: "no hint", 1: "1 hint"}.get(count, f"{count} hints")
