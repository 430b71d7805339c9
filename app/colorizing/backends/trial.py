"""Which backend runs a model best here: those whose colours are float32's, timed in turn with eager float32.

    python -m app.colorizing.backends.trial FOLDER THREADS

prints the choice as JSON. A process of its own: it takes seconds and memory, and no request is to feel it.
"""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from app.colorizing.backends import Backend, Floats, check, limit_threads, native_side
from app.colorizing.backends.choice import Choice, Contender
from app.colorizing.backends.fidelity import MOST_DELTA_E, answers, compare, inputs
from app.colorizing.backends.kinds import EAGER, KINDS, available
from app.networks.card import Card, read_card

WORTH_CHANGING = 1.1
"""Speed over eager float32's from which another is worth its memory."""
WORTH_SHARING = 1.25
"""Gain in time from which a pass may take more threads than one: they could run other passes."""
SECONDS = 2.0
"""Of timing each contender, about."""
LEAST_ROUNDS, MOST_ROUNDS = 7, 31
LEAST_SAMPLE, MOST_PASSES = 0.02, 64
"""Seconds, and passes at most, that are timed together: clocks of processor time can be coarse."""

Run = Callable[[Floats], Floats]


def choose(folder: Path, card: Card, threads: int, names: Sequence[str] | None = None) -> Choice:
    """Measure the kinds of backend that are named, or all that can be built here, and choose."""
    limit_threads(1)
    names = [name for name in (available() if names is None else names) if name != EAGER]
    reference = KINDS[EAGER].build(folder, card, threads)
    pictures = inputs(card)
    expected = answers(reference, pictures)
    contenders = [Contender(name=EAGER, speed=1.0, delta_e=0.0, agreement=1.0)]
    with TemporaryDirectory(prefix="chromalab-") as converted:
        problem = (
            _convert(folder, card, Path(converted)) if any(KINDS[each].converted for each in names) else None
        )
        for name in names:
            source = Path(converted) if KINDS[name].converted else folder
            if problem and KINDS[name].converted:
                contenders.append(Contender(name=name, refused=problem))
            else:
                contenders.append(_contender(name, source, card, reference, pictures, expected))
        best = max((each for each in contenders if not each.refused), key=lambda each: each.speed or 0.0)
        if (best.speed or 0.0) < WORTH_CHANGING:
            best = contenders[0]
        source = Path(converted) if KINDS[best.name].converted else folder
        shared = _shares(KINDS[best.name].build(source, card, threads), card, threads)
    return Choice(name=best.name, threads=threads if shared else 1, contenders=contenders)


def _convert(folder: Path, card: Card, into: Path) -> str | None:
    """Convert the network; why that could not be done."""
    try:
        from app.colorizing.backends.conversion import convert

        convert(folder, card, into)
    except Exception as error:
        return _told(error)
    return None


def _contender(
    name: str, source: Path, card: Card, reference: Backend, pictures: list[Floats], expected: list[Floats]
) -> Contender:
    """Build one backend, compare its colours, and time it if they are right."""
    try:
        backend = KINDS[name].build(source, card, 1)
        check(backend, card)
        found = compare(card, expected, answers(backend, pictures))
    except Exception as error:
        return Contender(name=name, refused=_told(error))
    if not np.isfinite(found.delta_e):
        return Contender(name=name, refused="its answers are no distributions")
    measured = Contender(name=name, delta_e=found.delta_e, agreement=found.agreement)
    if not found.suffices(card):
        return measured.model_copy(update={"refused": f"its colours differ by more than ΔE {MOST_DELTA_E:g}"})
    # A graphics processor's work is no time of this one.
    clock = time.perf_counter if name == "cuda" else time.process_time
    return measured.model_copy(update={"speed": gain(reference, backend, card, clock)})


def _shares(backend: Backend, card: Card, threads: int) -> bool:
    """Whether a pass gains enough by more threads than one."""
    if threads == 1:
        return False

    def with_threads(count: int) -> Run:
        def run(planes: Floats) -> Floats:
            limit_threads(count)
            return backend(planes)

        return run

    gained = gain(with_threads(1), with_threads(threads), card, time.perf_counter)
    limit_threads(1)
    return gained >= WORTH_SHARING


def gain(before: Run, after: Run, card: Card, clock: Callable[[], float]) -> float:
    """How many times as quick `after` is for pictures of the network's own size, from samples taken in turn.

    Other work only adds to what they take: the lower quartile of each is compared.
    """
    random = np.random.default_rng(0)
    side = native_side(card)

    def sample(run: Run, passes: int) -> float:
        # Another picture each time, so that none is remembered.
        pictures = random.random((passes, 1, 1, side, side), dtype=np.float32)
        begun = clock()
        for planes in pictures:
            run(planes)
        return max(clock() - begun, 1e-9)

    for run in (before, after):
        sample(run, 2)  # to warm up
    once = max(sample(before, 3) / 3, 1e-6)
    passes = min(MOST_PASSES, max(1, round(LEAST_SAMPLE / once)))
    samples: list[tuple[float, float]] = []
    ended = time.perf_counter() + SECONDS
    while len(samples) < LEAST_ROUNDS or (len(samples) < MOST_ROUNDS and time.perf_counter() < ended):
        samples.append((sample(before, passes), sample(after, passes)))
    slow, quick = np.percentile(samples, 25, axis=0)
    return float(slow / quick)


def _told(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def main() -> None:
    """Measure and print."""
    folder = Path(sys.argv[1])
    print(choose(folder, read_card(folder), int(sys.argv[2])).model_dump_json())


if __name__ == "__main__":
    from app.colorizing.backends.helper import stand_back

    stand_back()
    main()
