"""Every backend that runs here beside eager PyTorch in float32, NCHW: time, colours, memory.

    python -m benchmarks.backends [--model ID] [--threads N] [--rounds N]

A pass of one picture of the network's own size, in turn. On a busy machine processor time is what counts.
"""

import argparse
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from app.colorizing.backends import Backend, Floats, limit_threads, native_side
from app.colorizing.backends.fidelity import answers, compare, inputs
from app.colorizing.backends.kinds import KINDS, available
from app.colorizing.registry import Registry
from app.networks.card import Card
from app.networks.weights import load_network
from benchmarks.models import models_dir

PLAIN = "eager float32 NCHW"


class Plain:
    """PyTorch as it comes: what somebody gets who loads the network and calls it."""

    name = PLAIN

    def __init__(self, folder: Path, card: Card) -> None:
        self._network, self._scaling = load_network(folder, card), card.input

    def __call__(self, planes: Floats) -> Floats:
        """Probabilities (N, C, h, w) for gray planes (N, 1, H, W)."""
        with torch.inference_mode():
            gray = (torch.from_numpy(planes) - self._scaling.mean) / self._scaling.std
            probabilities: Floats = torch.softmax(self._network(gray), dim=1).numpy()
        return probabilities


def measure(folder: Path, card: Card, threads: int, rounds: int) -> None:
    """Time every backend in turn and print a table."""
    limit_threads(threads)
    backends: dict[str, Backend] = {PLAIN: Plain(folder, card)}
    with TemporaryDirectory() as converted:
        names = available()
        if any(KINDS[name].converted for name in names):
            from app.colorizing.backends.conversion import convert

            convert(folder, card, Path(converted))
        for name in names:
            source = Path(converted) if KINDS[name].converted else folder
            backends[name] = KINDS[name].build(source, card, threads)
    pictures = inputs(card)
    expected = answers(backends["eager"], pictures)
    random = np.random.default_rng(0)
    side = native_side(card)
    wall: dict[str, list[float]] = {name: [] for name in backends}
    worked: dict[str, list[float]] = {name: [] for name in backends}
    for turn in range(rounds + 3):
        planes = random.random((1, 1, side, side), dtype=np.float32)
        for name, backend in backends.items():
            begun, used = time.perf_counter(), time.process_time()
            backend(planes)
            if turn >= 3:
                worked[name].append(time.process_time() - used)
                wall[name].append(time.perf_counter() - begun)
    print(f"{card.id}, {side} x {side}, threads: {threads}, {rounds} rounds")
    for name, backend in backends.items():
        taken, used = statistics.median(wall[name]), statistics.median(worked[name])
        said = (
            f"  {name}: {1000 * taken:.1f} ms, processor {1000 * used:.1f} ms; against {PLAIN} "
            f"{statistics.median(wall[PLAIN]) / taken:.2f} x by the clock, "
            f"{statistics.median(worked[PLAIN]) / used:.2f} x by processor time"
        )
        if name != PLAIN:
            found = compare(card, expected, answers(backend, pictures))
            said += f"; ΔE {found.delta_e:.3f}, same class {100 * found.agreement:.2f} %"
        print(said)
    print("  target: photo at least 3 x, ΔE at most 1 (99.9th percentile)")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="id of the model; the default one unless given")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=31)
    arguments = parser.parse_args()
    with models_dir() as folder:
        registry = Registry(folder)
        card = registry.card(arguments.model or registry.default_id or "")
        measure(folder / card.id, card, arguments.threads, arguments.rounds)


if __name__ == "__main__":
    main()
