"""Sizes, counts and bytes as text; tests/browser holds js/typeset.js to the same answers."""

import pytest

from app.pages.typeset import formula_parts, typeset, typeset_bytes, typeset_shape
from app.shapes.exporting.mathml import to_mathml


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0"),
        (1_814_073_344, "1,814,073,344"),
        (-1234, "-1,234"),
        (None, "\N{EN DASH}"),
        ("1024*NF*NIC*k**2", "1024·NF·NIC·k²"),
        ("H - 2*k + 1", "H \N{MINUS SIGN} 2·k + 1"),
        ("floor(H/2)*k**10", "⌊H/2⌋·k¹⁰"),
        ("ceiling(floor(H/2)/3) + floor(W/2)", "⌈⌊H/2⌋/3⌉ + ⌊W/2⌋"),
    ],
)
def test_sizes_read_as_people_write_them(size: int | str | None, text: str) -> None:
    assert typeset(size) == text


def test_shapes_have_times_between_and_brackets_around_sums() -> None:
    assert typeset_shape([3, 1000, "W"]) == "3 \N{MULTIPLICATION SIGN} 1000 \N{MULTIPLICATION SIGN} W"
    assert typeset_shape(["C", "H + 1"]) == "C \N{MULTIPLICATION SIGN} (H + 1)"
    assert typeset_shape(["H + 1"]) == "H + 1"
    assert typeset_shape(None) == "\N{EN DASH}"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (258_867, "252.8 KiB"),
        (5 * 2**30, "5.0 GiB"),
        (2**80, "1,048,576.0 EiB"),
        ("4*NF", "4·NF B"),
        (None, "\N{EN DASH}"),
    ],
)
def test_bytes_in_the_largest_unit_that_fits(size: int | str | None, text: str) -> None:
    assert typeset_bytes(size) == text


def test_formulas_break_before_their_outer_equal_signs() -> None:
    whole = to_mathml(r"H_{out} = \left\lfloor \frac{H = 2}{s} \right\rfloor + 1 = 16")
    parts = formula_parts(whole)
    assert len(parts) == 3
    opening = whole[: whole.index("<mrow>") + len("<mrow>")]
    assert all(part.startswith(opening) and part.endswith("</mrow></math>") for part in parts)
    inside = [part[len(opening) : -len("</mrow></math>")] for part in parts]
    assert opening + "".join(inside) + "</mrow></math>" == whole
    assert [part.startswith("<mo>&#x0003D;</mo>") for part in inside] == [False, True, True]
    assert "<mn>2</mn>" in inside[1], "the equal sign inside the fraction is no place to break"


def test_what_is_no_formula_of_ours_stays_whole() -> None:
    assert formula_parts("<math><mi>x</mi></math>") == ["<math><mi>x</mi></math>"]
