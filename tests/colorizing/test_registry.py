"""Models found, verified, refused and loaded."""

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from structlog.testing import capture_logs

from app.colorizing.registry import Registry, UnknownModel, UnusableModel
from app.networks.card import CONFIG_NAME, WEIGHTS_NAME, read_card, sha256_of
from app.networks.weights import load_network

MakeModel = Callable[..., Path]


def edit_card(folder: Path, **changes: object) -> None:
    path = folder / CONFIG_NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_models_are_found_by_id(tiny_models: Path) -> None:
    registry = Registry(tiny_models)
    assert list(registry.cards) == ["horses", "photo"]
    assert registry.card("horses").task == "palette"
    assert dict(registry.broken) == {}
    with pytest.raises(UnknownModel, match="'zebras'"):
        registry.card("zebras")
    with pytest.raises(UnknownModel):
        registry.load("zebras")


@pytest.mark.parametrize(
    ("ids", "default"),
    [
        (["horses", "photo", "a"], "photo"),
        (["horses", "a"], "horses"),
        (["unet", "conv-transpose"], "unet"),
        (["pool-upsample", "conv-transpose"], "conv-transpose"),
        ([], None),
    ],
)
def test_the_default_is_the_best_that_is_there_else_the_first(
    tmp_path: Path, make_model: MakeModel, ids: list[str], default: str | None
) -> None:
    for model_id in ids:
        make_model(tmp_path, model_id)
    assert Registry(tmp_path).default_id == default


def cut_short(folder: Path) -> None:
    weights = folder / WEIGHTS_NAME
    weights.write_bytes(weights.read_bytes()[:500])
    edit_card(folder, sha256=sha256_of(weights))


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (lambda folder: (folder / CONFIG_NAME).unlink(), "config.json is missing"),
        (lambda folder: (folder / CONFIG_NAME).write_text("{broken"), "config.json cannot be read"),
        (lambda folder: edit_card(folder, task="guess"), "config.json: task"),
        (lambda folder: edit_card(folder, id="other"), "belongs to model 'other'"),
        (lambda folder: (folder / WEIGHTS_NAME).unlink(), "model.safetensors is missing"),
        (lambda folder: (folder / WEIGHTS_NAME).write_bytes(b""), "does not match its SHA-256"),
        (cut_short, "is not a safetensors file"),
    ],
)
def test_a_broken_model_is_named_at_once_and_the_others_are_served(
    tmp_path: Path, make_model: MakeModel, break_it: Callable[[Path], None], reason: str
) -> None:
    make_model(tmp_path, "good")
    break_it(make_model(tmp_path, "bad"))
    (tmp_path / "stray-file.txt").write_text("not a model")
    (tmp_path / ".hidden").mkdir()
    with capture_logs() as logs:
        registry = Registry(tmp_path)
    assert list(registry.cards) == ["good"]
    assert list(registry.broken) == ["bad"]
    assert reason in registry.broken["bad"]
    assert [(entry["log_level"], entry["model"]) for entry in logs] == [("error", "bad")]
    assert registry.load("good").name


def test_no_models_folder_is_no_models(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "nowhere")
    assert dict(registry.cards) == {}
    assert registry.default_id is None


def test_a_loaded_model_computes_what_its_network_does(tiny_models: Path) -> None:
    backend = Registry(tiny_models).load("horses")
    gray = np.random.default_rng(0).random((3, 1, 32, 32), dtype=np.float32)
    folder = tiny_models / "horses"
    with torch.inference_mode():
        expected = torch.softmax(load_network(folder, read_card(folder))(torch.from_numpy(gray)), dim=1)
    np.testing.assert_allclose(backend(gray), expected.numpy(), atol=1e-5)


def test_input_scaling_of_the_card_is_applied(tmp_path: Path, make_model: MakeModel) -> None:
    folder = make_model(tmp_path, "scaled", input={"mean": 0.5, "std": 0.25})
    gray = np.random.default_rng(0).random((1, 1, 32, 32), dtype=np.float32)
    with torch.inference_mode():
        scaled = (torch.from_numpy(gray) - 0.5) / 0.25
        expected = torch.softmax(load_network(folder, read_card(folder))(scaled), dim=1)
    np.testing.assert_allclose(Registry(tmp_path).load("scaled")(gray), expected.numpy(), atol=1e-5)


