"""`chromalab train`, `evaluate` and `models`, one after the other as a person would."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from app.cli import cli
from app.networks.card import CONFIG_NAME, WEIGHTS_NAME, read_card
from tests.training.conftest import coloured_noise

RUNNER = CliRunner()
RECIPE = """
id = "tiny"
title = "Tiny"
trained_on = "noise"
licence = "none"
batch_size = 10
network = { type = "unet" }
phases = [{ epochs = 2 }]
"""


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CHROMALAB_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("CHROMALAB_THREADS", "1")
    for command in ("evaluate", "models"):
        monkeypatch.setattr(f"app.cli.{command}.configure_logging", lambda level, style: None)
    (tmp_path / "models").mkdir()


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(RECIPE)
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for index, pixels in enumerate(coloured_noise(20, seed=5)):
        path = tmp_path / "data" / "horse" / f"{index:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.asarray(pixels)).save(path)
    return tmp_path / "data"


def run(*arguments: str | Path) -> Result:
    return RUNNER.invoke(cli, [*map(str, arguments)])


@pytest.fixture
def trained(recipe: Path, data: Path, tmp_path: Path) -> Path:
    result = run("train", recipe, "--data", data, "--test", data, "--run", tmp_path / "run")
    assert result.exit_code == 0, result.output
    assert "epoch 2/2: train loss" in result.stderr
    return tmp_path / "models" / "tiny"


def test_a_trained_model_is_listed_and_measured(trained: Path, data: Path) -> None:
    listed = run("models", "--json")
    assert listed.exit_code == 0
    assert [card["id"] for card in json.loads(listed.stdout)["models"]] == ["tiny"]
    measured = run("evaluate", "tiny", data, "--json", "--save", "noise", "--limit", "6")
    assert measured.exit_code == 0, measured.output
    (table,) = json.loads(measured.stdout)["evaluations"]  # none is larger than 32 x 32
    assert table["title"] == "noise, native size"
    assert list(table["rows"]) == ["gray", "mean colour", "tiny"]
    assert table["rows"]["tiny"]["pictures"] == {"value": 6}
    card = read_card(trained)
    kept = card.metrics["noise"]
    assert isinstance(kept, dict)
    assert kept["accuracy"] == table["rows"]["tiny"]["accuracy"]["value"]
    assert [found.model_dump(exclude_none=True) for found in card.evaluations] == [table]
    assert "| mean colour |" in (trained / "README.md").read_text()
    assert run("models").exit_code == 0  # its checksum still fits


def test_the_table_shows_every_number(trained: Path, data: Path) -> None:
    shown = run("evaluate", "all", data, "--only", "horse")
    assert shown.exit_code == 0
    for heading in ("Accuracy", "Cross-entropy", "Pooled PSNR", "Balanced AuC", "ΔCF"):
        assert heading in shown.stdout
    assert "…" not in shown.stdout


def test_a_finished_run_changes_nothing_when_repeated(trained: Path, recipe: Path, data: Path) -> None:
    before = (trained / WEIGHTS_NAME).read_bytes()
    again = run("train", recipe, "--data", data, "--test", data, "--run", trained.parents[1] / "run")
    assert again.exit_code == 0
    assert (trained / WEIGHTS_NAME).read_bytes() == before


def test_a_broken_model_is_named(trained: Path) -> None:
    (trained / CONFIG_NAME).write_text("{}")
    listed = run("models")
    assert listed.exit_code == 1
    assert "tiny" in listed.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("train", "nothing", "--data", "x"), "no recipe 'nothing'"),
        (("train", "{recipe}", "--data", "{data}"), "--test is missing"),
        (("train", "{recipe}", "--data", "missing.zip", "--test", "{data}"), "no such file"),
        (("train", "{recipe}", "--data", "cifar10:missing"), "CIFAR-10 is not there"),
        (("train", "{recipe}", "--data", "{data}", "--device", "abacus"), "--device abacus: Expected one of"),
        (("train", "{recipe}", "--data", "{data}", "--device", "meta"), "--device meta: "),
        (("evaluate", "nobody", "{data}"), "no model 'nobody'"),
        (("evaluate", "all"), "name a model and the pictures"),
        (("evaluate", "nobody", "neither", "{data}"), "no model 'nobody'"),
        (("evaluate", "all", "{data}", "--side", "0"), "--side is a number of pixels or native"),
        (("evaluate", "all", "{data}", "--side", "large"), "not 'large'"),
        (("evaluate", "all", "missing"), "no such file"),
        (("evaluate", "all", "{data}", "--only", "ship"), "no pictures of class 'ship'"),
    ],
)
def test_misuse_is_told_in_a_line(recipe: Path, data: Path, arguments: tuple[str, ...], says: str) -> None:
    filled = [argument.format(recipe=recipe, data=data) for argument in arguments]
    result = run(*filled)
    assert result.exit_code == 2
    assert says in " ".join(result.stderr.split())


def test_a_full_disk_is_told_and_loses_nothing(
    recipe: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.training.checkpoint.save_file", full)
    result = run("train", recipe, "--data", data, "--test", data, "--run", tmp_path / "run")
    assert result.exit_code == 1
    assert "No space left on device" in " ".join(result.stderr.split())
    assert not (tmp_path / "models" / "tiny").exists()
