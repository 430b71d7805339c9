"""Recipes: the shipped ones are sound, broken ones are refused with the field's name."""

from pathlib import Path

import pytest

from app.networks.build import build
from app.training.recipe import RecipeError, read_recipe, shipped_recipes
from tests.training.conftest import make_recipe

COURSE = ("pool-upsample", "conv-transpose", "conv-transpose-k4", "conv-transpose-k5", "unet")


@pytest.mark.parametrize("name", sorted(shipped_recipes()))
def test_shipped_recipe_builds_its_network(name: str) -> None:
    recipe = read_recipe(name)
    build(recipe.network)
    assert recipe.epochs > 0


@pytest.mark.parametrize("name", COURSE)
def test_course_networks_are_trained_near_the_courses_protocol(name: str) -> None:
    recipe = read_recipe(name)
    assert recipe.epochs == 25
    assert recipe.id == name
    assert recipe.optimizer.name == "adam"
    assert not recipe.flips
    assert recipe.pretrained is None
    assert recipe.validation == 0


@pytest.mark.parametrize("network", ["pool-upsample", "conv-transpose", "unet"])
def test_the_plain_protocol_is_the_courses_to_the_letter(network: str) -> None:
    recipe = read_recipe(f"{network}-plain")
    assert (recipe.batch_size, recipe.epochs, recipe.network.type) == (100, 25, network)
    assert recipe.optimizer.learning_rate == 1e-3
    assert recipe.optimizer.schedule == "constant"
    assert (recipe.input.mean, recipe.input.std) == (0.0, 1.0)
    assert recipe.initialization == "default"


def test_phases_follow_one_another() -> None:
    recipe = make_recipe(phases=[{"epochs": 2, "target_share": 0.5}, {"epochs": 1}])
    assert [recipe.phase_of(epoch).target_share for epoch in range(3)] == [0.5, 0.5, 1.0]
    with pytest.raises(IndexError):
        recipe.phase_of(3)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id = ", "Invalid value"),
        ('id = "A b"', "id"),
        ('id = "a"\nsurprise = 1', "title"),
        (None, "no recipe"),
    ],
)
def test_a_broken_recipe_is_refused(tmp_path: Path, text: str | None, says: str) -> None:
    path = tmp_path / "broken.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(RecipeError, match=says):
        read_recipe(str(path))
