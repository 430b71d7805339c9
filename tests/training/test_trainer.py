"""The training loop: it learns, resumes to the same weights, and fails without losing what it had."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from app.networks.palette import HORSES_24
from app.training import checkpoint
from app.training.checkpoint import CheckpointError
from app.training.palette_task import PaletteTask
from app.training.publish import publish
from app.training.recipe import Optimizer, Recipe, RecipeError
from app.training.trainer import Diverged, Report, Trainer, rate_at
from tests.training.conftest import Pixels, make_recipe

PALETTE = np.asarray(HORSES_24, dtype=np.float32)
Make = Callable[[Recipe, Path], Trainer[PaletteTask]]


@pytest.fixture
def make(train: dict[str, Pixels], test: dict[str, Pixels]) -> Make:
    torch.use_deterministic_algorithms(True)

    def make(recipe: Recipe, folder: Path) -> Trainer[PaletteTask]:
        return Trainer(recipe, PaletteTask(recipe, train, test, PALETTE), folder)

    return make


class Killed(Exception):
    """Stands for the process ending at this very moment."""


def kill_at(count: int) -> Callable[[Report], None]:
    calls = iter(range(count))

    def listen(report: Report) -> None:
        if next(calls, None) is None:
            raise Killed

    return listen


RICH: dict[str, Any] = {
    "phases": [{"epochs": 1, "pictures": 40, "target_share": 0.5}, {"epochs": 2}],
    "optimizer": {"name": "adamw", "schedule": "one-cycle", "weight_decay": 0.01, "clip_norm": 1.0},
    "flips": True,
    "shift": 2,
    "exposure": 0.5,
    "precision": "bfloat16",
    "averaging": 0.9,
    "validation": 5,
}


DROPOUT: dict[str, Any] = {
    "network": {
        "type": "enlarged-unet",
        "arguments": {"widths": [8, 8, 8, 8], "native": 8, "residual_blocks": 1, "dropout": 0.3},
    },
}


def test_a_run_begins_with_a_published_model(make: Make, tmp_path: Path) -> None:
    first = make(make_recipe(id="first", mirror=True), tmp_path / "run")
    first.run()
    publish(first.recipe, first.published, first.progress.history, tmp_path / "first")
    recipe = make_recipe(id="second", start="first")
    second = Trainer(recipe, first.task, tmp_path / "second", tmp_path / "first")
    for name, tensor in second.network.state_dict().items():
        assert torch.equal(tensor, first.network.state_dict()[name]), name
    with pytest.raises(RecipeError, match="not given"):
        Trainer(recipe, first.task, tmp_path / "third")
    other = make_recipe(start="first", network={"type": "conv-transpose"})
    with pytest.raises(RecipeError, match="another network"):
        Trainer(other, first.task, tmp_path / "third", tmp_path / "first")


def test_a_module_may_begin_afresh(make: Make, tmp_path: Path) -> None:
    arguments = {"widths": [8, 8, 8, 8], "native": 8, "residual_blocks": 1}
    first = make(
        make_recipe(id="first", network={"type": "enlarged-unet", "arguments": arguments}), tmp_path / "run"
    )
    publish(first.recipe, first.published, first.progress.history, tmp_path / "first")
    more = {"type": "enlarged-unet", "arguments": arguments | {"classes": 30}}
    second = Trainer(
        make_recipe(id="second", start="first", afresh=["head"], network=more),
        first.task,
        tmp_path / "second",
        tmp_path / "first",
    )
    begun = second.network.state_dict()
    for name, tensor in first.network.state_dict().items():
        assert torch.equal(tensor, begun[name]) != name.startswith("head."), name
    assert begun["head.weight"].shape[0] == 30
    for wrong, message in (([], "another network"), (["body"], "no module 'body'")):
        recipe = make_recipe(id="third", start="first", afresh=wrong, network=more)
        with pytest.raises(RecipeError, match=message):
            Trainer(recipe, first.task, tmp_path / "third", tmp_path / "first")


@pytest.mark.parametrize("changes", [{}, RICH, DROPOUT], ids=["course", "rich", "dropout"])
@pytest.mark.parametrize(
    "kills",
    [pytest.param([0], marks=pytest.mark.long), [2], pytest.param([5], marks=pytest.mark.long), [1, 1, 3]],
)
def test_killed_and_resumed_ends_with_the_same_weights(
    make: Make, tmp_path: Path, changes: dict[str, Any], kills: list[int]
) -> None:
    recipe = make_recipe(**changes)
    whole = make(recipe, tmp_path / "whole")
    whole.run()
    for count in kills:
        with pytest.raises(Killed):
            make(recipe, tmp_path / "killed").run(kill_at(count), save_every=0.0)
    resumed = make(recipe, tmp_path / "killed")
    resumed.run()
    assert resumed.done
    for name, tensor in whole.published.state_dict().items():
        assert torch.equal(tensor, resumed.published.state_dict()[name]), name
    for ours, theirs in zip(whole.progress.history, resumed.progress.history, strict=True):
        assert ours.model_dump(exclude={"seconds"}) == theirs.model_dump(exclude={"seconds"})


def test_it_learns(make: Make, folder: Path) -> None:
    recipe = make_recipe(
        phases=[{"epochs": 8}], optimizer={"learning_rate": 5e-3}, input={"mean": 0.5, "std": 0.25}
    )
    trainer = make(recipe, folder)
    trainer.run()
    first, last = trainer.progress.history[0], trainer.progress.history[-1]
    assert last.train_loss < 0.8 * first.train_loss
    assert last.val_accuracy is not None
    assert last.val_accuracy > 2 / 24
    assert last.val_loss < math.log(24)


def test_a_seed_decides_everything(make: Make, tmp_path: Path) -> None:
    first, again, other = (
        make(make_recipe(seed=seed), tmp_path / str(run)) for run, seed in enumerate([1, 1, 2])
    )
    for trainer in (first, again, other):
        trainer.run()
    assert first.progress.history[-1].val_loss == again.progress.history[-1].val_loss
    assert first.progress.history[-1].val_loss != other.progress.history[-1].val_loss


def test_a_diverging_run_says_so(make: Make, folder: Path) -> None:
    with pytest.raises(Diverged, match="epoch 1"):
        make(make_recipe(optimizer={"learning_rate": 1e30}), folder).run()


def test_another_recipes_checkpoint_is_refused(make: Make, folder: Path) -> None:
    make(make_recipe(), folder).run()
    with pytest.raises(RecipeError, match="another recipe"):
        make(make_recipe(seed=7), folder)


def test_a_full_disk_loses_nothing(make: Make, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = make(make_recipe(), folder)
    with pytest.raises(Killed):
        trainer.run(kill_at(3), save_every=0.0)
    before = trainer.path.read_bytes()

    def full(tensors: object, path: Path, metadata: object) -> None:
        path.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(CheckpointError, match="No space left on device; the last checkpoint is still good"):
        make(make_recipe(), folder).run(save_every=0.0)
    monkeypatch.undo()
    assert trainer.path.read_bytes() == before
    assert [path.name for path in folder.iterdir()] == [trainer.path.name]
    make(make_recipe(), folder).run()


@pytest.mark.parametrize("content", [b"", b"junk", b"\xff" * 100])
def test_a_broken_checkpoint_is_named(make: Make, folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / "checkpoint.safetensors").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"checkpoint\.safetensors cannot be used"):
        make(make_recipe(), folder)


def test_one_cycle_rises_linearly_and_falls_as_half_a_cosine() -> None:
    settings = Optimizer(learning_rate=2.0, schedule="one-cycle", warmup=0.1)
    rates = [rate_at(settings, step, 100) for step in range(100)]
    assert rates[:10] == pytest.approx([0.2 * (step + 1) for step in range(10)])
    assert rates[10] == 2.0
    assert rates[55] == pytest.approx(1.0)
    assert rates[99] == pytest.approx(1 + math.cos(math.pi * 89 / 90), abs=1e-12)


def test_constant_is_constant() -> None:
    assert rate_at(Optimizer(learning_rate=0.5), 0, 10) == rate_at(Optimizer(learning_rate=0.5), 9, 10) == 0.5
