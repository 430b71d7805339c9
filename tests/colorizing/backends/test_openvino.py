"""Converted networks against PyTorch: of every kind, for any size, with hints, in float32 and below."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from app.colorizing.backends import fidelity, limit_threads
from app.colorizing.backends.conversion import convert
from app.colorizing.backends.eager import Eager
from app.colorizing.backends.openvino import FIRST_HALF, WHOLE, OpenVino, hints_of
from app.networks import halves
from app.networks.card import NetworkSpec, read_card
from app.networks.weights import load_network
from app.resources import models_dir

pytest.importorskip("openvino", reason="the extra `openvino` is not installed")

PHOTO = {"type": "photo-unet", "arguments": {"bins": 25, "widths": [8, 8, 8], "hints": 4}}
ENLARGED = {
    "type": "enlarged-unet",
    "arguments": {"classes": 24, "widths": [8, 8, 8, 8], "native": 4, "residual_blocks": 1},
}


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    limit_threads(1)  # threads that share small passes wait for each other where cores are busy


def converted(tmp_path: Path, folder: Path, precision: str = "f32", threads: int = 1) -> OpenVino:
    card, into = read_card(folder), tmp_path / "converted"
    into.mkdir()
    convert(folder, card, into)
    return OpenVino(into, card, precision=precision, threads=threads)


def check(backend: OpenVino, folder: Path, planes: np.ndarray) -> None:
    card = read_card(folder)
    given = torch.from_numpy(planes).clone()
    given[:, :1] = (given[:, :1] - card.input.mean) / card.input.std
    with torch.inference_mode():
        expected = torch.softmax(load_network(folder, card)(given), dim=1).numpy()
    np.testing.assert_allclose(backend(planes), expected, atol=2e-5)


@pytest.mark.parametrize(
    ("network", "multiple"),
    [
        ({"type": "unet", "arguments": {"features": 4}}, 4),
        ({"type": "conv-transpose", "arguments": {"kernel_size": 4, "features": 4}}, 4),
        ({"type": "ensemble", "arguments": {"members": [ENLARGED], "mirror": True}}, 8),
    ],
    ids=lambda each: each["type"] if isinstance(each, dict) else "",
)
def test_networks_of_the_course_for_any_number_and_size(
    tmp_path: Path, make_model: Callable[..., Path], network: dict[str, object], multiple: int
) -> None:
    spec = NetworkSpec.model_validate(network)
    scaling = {"mean": 0.5, "std": 0.25}
    folder = make_model(tmp_path, "net", spec=spec, size_multiple=multiple, input=scaling)
    backend = converted(tmp_path, folder)
    random = np.random.default_rng(0)
    for shape in ((1, 1, 32, 32), (3, 1, 16, 40), (1, 1, 48, 24)):
        check(backend, folder, random.random(shape, dtype=np.float32))
    assert (tmp_path / "converted" / WHOLE).exists()


@pytest.mark.parametrize(
    "network",
    [PHOTO, {"type": "ensemble", "arguments": {"members": [PHOTO], "mirror": True}}],
    ids=["alone", "ensemble"],
)
def test_networks_with_hints_keep_what_they_saw(
    tmp_path: Path, make_photo_model: Callable[..., Path], network: dict[str, object]
) -> None:
    folder = make_photo_model(tmp_path, spec=NetworkSpec.model_validate(network))
    backend = converted(tmp_path, folder)
    assert (tmp_path / "converted" / FIRST_HALF).exists()
    random = np.random.default_rng(0)
    gray = random.random((1, 1, 64, 96), dtype=np.float32)
    hints = random.random((1, 3, 64, 96), dtype=np.float32)
    check(backend, folder, gray)
    kept = backend._encode.bytes
    assert kept > 0
    check(backend, folder, np.concatenate([gray, hints], axis=1))
    assert backend._encode.bytes == kept
    check(backend, folder, random.random((2, 4, 32, 64), dtype=np.float32))


def test_wide_layers_in_bfloat16_keep_the_colours(
    tmp_path: Path, make_photo_model: Callable[..., Path]
) -> None:
    folder = make_photo_model(tmp_path, input_size=64)
    card = read_card(folder)
    pictures = fidelity.inputs(card)
    expected = fidelity.answers(Eager(folder, card), pictures)
    found = fidelity.answers(converted(tmp_path, folder, "bf16"), pictures)
    assert fidelity.compare(card, expected, found).suffices(card)


@pytest.mark.long
def test_the_served_photo_model_in_bfloat16_keeps_the_colours(tmp_path: Path) -> None:
    """Trained weights tell more: bars of print came out another colour when their gray was rounded."""
    folder = models_dir() / "photo"
    card = read_card(folder)
    pictures = fidelity.inputs(card)
    expected = fidelity.answers(Eager(folder, card), pictures)
    found = fidelity.answers(converted(tmp_path, folder, "bf16"), pictures)
    assert fidelity.compare(card, expected, found).delta_e < 0.5


def test_no_step_of_its_own_is_spent_on_padding(
    tmp_path: Path, make_photo_model: Callable[..., Path]
) -> None:
    folder = make_photo_model(tmp_path, input_size=64)
    convert(folder, read_card(folder), tmp_path)
    network = ElementTree.parse(tmp_path / FIRST_HALF)
    kinds = Counter(layer.attrib["type"] for layer in network.iter("layer"))
    assert kinds["GroupConvolution"] > 10
    assert kinds["Pad"] == 0


def test_a_pass_takes_one_thread_where_fewer_are_granted_than_it_could_use(
    tmp_path: Path, tiny_models: Path
) -> None:
    backend = converted(tmp_path, tiny_models / "horses", threads=2)
    planes = np.random.default_rng(0).random((1, 1, 32, 32), dtype=np.float32)
    answers = []
    for granted in (1, 2):
        limit_threads(granted)
        answers.append(backend(planes))
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-6)


@pytest.mark.parametrize("planes", [1, 4])
def test_hints_are_averaged_as_the_network_does(planes: int) -> None:
    given = np.random.default_rng(0).random((2, planes, 16, 24), dtype=np.float32)
    np.testing.assert_allclose(hints_of(given), halves.hints_of(torch.from_numpy(given)).numpy(), rtol=1e-6)


def test_nobody_is_told_of_its_use(tmp_path: Path) -> None:
    code = (
        "import sys; from app.colorizing.backends.openvino import runtime; runtime();"
        "sys.exit(any(name.startswith('openvino_telemetry.') for name in sys.modules))"
    )
    environment = {"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[3])}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
    assert list(tmp_path.iterdir()) == []