def test_weights_changed_after_the_start_are_refused(tmp_path: Path, make_model: MakeModel) -> None:
    folder = make_model(tmp_path, "changed")
    make_model(tmp_path, "good")
    registry = Registry(tmp_path)
    weights = folder / WEIGHTS_NAME
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    with pytest.raises(UnusableModel, match="'changed'"):
        registry.load("changed")
    assert list(registry.cards) == ["good"]
    assert "SHA-256" in registry.broken["changed"]


@pytest.mark.parametrize(
    "changes",
    [{"network": {"type": "conv-transpose"}}, {"palette": [[0.5, 0.5, 0.5]]}, {"parameters": 1}],
)
def test_a_card_that_does_not_fit_its_network_is_found_on_loading(
    tmp_path: Path, make_model: MakeModel, changes: dict[str, object]
) -> None:
    edit_card(make_model(tmp_path, "misfit"), **changes)
    registry = Registry(tmp_path)
    assert "misfit" in registry.cards
    with pytest.raises(UnusableModel):
        registry.load("misfit")
    assert "misfit" in registry.broken


def test_threads_that_ask_at_once_get_the_same_network(tiny_models: Path) -> None:
    registry = Registry(tiny_models)
    loaded: list[object] = []
    threads = [threading.Thread(target=lambda: loaded.append(registry.load("photo"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loaded) == 4
    assert len(set(map(id, loaded))) == 1


def test_models_come_and_go_while_serving(tmp_path: Path, make_model: MakeModel) -> None:
    registry = Registry(tmp_path)
    elsewhere = make_model(tmp_path / "jobs", "fresh")
    assert registry.add(elsewhere)
    assert registry.default_id == "fresh"
    assert registry.load("fresh") is registry.load("fresh")
    registry.remove("fresh")
    with pytest.raises(UnknownModel):
        registry.load("fresh")
    with pytest.raises(UnknownModel):
        registry.remove("fresh")
    assert (elsewhere / WEIGHTS_NAME).exists()
    assert not registry.add(tmp_path)


def test_a_model_that_is_repaired_is_served_again(tmp_path: Path, make_model: MakeModel) -> None:
    folder = make_model(tmp_path, "mended")
    config = folder / CONFIG_NAME
    good = config.read_text()
    config.write_text("")
    registry = Registry(tmp_path)
    assert "mended" in registry.broken
    config.write_text(good)
    assert registry.add(folder)
    assert "mended" in registry.cards
    assert dict(registry.broken) == {}


def test_finding_and_verifying_needs_no_torch(tiny_models: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from app.colorizing.registry import Registry; "
        "sys.exit(not Registry(Path(sys.argv[1])).cards or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(tiny_models)], check=False).returncode == 0


def test_a_model_kept_elsewhere_is_served_unlisted_while_it_is_there(
    tiny_models: Path, tmp_path: Path, make_model: Callable[..., Path]
) -> None:
    folder = make_model(tmp_path, "guest")
    registry = Registry(tiny_models, lambda name: folder if name == "guest" and folder.exists() else None)
    assert registry.card("guest").id == "guest"
    assert "guest" not in registry.cards
    assert registry.load("guest") is registry.load("guest")
    shutil.rmtree(folder)
    for ask in (registry.card, registry.load):
        with pytest.raises(UnknownModel):
            ask("guest")


def test_a_broken_model_kept_elsewhere_is_not_served(
    tiny_models: Path, tmp_path: Path, make_model: Callable[..., Path]
) -> None:
    folder = make_model(tmp_path, "guest")
    (folder / WEIGHTS_NAME).write_bytes(b"other weights")
    with pytest.raises(UnknownModel):
        Registry(tiny_models, lambda _: folder).card("guest")
