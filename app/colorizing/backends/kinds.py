"""The kinds of backend there are, and which of them come into question on this machine."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from app.colorizing.backends import Backend
from app.networks.card import Card

EAGER = "eager"
"""Runs everywhere, and is what the others are measured against."""


@dataclass(frozen=True, slots=True)
class Kind:
    """How to build a backend: from a model's folder, or from a folder with its network converted."""

    build: Callable[[Path, Card, int], Backend]
    """Takes the folder, the card and the most threads of a pass."""
    converted: bool = False


def _eager(folder: Path, card: Card, threads: int) -> Backend:
    from app.colorizing.backends.eager import Eager

    return Eager(folder, card, most_threads=threads)


def _eager_bf16(folder: Path, card: Card, threads: int) -> Backend:
    import torch

    from app.colorizing.backends.eager import Eager

    return Eager(folder, card, wide=torch.bfloat16, most_threads=threads)


def _cuda(folder: Path, card: Card, threads: int) -> Backend:
    from app.colorizing.backends.eager import Eager

    return Eager(folder, card, device="cuda", most_threads=threads)


def _openvino(precision: str) -> Callable[[Path, Card, int], Backend]:
    def build(folder: Path, card: Card, threads: int) -> Backend:
        from app.colorizing.backends.openvino import OpenVino

        return OpenVino(folder, card, precision=precision, threads=threads)

    return build


KINDS: Mapping[str, Kind] = {
    EAGER: Kind(_eager),
    "eager-bf16": Kind(_eager_bf16),
    "openvino": Kind(_openvino("f32"), converted=True),
    "openvino-bf16": Kind(_openvino("bf16"), converted=True),
    "openvino-f16": Kind(_openvino("f16"), converted=True),
    "cuda": Kind(_cuda),
}


def available() -> list[str]:
    """Names of the kinds that can be built here; whether they pay is another question."""
    import torch

    found = [EAGER, "eager-bf16"]
    if find_spec("openvino"):
        from app.colorizing.backends.openvino import precisions

        found += ["openvino" if each == "f32" else f"openvino-{each}" for each in precisions()]
    if torch.cuda.is_available():
        found.append("cuda")
    return found
