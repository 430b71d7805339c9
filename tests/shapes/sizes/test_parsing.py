"""What may be written where a size belongs, and that nothing hostile takes time."""

import time

import pytest

from app.shapes import SizeError
from app.shapes.sizes import parse_size, substitute, to_text

SYMPY_NAMES = [
    "N",
    "S",
    "I",
    "E",
    "O",
    "Q",
    "C",
    "beta",
    "gamma",
    "zeta",
    "pi",
    "Symbol",
    "lambda",
    "None",
    "exec",
]


@pytest.mark.parametrize("name", SYMPY_NAMES)
def test_every_name_is_a_symbol(name: str) -> None:
    assert to_text(parse_size(f"2*{name} - {name}")) == name


@pytest.mark.parametrize("name", ["floor", "ceiling", "min", "max"])
def test_a_function_names_no_symbol(name: str) -> None:
    with pytest.raises(SizeError, match=f"{name} is a function"):
        parse_size(f"2*{name}")


HOSTILE = [
    "9**9**9**9",
    "10**100",
    "2**64",
    "9" * 20,
    "9223372036854775808",
    "__import__('os').system('true')",
    "(" * 5_000 + ")" * 5_000,
    "(" * 400 + "1" + ")" * 400,
    "-" * 999 + "1)",
    "+".join(["a"] * 5_000),
    "(a+b+c+d+e+f)**40",
    "((a+b)**60)*((c+d)**60)*((e+f)**60)",
    "floor(" * 200 + "H" + ")" * 200,
    "1/0",
    "a/(b - b)",
    "H/2",
    "C/g",
    "",
    "   ",
    "()",
    "1.5",
    "1e5",
    "NaN()",
    "H H",
    "2^3",
    "H//2",
    "H%2",
    "é",
    "a.b",
    "a[0]",
    "lambda: 3",
    "f(3)",
    "min()",
    "floor(a, b)",
    "floor",
    "a*",
    "*a",
    "(a",
    "a)",
    "_a",
    "x" * 65,
    "\x00",
    "1\n\n+",
    "1 - H",
    "0",
    "-3",
    "k - k**2",
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:24]))
def test_bad_text_is_refused_in_milliseconds(text: str) -> None:
    started = time.process_time()
    with pytest.raises(SizeError) as caught:
        parse_size(text)
    assert time.process_time() - started < 0.5
    assert 5 < len(caught.value.detail) < 1_500


@pytest.mark.parametrize(
    "raw", [None, True, False, 1.0, 3.5, float("nan"), float("inf"), [], [3], {}, {"a": 1}, b"3"]
)
def test_what_is_no_integer_and_no_text_is_refused(raw: object) -> None:
    with pytest.raises(SizeError, match="expected an integer or an expression"):
        parse_size(raw)


@pytest.mark.parametrize("raw", [0, -1, 2**63, 10**100, -(10**400)])
def test_integers_have_bounds(raw: int) -> None:
    with pytest.raises(SizeError):
        parse_size(raw)


@pytest.mark.parametrize(
    "raw", [1, 2**63 - 1, "1", " 12 ", "3*(4 + 5)", "floor(7/2)", "max(1, 2)", "ceiling(1/3)"]
)
def test_numbers_come_out_as_integers(raw: object) -> None:
    assert type(parse_size(raw)) is int


def test_the_message_tells_where_a_division_fails() -> None:
    with pytest.raises(SizeError, match=r"H/2 is not a whole number \(it is 1/2 for H = 1\)"):
        parse_size("H/2")


def test_a_tower_of_powers_is_stopped_when_it_gets_a_value() -> None:
    tower = parse_size("2**(2**(2**(2**n)))")
    with pytest.raises(SizeError, match="too large"):
        substitute(tower, {"n": 9})
