"""Section 1.2: RMSProp need not reach the minimum norm, in exact fractions."""

from fractions import Fraction

from app.lab.demos.rmsprop_counterexample import CounterexampleParams
from app.lab.exact import Quadratic
from app.lab.rmsprop_step import FirstStep, is_minimum_norm, loss, minimum_norm
from app.lab.writeup.claim import Cards, Claim, Finding, Link, confirmed_if

_PRINTED_GRADIENT = (Fraction(-2), Fraction(-1))
_PRINTED_W = (Fraction(5, 7), Fraction(4, 7))
_AS_PRINTED = {"gradient_scale": "1/4"}


def _step(scale: str) -> FirstStep:
    return CounterexampleParams().first_step(scale)


def _vector(values: tuple[Fraction, ...] | tuple[Quadratic, ...]) -> str:
    return f"$({', '.join(map(str, values))})$"


def _minimum(_: Cards) -> Finding:
    step = _step("1")
    found = minimum_norm(step.x, step.target)
    holds = found == (Fraction(4, 5), Fraction(2, 5))
    return Finding(f"$t x / \\|x\\|^2$ = {_vector(found)}.", confirmed_if(holds, "impossible"))


def _gradient(_: Cards) -> Finding:
    step = _step("1")
    ratios = {printed / own for printed, own in zip(_PRINTED_GRADIENT, step.gradient, strict=True)}
    text = f"$(w^T x - t)^2$ has the gradient {_vector(step.gradient)} at zero"
    if ratios == {Fraction(1)}:
        return Finding(text + ".", "confirmed")
    if len(ratios) == 1:
        return Finding(f"{text}: the printed one is {ratios.pop()} of it.", "off by a factor")
    return Finding(text + ", which is no multiple of the printed one.", "impossible")


def _first_step(_: Cards) -> Finding:
    own, printed = _step("1"), _step("1/4")
    reproduced = tuple(weight.a for weight in printed.w) == _PRINTED_W and printed.loss.sign == 0
    text = (
        f"With the stated loss these settings give $w_1$ = {_vector(own.w)} and a loss of ${own.loss}$. "
        f"With a quarter of the gradient they give {_vector(printed.w)} and a loss of ${printed.loss}$."
    )
    if own.loss.sign == 0:
        return Finding(text, "confirmed")
    return Finding(text, "off by a factor" if reproduced else "impossible")


def _conclusion(_: Cards) -> Finding:
    step = _step("1")
    rate = step.rate_for_zero_loss
    if rate is None:
        return Finding("No rate reaches loss zero.", "impossible")
    landed = step.with_rate(rate)
    zero = loss(landed, step.x, step.target).sign == 0
    other = not is_minimum_norm(landed, step.x, step.target)
    text = (
        f"With $\\eta = {rate}$ and the true gradient, $w_1$ = {_vector(landed)}: its loss is "
        f"{'exactly zero' if zero else 'not zero'}, and it {'is not' if other else 'is'} the minimum norm."
    )
    return Finding(text, confirmed_if(zero and other, "impossible"))


CLAIMS = (
    Claim(
        "counterexample-minimum-norm",
        "1.2",
        "The minimum norm of the example",
        "$x = (2, 1)$, $t = 2$: the minimum norm is $(4/5, 2/5)$.",
        "It is the multiple of $x$ that solves $w^T x = t$.",
        Link("demo", "rmsprop-counterexample"),
        _minimum,
    ),
    Claim(
        "counterexample-gradient",
        "1.2",
        "The gradient of the example",
        "The loss is $(w^T x - t)^2$, its gradient at zero $(-2, -1)$.",
        "The gradient is $2 (w^T x - t) x = -2 t x$; the printed one belongs to a quarter of the loss.",
        Link("demo", "rmsprop-counterexample"),
        _gradient,
    ),
    Claim(
        "counterexample-step",
        "1.2",
        "RMSProp's first step",
        "$\\eta = 2/7$, $\\beta = 0.91$, $\\epsilon = 0.2$ give $w_1 = (5/7, 4/7)$ and a loss of exactly 0.",
        "The numbers follow from the printed gradient, which is a quarter of the stated loss's.",
        Link("demo", "rmsprop-counterexample", _AS_PRINTED),
        _first_step,
    ),
    Claim(
        "counterexample-conclusion",
        "1.2",
        "RMSProp need not reach the minimum norm",
        "RMSProp solves the equation and does not end at the minimum norm.",
        "Another rate repairs the example, so the conclusion stands: it need not (on some problems it does).",
        Link("demo", "rmsprop-counterexample", {"learning_rate": "91/410"}),
        _conclusion,
    ),
)
