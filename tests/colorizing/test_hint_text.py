"""Hints in words: read as they are written, and what is none is named."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.colorizing.hint_text import hint_lines, hint_link, hints_json, read_hint
from app.colorizing.options import Hint, Options

SHARE = st.floats(0, 1).map(lambda value: round(value, 4))
HINTS = st.lists(
    st.builds(
        Hint, x=SHARE, y=SHARE, color=st.from_regex("#[0-9a-f]{6}", fullmatch=True), radius=st.none() | SHARE
    )
)


@given(HINTS)
def test_what_is_written_reads_back(hints: list[Hint]) -> None:
    for text in (hint_lines(hints), hint_link(hints)):
        assert Options.model_validate({"hints": hints_json(text)}).hints == tuple(hints)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5,0.25,#3a6ea5", {"x": 0.5, "y": 0.25, "color": "#3a6ea5"}),
        (" .5  1 3A6EA5 0.05 ", {"x": 0.5, "y": 1.0, "color": "#3A6EA5", "radius": 0.05}),
        ("1e-1, 2., #000000", {"x": 0.1, "y": 2.0, "color": "#000000"}),
    ],
)
def test_one_hint(text: str, expected: dict[str, object]) -> None:
    assert read_hint(text) == expected


@pytest.mark.parametrize(
    "text",
    ["blue", "0.5, 0.5", "0.5, 0.5, #3a6ea", "nan, 0, #000000", "0.5; 0.5; #000000", "1,1,#000000,1,1"],
)
def test_what_is_no_hint_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is not x, y, #rrggbb"):
        hints_json("0, 0, #ffffff\n" + text)


def test_json_passes_and_nothing_is_none() -> None:
    given = ' [{"x": 1}]'
    assert hints_json(given) == given
    assert json.loads(hints_json(" \n ; ")) == []


def test_long_nonsense_is_refused_at_once_and_briefly() -> None:
    with pytest.raises(ValueError) as error:
        hints_json("9" * 100_000)
    assert len(str(error.value)) < 200
