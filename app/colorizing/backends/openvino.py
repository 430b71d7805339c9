"""Networks run by OpenVINO, the extra `openvino`: kernels made for the CPU at hand, without a compiler."""

import importlib
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from app.colorizing.backends import Floats, granted_threads
from app.colorizing.features import FeatureMemory
from app.networks.card import Card

WHOLE, FIRST_HALF, SECOND_HALF = "whole.xml", "first.xml", "second.xml"
"""Files of a converted network, each with its weights beside it."""
PLACE = 4
HINT_PLANES = 3
PRECISIONS = {"FP32": "f32", "BF16": "bf16", "FP16": "f16"}
"""What OpenVINO says that a device is capable of, and how it is asked for it."""


def runtime() -> ModuleType:
    """OpenVINO; raises ImportError where it is not installed.

    It would tell its maker that it was imported and what is converted. It does without where the package that
    does so cannot be imported.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    return importlib.import_module("openvino")


def precisions() -> list[str]:
    """The precisions that the CPU computes in by itself, as `f32` and `bf16`."""
    capable = runtime().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return [asked for said, asked in PRECISIONS.items() if said in capable]


class OpenVino:
    """A converted network on the CPU, in a folder that is needed no longer once it has been read.

    A pass takes `threads`, or one where fewer are granted. Passes run one after the other: a second beside
    the first would take its own room for what layers compute and gain little, since decoding and encoding
    keep the process's other cores busy meanwhile.
    """

    def __init__(self, folder: Path, card: Card, *, precision: str = "f32", threads: int = 1) -> None:
        self.name = f"openvino {precision}"
        self._threads, self._lock = threads, threading.Lock()
        self._mean, self._std = np.float32(card.input.mean), np.float32(card.input.std)
        counts = sorted({1, threads})
        self._halves = (folder / FIRST_HALF).exists()
        if self._halves:
            first, second = (
                _compiled(folder / name, precision, counts) for name in (FIRST_HALF, SECOND_HALF)
            )
            self._first, self._second = first, second
            self._encode: FeatureMemory[Floats] = FeatureMemory(self._features)
        else:
            self._whole = _compiled(folder / WHOLE, precision, counts)

    def __call__(self, planes: Floats) -> Floats:
        """Probabilities (N, C, h, w) for input planes (N, P, H, W), the first of them gray 0..1."""
        if not self._halves:
            return self._run(self._whole, self._scaled(planes))[0]
        return self._run(self._second, hints_of(planes), *self._encode(planes[:, :1]))[0]

    def _features(self, gray: Floats) -> Sequence[Floats]:
        return self._run(self._first, self._scaled(gray))

    def _scaled(self, gray: Floats) -> Floats:
        """Gray as the card says: here, for in the network the result might be rounded."""
        scaled: Floats = (gray - self._mean) / self._std
        return scaled

    def _run(self, network: dict[int, Any], *inputs: Floats) -> Sequence[Floats]:
        chosen = network[self._threads if granted_threads() >= self._threads else 1]
        with self._lock:
            return list(chosen([np.ascontiguousarray(each) for each in inputs]).to_tuple())


def hints_of(planes: Floats) -> Floats:
    """The hints (N, 3, H/4, W/4) among input planes, averaged over each place; none where there are none."""
    count, planes_in, height, width = planes.shape
    rows, columns = height // PLACE, width // PLACE
    if planes_in == 1:
        return np.zeros((count, HINT_PLANES, rows, columns), dtype=np.float32)
    mean: Floats = planes[:, 1:].reshape(count, -1, rows, PLACE, columns, PLACE).mean(axis=(3, 5))
    return mean


def _compiled(file: Path, precision: str, counts: Sequence[int]) -> dict[int, Any]:
    """A network ready to run with each of these numbers of threads."""
    openvino = runtime()
    core = openvino.Core()
    core.set_property({"ENABLE_MMAP": sys.platform != "win32"})  # there a mapped file cannot be removed
    network = core.read_model(file)
    return {
        count: core.compile_model(
            network,
            "CPU",
            {
                "INFERENCE_PRECISION_HINT": precision,
                "INFERENCE_NUM_THREADS": count,
                "NUM_STREAMS": 1,
                "PERFORMANCE_HINT": "LATENCY",
                "ENABLE_CPU_PINNING": False,  # two processes would be pinned to the same core
            },
        )
        for count in counts
    }
