"""train-colorizer: cut off anywhere it ends the same; its model can be used; broken work folders are told."""

import json
import shutil
import zipfile
from base64 import b64decode
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import save_file

from app.lab import DemoError, InvalidParams, Run, demo, run_demo
from app.lab.demo import LostWork
from app.lab.meadow import meadow
from app.networks.card import read_card
from app.networks.weights import load_network

DEMO = demo("train-colorizer")
SMALL: dict[str, Any] = {
    "data": "built-in",
    "pictures": 60,
    "epochs": 2,
    "batch_size": 20,
    "network": "pool-upsample",
}


def test_made_pictures_are_always_the_same_and_differ_from_each_other() -> None:
    pictures = meadow(6)
    assert pictures.shape == (6, 32, 32, 3) and np.array_equal(pictures[4:], meadow(2, first=4))
    assert len({picture.tobytes() for picture in pictures}) == 6


def test_the_model_at_the_end_can_be_loaded_and_is_the_one_measured(tmp_path: Path) -> None:
    finished = run_demo(DEMO, SMALL, folder=tmp_path)
    result = finished.outcome.result
    folder = tmp_path / result["folder"]
    card = read_card(folder)
    network = load_network(folder, card)
    assert card.sha256 == result["sha256"] and card.classes == 24
    with torch.inference_mode():
        assert network(torch.zeros(1, 1, 32, 32)).shape == (1, 24, 32, 32)
    assert result["parameters"] == 49_728
    assert len(result["history"]) == 2 == len(finished.series["accuracy/validation"]["x"])
    assert all(check.holds for check in finished.outcome.certificate)
    assert any("made pictures" in note for note in finished.outcome.notes)


def test_samples_after_every_epoch_are_pictures(tmp_path: Path) -> None:
    finished = run_demo(DEMO, SMALL, folder=tmp_path)
    assert [picture.name for picture in finished.pictures] == ["epoch-01", "epoch-02"]
    with Image.open(BytesIO(b64decode(finished.pictures[0].data))) as image:
        assert image.size == (8 * 34, 3 * 34)
    assert finished.pictures[0].alt and len(finished.pictures[0].data) < 100_000


def test_a_run_moved_to_another_machine_with_its_folder_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    whole = run_demo(DEMO, SMALL, folder=tmp_path / "whole").outcome
    here, there = tmp_path / "here", tmp_path / "there"
    params = DEMO.read(SMALL)
    state = DEMO.start(Run(params, 0, here))
    step = DEMO.step(Run(params, 0, here), state)
    shutil.copytree(here, there)
    shutil.rmtree(here)
    run, state, done = Run(params, 0, there), json.loads(json.dumps(step.state)), step.done
    while not done:
        step = DEMO.step(run, state)
        state, done = json.loads(json.dumps(step.state)), step.done
    assert DEMO.finish(run, state).result == whole.result


def test_lost_or_foreign_checkpoints_are_told(tmp_path: Path) -> None:
    run = Run(DEMO.read(SMALL), 0, tmp_path)
    state = DEMO.step(run, DEMO.start(run)).state
    with pytest.raises(LostWork, match="gone"):
        DEMO.step(Run(run.params, 0, tmp_path / "empty"), state)
    with pytest.raises(LostWork, match="batches"):
        DEMO.step(run, state | {"trained": 99})
    (tmp_path / "checkpoint-1" / "checkpoint.safetensors").write_bytes(b"broken")
    with pytest.raises(LostWork):
        DEMO.step(run, state)


def test_starting_again_in_a_used_folder_starts_afresh(tmp_path: Path) -> None:
    first = run_demo(DEMO, SMALL, folder=tmp_path).outcome.result
    assert run_demo(DEMO, SMALL, folder=tmp_path).outcome.result == first


def test_a_diverging_run_fails_in_words(tmp_path: Path) -> None:
    """A checkpoint whose weights are infinite makes the next loss no number."""
    run = Run(DEMO.read(SMALL), 0, tmp_path)
    state = DEMO.step(run, DEMO.start(run)).state
    path = tmp_path / "checkpoint-1" / "checkpoint.safetensors"
    with safe_open(path, framework="pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        metadata = file.metadata()
    tensors["network.block1.0.weight"].fill_(float("inf"))
    save_file(tensors, path, metadata=metadata)
    with pytest.raises(DemoError, match="validation loss became nan"):
        DEMO.step(run, state)
    progress = json.loads(metadata["progress"]) | {"epoch": 1, "batch": 0}
    save_file(tensors, path, metadata={"progress": json.dumps(progress)})
    with pytest.raises(DemoError, match="the loss became nan in epoch 2"):
        DEMO.step(run, state)


def test_a_full_disk_fails_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.training.checkpoint.save_file", full)
    with pytest.raises(DemoError, match="No space left"):
        run_demo(DEMO, SMALL, folder=tmp_path)


def horses(folder: Path, count: int) -> Path:
    """CIFAR-10's horses as archives, made of other pictures."""
    for name, first in (("cifar10-train-horse.zip", 1000), ("cifar10-test.zip", 2000)):
        with zipfile.ZipFile(folder / name, "w") as archive:
            for place, pixels in enumerate(meadow(count, first=first)):
                buffer = BytesIO()
                Image.fromarray(pixels).save(buffer, "png")
                archive.writestr(f"horse/{place:03d}.png", buffer.getvalue())
    return folder


def test_horses_are_taken_where_they_are(tmp_path: Path) -> None:
    data = horses(tmp_path, 50)
    finished = run_demo(DEMO, SMALL | {"data": "auto", "epochs": 1}, folder=tmp_path / "work", data=data)
    assert finished.outcome.result["data"] == "horses-24" and finished.outcome.result["pictures"] == 50
    assert read_card(tmp_path / "work" / "models" / "trained").trained_on.startswith("CIFAR-10")


def test_horses_that_are_not_there_are_missed_in_words(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="not in the data folder"):
        run_demo(DEMO, SMALL | {"data": "horses-24"}, folder=tmp_path, data=tmp_path)


@pytest.mark.parametrize("network", ["pool-upsample", "conv-transpose", "unet"])
@pytest.mark.parametrize("kernel_size", [2, 3, 4, 5])
def test_parameters_are_those_of_arithmetic(network: str, kernel_size: int) -> None:
    from app.lab.colorizer_settings import TrainColorizerParams
    from app.lab.demos.train_colorizer import _parameters
    from app.networks.build import build
    from app.networks.card import NetworkSpec

    if network == "pool-upsample" and kernel_size % 2 == 0:
        with pytest.raises(InvalidParams, match="odd"):
            DEMO.read({"network": network, "kernel_size": kernel_size})
        return
    params = TrainColorizerParams.model_validate({"network": network, "kernel_size": kernel_size})
    built = build(NetworkSpec(type=network, arguments={"kernel_size": kernel_size}))
    assert _parameters(params) == sum(parameter.numel() for parameter in built.parameters())
