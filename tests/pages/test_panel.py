"""Settings read from a link or a form, and problems sorted to their fields."""

from pathlib import Path

import pytest

from app.colorizing.registry import Registry
from app.pages.panel import FIELDS, UPLOADS, beside, read_choice
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

    given = {
        "model": "photo",
        "temperature": "0.2",
        "format": "webp",
        "restore": "true",
        "candidate": "3",
        "hints": "0.5, 0.25, #3a6ea5\n1, 0, #ABCDEF, 0.125",
    }
    choice, none = read_choice(given, registry)
    assert not none and len(choice.options.hints) == 2
    again, errors = read_choice(dict(parse_qsl(urlsplit(choice.address()).query)), registry)
    assert again == choice and not errors


def test_problems_of_no_field_stand_with_the_picture() -> None:
    said = beside(
        [FieldError("", "all is lost"), FieldError("/hints/0/x", "too far"), FieldError("/nothing", "gone")],
        "Sorry",
    )
    assert set(said) == {"image", "hints"} <= {*UPLOADS, *FIELDS}
    assert said["image"].text == "All is lost."


def test_what_belongs_to_one_picture_is_not_kept_for_another(registry: Registry) -> None:
    given = {
        "model": "photo",
        "saturation": "1.5",
        "candidate": "3",
        "hints": "0,0,ffffff",
        "sample": "coffee",
    }
    choice, errors = read_choice(given, registry)
    assert not errors
    assert choice.for_another().address() == "/?model=photo&saturation=1.5"


def test_bad_hints_do_not_spoil_the_rest(registry: Registry) -> None:
    for hints in ("red", "2, 2, #ffffff", "[{", '[{"x": 0}]'):
        choice, errors = read_choice({"hints": hints, "saturation": "1.5"}, registry)
        assert choice.options.saturation == 1.5 and choice.options.hints == ()
        assert {error.pointer.split("/")[1] for error in errors} == {"hints"}
        assert choice.hints == hints, "what was typed can be mended"
        assert choice.for_another().hints == ""
