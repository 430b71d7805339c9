import math
from typing import Any

import pytest
from pydantic import ValidationError

from app.colorizing.options import MOST_HINTS, Hint, Options


def test_everything_is_optional() -> None:
    options = Options()
    assert (options.saturation, options.temperature, options.candidate, options.hints) == (1.0, None, 0, ())


def test_texts_of_a_form_are_understood() -> None:
    hints = '[{"x": 0.5, "y": 1, "color": "#3a6EA5"}, {"x": 0, "y": 0, "color": "#000000", "radius": 0.1}]'
    options = Options.model_validate(
        {"format": "webp", "saturation": "0.5", "temperature": "1", "candidate": "3", "hints": hints}
    )
    assert options.format == "webp"
    assert (options.saturation, options.temperature, options.candidate) == (0.5, 1.0, 3)
    assert options.hints == (
        Hint(x=0.5, y=1.0, color="#3a6EA5"),
        Hint(x=0, y=0, color="#000000", radius=0.1),
    )


@pytest.mark.parametrize("text", ["", "  ", "[]"])
def test_no_hints(text: str) -> None:
    assert Options.model_validate({"hints": text}).hints == ()


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("format", "gif", "format"),
        ("format", "PNG", "format"),
        ("saturation", "nan", "saturation"),
        ("saturation", "inf", "saturation"),
        ("saturation", "-0.01", "saturation"),
        ("saturation", "2.01", "saturation"),
        ("saturation", "1e400", "saturation"),
        ("saturation", "much", "saturation"),
        ("saturation", math.nan, "saturation"),
        ("temperature", "-1", "temperature"),
        ("temperature", "1.5", "temperature"),
        ("temperature", "NaN", "temperature"),
        ("candidate", "-1", "candidate"),
        ("candidate", "1.5", "candidate"),
        ("candidate", "9" * 5000, "candidate"),
        ("hints", "{", "hints"),
        ("hints", "{}", "hints"),
        ("hints", "null", "hints"),
        ("hints", "[1]", "hints.0"),
        ("hints", "[" * 100_000, "hints"),
        ("hints", '[{"x": NaN, "y": 0, "color": "#000000"}]', "hints"),
        ("hints", '[{"x": 1e999, "y": 0, "color": "#000000"}]', "hints.0.x"),
        (
            "hints",
            '[{"x": 0, "y": 0, "color": "#000000"}, {"x": 0, "y": 0, "color": "red"}]',
            "hints.1.color",
        ),
        ("hints", '[{"x": 0, "y": 0, "color": "#000000\\n"}]', "hints.0.color"),
        ("hints", '[{"x": 1.1, "y": 0, "color": "#000000"}]', "hints.0.x"),
        ("hints", '[{"x": 0, "color": "#000000"}]', "hints.0.y"),
        ("hints", '[{"x": 0, "y": 0, "color": "#000000", "radius": -1}]', "hints.0.radius"),
        ("hints", '[{"x": 0, "y": 0, "colour": "#000000"}]', "hints.0.color"),
        ("unknown", "1", "unknown"),
    ],
)
def test_what_cannot_be_used_is_refused_where_it_stands(field: str, value: Any, place: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Options.model_validate({field: value})
    assert place in {".".join(map(str, error["loc"])) for error in caught.value.errors()}


@pytest.mark.parametrize(
    ("hints", "words"),
    [
        ("{", "not JSON"),
        ("{}", "must be a list"),
        ("[1]", "must be an object"),
        ('[{"x": 0, "y": 0, "color": "red"}]', "such as #3a6ea5"),
    ],
)
def test_what_is_wrong_with_hints_is_said_in_their_own_words(hints: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Options.model_validate({"hints": hints})


def test_more_hints_than_anyone_places_are_refused() -> None:
    hint = '{"x": 0, "y": 0, "color": "#000000"}'
    assert len(Options.model_validate({"hints": f"[{','.join([hint] * MOST_HINTS)}]"}).hints) == MOST_HINTS
    with pytest.raises(ValidationError, match="at most 1000"):
        Options.model_validate({"hints": f"[{','.join([hint] * (MOST_HINTS + 1))}]"})
