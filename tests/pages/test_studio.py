"""Settings read from a link or a form, and problems sorted to their fields."""

from pathlib import Path

import pytest

from app.colorizing.registry import Registry
from app.pages.studio import FIELDS, beside, read_choice
from app.problems import FieldError


@pytest.fixture(scope="module")
def registry(course_models: Path) -> Registry:
    return Registry(course_models)


def test_one_bad_value_does_not_spoil_the_others(registry: Registry) -> None:
    choice, errors = read_choice({"model": "horses", "temperature": "9", "saturation": "1.5"}, registry)
    assert choice.card is not None and choice.card.id == "horses"
    assert (choice.temperature, choice.options.saturation) == (0.38, 1.5)
    assert [error.pointer for error in errors] == ["/temperature"]


def test_several_bad_values_are_all_named(registry: Registry) -> None:
    _, errors = read_choice({"model": "x", "temperature": "a", "saturation": "-1", "sample": "y"}, registry)
    assert {error.pointer for error in errors} == {"/model", "/temperature", "/saturation", "/image"}


def test_an_address_reads_back_to_the_same_settings(registry: Registry) -> None:
    from urllib.parse import parse_qsl, urlsplit

    choice, _ = read_choice({"model": "horses", "temperature": "0.2", "format": "webp"}, registry)
    again, errors = read_choice(dict(parse_qsl(urlsplit(choice.address()).query)), registry)
    assert again == choice and not errors


def test_problems_of_no_field_stand_with_the_picture() -> None:
    said = beside(
        [FieldError("", "all is lost"), FieldError("/hints/0/x", "too far"), FieldError("/model", "gone")],
        "Sorry",
    )
    assert set(said) == {"image", "model"} <= set(FIELDS)
    assert said["image"].text == "All is lost."
