"""Model folders: round trips, and every way in which one can be broken."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from app.networks.build import build
from app.networks.card import CONFIG_NAME, WEIGHTS_NAME, Card, CardError, NetworkSpec, read_card, sha256_of
from app.networks.palette import HORSES_24
from app.networks.weights import load_network, save_weights


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sound model folder with random weights."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    torch.manual_seed(0)
    network = build(NetworkSpec(type="unet"))
    save_weights(network, folder / WEIGHTS_NAME)
    card = Card(
        id="tiny",
        title="Tiny",
        task="palette",
        network=NetworkSpec(type="unet"),
        parameters=56_856,
        input_size=32,
        size_multiple=4,
        palette=list(HORSES_24),
        trained_on="nothing",
        licence="none",
        sha256=sha256_of(folder / WEIGHTS_NAME),
    )
    (folder / CONFIG_NAME).write_text(card.model_dump_json())
    return folder


def test_round_trip_gives_the_same_answers(folder: Path) -> None:
    torch.manual_seed(0)
    original = build(NetworkSpec(type="unet")).eval()
    loaded = load_network(folder, read_card(folder))
    gray = torch.randn(1, 1, 32, 32)
    assert torch.equal(loaded(gray), original(gray))
    assert not loaded.training
    assert not any(parameter.requires_grad for parameter in loaded.parameters())


def test_half_precision_is_stored_small_and_loaded_as_float32(tmp_path: Path) -> None:
    network = build(NetworkSpec(type="unet"))
    save_weights(network, tmp_path / "full")
    save_weights(network, tmp_path / "half", half=True)
    assert (tmp_path / "half").stat().st_size < 0.6 * (tmp_path / "full").stat().st_size


def edit(**changes: object) -> Callable[[Path], None]:
    def break_it(folder: Path) -> None:
        path = folder / CONFIG_NAME
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return break_it


def cut_short(folder: Path) -> None:
    path = folder / WEIGHTS_NAME
    path.write_bytes(path.read_bytes()[:1000])
    edit(sha256=sha256_of(path))(folder)


def poison(folder: Path) -> None:
    network = build(NetworkSpec(type="unet"))
    next(network.parameters()).data.fill_(float("nan"))
    save_weights(network, folder / WEIGHTS_NAME)
    edit(sha256=sha256_of(folder / WEIGHTS_NAME))(folder)


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda folder: (folder / CONFIG_NAME).unlink(), "config.json is missing"),
        (lambda folder: (folder / CONFIG_NAME).write_text("{"), "cannot be read"),
        (lambda folder: (folder / CONFIG_NAME).write_bytes(b"\xff\xfe"), "cannot be read"),
        (lambda folder: (folder / WEIGHTS_NAME).unlink(), "model.safetensors is missing"),
        (lambda folder: (folder / WEIGHTS_NAME).write_bytes(b"x"), "does not match its SHA-256"),
        (cut_short, "tiny: "),
        (poison, "not finite"),
        (edit(id="other"), "belongs to model 'other'"),
        (edit(id="../up"), "id"),
        (edit(palette=None), "needs its palette"),
        (edit(palette=[[0, 0, 2]]), "palette.0.2"),
        (edit(surprise=1), "surprise"),
        (edit(parameters=7), "the card says 7 parameters"),
        (edit(network={"type": "unknown"}), "unknown network type"),
        (edit(network={"type": "unet", "arguments": {"depth": 3}}), "depth"),
        (edit(network={"type": "pool-upsample"}), "tiny: "),
    ],
)
def test_a_broken_folder_is_named_with_its_reason(
    folder: Path, break_it: Callable[[Path], None], says: str
) -> None:
    break_it(folder)
    with pytest.raises(CardError, match=says) as caught:
        load_network(folder, read_card(folder))
    assert "\n" not in str(caught.value)
    assert "tiny" in str(caught.value)


def test_reading_cards_needs_no_torch() -> None:
    import subprocess
    import sys

    code = "import sys, app.networks.card; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
