"""Texts with formulas as HTML."""

import pytest

from app.lab import demos
from app.pages.prose import formula, line, prose


def test_words_are_escaped_and_formulas_are_mathml() -> None:
    html = str(prose("A <b> & $x^2$\n\n$$y = \\frac{1}{2}$$\n\n- one **two**\n- three"))
    assert "&lt;b&gt; &amp; <math" in html
    assert 'display="block"' in html and "<mfrac>" in html
    assert "<ul><li>one <strong>two</strong></li><li>three</li></ul>" in html


def test_letters_side_by_side_are_a_product() -> None:
    assert str(formula("Xw")).count("<mi>") == 2


def test_powers_of_ten_are_typeset_in_words() -> None:
    assert str(line("off by 6.6e-15, at T = 3e2")) == "off by 6.6\u202f×\u202f10⁻¹⁵, at T = 3\u202f×\u202f10²"  # noqa: RUF001


@pytest.mark.parametrize("name", list(demos()))
def test_no_formula_of_a_demo_is_left_as_latex(name: str) -> None:
    html = str(prose(demos()[name].text))
    assert "\\" not in html and "$" not in html
