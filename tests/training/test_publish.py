"""Publishing: what is written can be served, is what was trained, and is described by its card alone."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from app.networks.build import build
from app.networks.card import (
    CONFIG_NAME,
    WEIGHTS_NAME,
    Card,
    Epoch,
    Evaluation,
    Figure,
    NetworkSpec,
    read_card,
    sha256_of,
)
from app.networks.weights import load_network
from app.training.publish import (
    Incompatible,
    calibrated,
    combine,
    publish,
    with_evaluations,
    with_metrics,
    write_card,
)
from tests.training.conftest import make_recipe

HISTORY = [Epoch(epoch=1, train_loss=2.0, val_loss=1.5, val_accuracy=0.25)]


@pytest.mark.parametrize(("mirror", "half"), [(False, False), (True, False), (True, True)])
def test_what_is_published_answers_as_what_was_trained(tmp_path: Path, mirror: bool, half: bool) -> None:
    recipe = make_recipe(mirror=mirror, half=half, input={"mean": 0.5, "std": 0.25})
    torch.manual_seed(0)
    network = build(recipe.network).eval()
    card = publish(recipe, network, HISTORY, tmp_path / "tiny")
    assert read_card(tmp_path / "tiny") == card
    gray = torch.randn(1, 1, 32, 32)
    found = load_network(tmp_path / "tiny", card)(gray).softmax(1)
    expected = network(gray).softmax(1)
    if mirror:
        expected = (expected + network(gray.flip(-1)).softmax(1).flip(-1)) / 2
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-2 if half else 1e-6)


def test_a_calibrated_network_is_as_much_less_sure_and_the_trained_one_stays() -> None:
    torch.manual_seed(0)
    network = build(
        NetworkSpec(type="photo-unet", arguments={"bins": 5, "widths": [8, 8, 8], "hints": 4})
    ).eval()
    gray = torch.randn(1, 1, 32, 32)
    before = network(gray)
    torch.testing.assert_close(calibrated(network, 1.25)(gray), before / 1.25)
    torch.testing.assert_close(network(gray), before)
    assert calibrated(network, 1.0) is network


def test_the_card_says_what_it_was_made_of(tmp_path: Path) -> None:
    recipe = make_recipe(seed=3)
    card = publish(recipe, build(recipe.network), HISTORY, tmp_path / "tiny")
    assert card.parameters == 56_856
    assert card.sha256 == sha256_of(tmp_path / "tiny" / WEIGHTS_NAME)
    assert card.recipe["seed"] == 3
    assert card.history == HISTORY
    assert {"torch", "python", "chromalab"} <= set(card.versions)
    text = (tmp_path / "tiny" / "README.md").read_text()
    for part in (card.sha256, card.licence, card.trained_on, "56,856", "25.00%", "Not evaluated yet"):
        assert part in text


def test_measures_are_added_and_replaced(tmp_path: Path) -> None:
    recipe = make_recipe()
    card = publish(recipe, build(recipe.network), HISTORY, tmp_path / "tiny")
    card = with_metrics(card, {"a": {"auc": 1.0}, "b": {"auc": 2.0}})
    card = with_metrics(card, {"b": {"auc": 90.125}})
    write_card(tmp_path / "tiny", card)
    assert read_card(tmp_path / "tiny").metrics == {"a": {"auc": 1.0}, "b": {"auc": 90.125}}
    text = (tmp_path / "tiny" / "README.md").read_text()
    assert "| b | auc 90.12 |" in text
    assert "Not evaluated" not in text
    with pytest.raises(ValueError, match="metrics"):
        with_metrics(card, {"c": [1, 2]})


def test_tables_are_added_and_replaced_by_title(tmp_path: Path) -> None:
    def table(title: str, value: float) -> Evaluation:
        row = {
            "pooled_psnr": Figure(value=value, low=value - 1, high=value + 1),
            "median_ms": Figure(value=5),
        }
        rows = {"gray": {}, "tiny": row}
        return Evaluation(title=title, note="Two pictures.", picture="drawn.svg", rows=rows)

    recipe = make_recipe()
    card = publish(recipe, build(recipe.network), HISTORY, tmp_path / "tiny")
    card = with_evaluations(card, [table("one", 30.0), table("two", 21.0)])
    card = with_evaluations(card, [table("one", 22.125)])
    write_card(tmp_path / "tiny", card)
    assert read_card(tmp_path / "tiny").evaluations == [table("one", 22.125), table("two", 21.0)]
    text = (tmp_path / "tiny" / "README.md").read_text()
    assert "| tiny | 22.12 (21.12 to 23.12) | 5.0 |" in text
    assert "| gray |  |  |" in text
    assert "![one](drawn.svg)" in text
    assert "30.00" not in text and "### two" in text


def test_combined_models_give_the_mean_of_their_answers(tmp_path: Path) -> None:
    cards = {}
    for seed, name in enumerate(("one", "two")):
        torch.manual_seed(seed)
        recipe = make_recipe(id=name, seed=seed, mirror=True, half=True)
        cards[name] = publish(recipe, build(recipe.network).eval(), HISTORY, tmp_path / name)
    card = combine([tmp_path / "one", tmp_path / "two"], tmp_path / "both", title="Both")
    assert (card.id, card.title, card.parameters) == ("both", "Both", 2 * 56_856)
    assert read_card(tmp_path / "both") == card
    assert [member["id"] for member in card.recipe["members"]] == ["one", "two"]
    assert all(member["history"][0]["val_loss"] == 1.5 for member in card.recipe["members"])
    gray = torch.randn(2, 1, 32, 32)
    answers = [load_network(tmp_path / name, card)(gray).softmax(1) for name, card in cards.items()]
    found = load_network(tmp_path / "both", card)(gray).softmax(1)
    torch.testing.assert_close(found, torch.stack(answers).mean(0), rtol=0, atol=1e-5)


def test_combined_models_count_as_often_as_they_are_told_and_are_less_sure(tmp_path: Path) -> None:
    arguments = {"widths": [8, 8, 8, 8], "native": 8, "residual_blocks": 1}
    networks = []
    for seed, name in enumerate(("one", "two")):
        torch.manual_seed(seed)
        recipe = make_recipe(id=name, network={"type": "enlarged-unet", "arguments": arguments})
        card = publish(recipe, build(recipe.network).eval(), HISTORY, tmp_path / name)
        networks.append(load_network(tmp_path / name, card))
    sources = [tmp_path / "one", tmp_path / "two"]
    both = combine(sources, tmp_path / "both", title="Both", weights=[1, 3], calibration=2.0)
    assert (both.network.arguments["weights"], both.recipe["calibration"]) == ([1, 3], 2)
    gray = torch.randn(2, 1, 32, 32)
    first, second = ((network(gray) / 2).softmax(1) for network in networks)
    found = load_network(tmp_path / "both", both)(gray).softmax(1)
    torch.testing.assert_close(found, first / 4 + 3 * second / 4, rtol=1e-3, atol=1e-4)


def test_the_weight_of_a_model_is_shared_among_its_members(tmp_path: Path) -> None:
    for name in ("one", "two"):
        recipe = make_recipe(id=name)
        publish(recipe, build(recipe.network), HISTORY, tmp_path / name)
    combine([tmp_path / "one", tmp_path / "two"], tmp_path / "both", title="Both")
    card = combine([tmp_path / "both", tmp_path / "one"], tmp_path / "all", title="All", weights=[2, 3])
    assert card.network.arguments["weights"] == [1, 1, 3]


@pytest.mark.parametrize("weights", [[1], [1, 2, 3], [1, 0], [1, float("nan")]])
def test_weights_are_one_positive_number_for_each(tmp_path: Path, weights: list[float]) -> None:
    publish(make_recipe(id="one"), build(make_recipe().network), HISTORY, tmp_path / "one")
    with pytest.raises(Incompatible, match="2 models need 2 positive weights"):
        combine([tmp_path / "one"] * 2, tmp_path / "both", title="Both", weights=weights)


@pytest.mark.parametrize(
    ("changes", "says"), [({"mirror": True}, "mirrored"), ({"input": {"mean": 0.5}}, "differ in input")]
)
def test_models_that_do_not_go_together_are_refused(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    for name, described in (("one", {}), ("two", changes)):
        recipe = make_recipe(id=name, **described)
        publish(recipe, build(recipe.network), HISTORY, tmp_path / name)
    with pytest.raises(Incompatible, match=says):
        combine([tmp_path / "one", tmp_path / "two"], tmp_path / "both", title="Both")
    assert not (tmp_path / "both").exists()


def test_a_failed_write_leaves_the_old_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe = make_recipe()
    publish(recipe, build(recipe.network), HISTORY, tmp_path / "tiny")
    before = {path.name: path.read_bytes() for path in (tmp_path / "tiny").iterdir()}

    def full(network: object, path: Path, *, half: bool) -> None:
        path.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.training.publish.save_weights", full)
    with pytest.raises(OSError, match="No space"):
        publish(recipe, build(recipe.network), HISTORY, tmp_path / "tiny")
    assert {path.name: path.read_bytes() for path in (tmp_path / "tiny").iterdir()} == before


@pytest.mark.parametrize("folder", sorted(Path("models").glob("*/")), ids=lambda folder: folder.name)
def test_every_shipped_model_is_whole(folder: Path) -> None:
    card = read_card(folder)
    load_network(folder, card)
    assert card.metrics, "not evaluated"
    assert Card.model_validate(json.loads((folder / CONFIG_NAME).read_text())) == card
