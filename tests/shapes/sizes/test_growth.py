"""What changes when a symbol doubles, and how sizes look in LaTeX."""

from fractions import Fraction

import pytest

from app.shapes.sizes import growth, parse_expression, substitute, to_latex, to_text


def test_the_write_ups_weights_when_filters_double() -> None:
    weights = parse_expression("NIC*k**2*NF + 4*k**2*NF**2 + k**2*NF*NC + k**2*NC**2")
    found = growth(weights, "NF")
    assert (found.ratio, found.low, found.high) == (None, 1, 4)
    assert to_text(found.after) == "NC**2*k**2 + 2*NC*NF*k**2 + 16*NF**2*k**2 + 2*NF*NIC*k**2"


@pytest.mark.parametrize(
    ("text", "factor", "ratio"),
    [("9*NF**2", 2, 4), ("9*NF**2", 3, 9), ("k*NF", 2, 2), ("k", 2, 1), ("7", 2, 1)],
)
def test_a_single_power_has_an_exact_ratio(text: str, factor: int, ratio: int) -> None:
    assert growth(parse_expression(text), "NF", factor).ratio == ratio


@pytest.mark.parametrize("text", ["NF**2 + NF", "3*NF*k + k**2", "NF**3 + NF + 1"])
def test_the_ratio_lies_between_its_bounds_and_tends_to_the_upper(text: str) -> None:
    found = growth(parse_expression(text), "NF")
    ratios = []
    for filters in (1, 10, 1_000, 10**6):
        at = {"NF": filters, "k": 3}
        after, before = substitute(found.after, at), substitute(found.before, at)
        assert isinstance(after, int) and isinstance(before, int)
        ratios.append(Fraction(after, before))
    assert found.low is not None and found.high is not None
    assert all(found.low <= ratio <= found.high for ratio in ratios)
    assert ratios == sorted(ratios) and found.high - ratios[-1] < Fraction(1, 1000)


def test_floors_leave_the_bounds_open() -> None:
    found = growth(parse_expression("floor(H/2)"), "H")
    assert (found.ratio, found.low, found.high) == (None, None, None)
    assert to_text(found.after) == "H"


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("2*NF**2*k**2", r"2 \, \mathit{NF}^{2} \, k^{2}"),
        ("floor((H - 1)/2) + 1", r"\left\lfloor \frac{H - 1}{2} \right\rfloor + 1"),
        ("beta + n_1 + x2", r"\beta + n_{1} + x_{2}"),
        ("k_out*C_max", r"C_{\mathit{max}} \, k_{\mathit{out}}"),
        ("min(a, b)", r"\min\left(a, b\right)"),
        ("2**n", "2^{n}"),
        ("40 - H", "40 - H"),
        ("a - b", "a - b"),
        ("n*(n + 1)/2", r"\frac{n^{2} + n}{2}"),
        ("7", "7"),
    ],
)
def test_latex(text: str, latex: str) -> None:
    assert to_latex(parse_expression(text)) == latex
