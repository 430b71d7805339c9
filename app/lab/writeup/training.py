"""Section 2: gradients through training, the best learning rate, regularisation and decay."""

from collections.abc import Callable
from functools import lru_cache

from app.lab.demos.optimal_learning_rate import OptimalLearningRate
from app.lab.demos.unrolled_gradient import EXPONENTS, NEAR, UnrolledGradient
from app.lab.demos.weight_decay import WeightDecay
from app.lab.running import run_demo
from app.lab.shown import Check, Json, Outcome
from app.lab.writeup.claim import Cards, Claim, Finding, Link, confirmed_if

_UNROLLED = {"steps": [16, 64, 256], "d": 50}
_ONE_STEP = {"steps": 1, "descent": 0}
_DECAY = {"sweep": 0, "optimizers": ["sgd", "heavy-ball", "adam"]}


@lru_cache(maxsize=1)
def _unrolled() -> Json:
    return run_demo(UnrolledGradient(), _UNROLLED).outcome.result


@lru_cache(maxsize=1)
def _one_step() -> Outcome:
    return run_demo(OptimalLearningRate(), _ONE_STEP).outcome


@lru_cache(maxsize=1)
def _decays() -> Json:
    return run_demo(WeightDecay(), _DECAY).outcome.result


def _memory(way: str) -> str:
    result = _unrolled()
    kept = ", ".join(f"{size:,}" for size in result["bytes"][way])
    counts = ", ".join(map(str, result["steps"]))
    return f"{kept} bytes for T = {counts}: $T$ to the power {result['exponents'][way]:.2f}"


def _grows(way: str) -> bool:
    return bool(abs(_unrolled()["exponents"][way] - EXPONENTS[way]) <= NEAR)


def _reverse(_: Cards) -> Finding:
    return Finding(f"Kept: {_memory('reverse')}.", confirmed_if(_grows("reverse"), "impossible"))


def _forward(_: Cards) -> Finding:
    return Finding(f"Kept: {_memory('forward')}.", confirmed_if(_grows("forward"), "impossible"))


def _checkpointed(_: Cards) -> Finding:
    taken = _unrolled()["gradients"]
    passes = taken["checkpointed"][-1] / taken["reverse"][-1]
    text = f"Kept: {_memory('checkpointed')}. Forward passes: {passes:g} times those of reverse mode."
    return Finding(text, confirmed_if(_grows("checkpointed") and passes == 2, "impossible"))


def _plain(_: Cards) -> Finding:
    text = f"Without wanting a gradient: {_memory('forward_pass')}."
    return Finding(text, "needs a condition" if _grows("forward_pass") else "confirmed")


def _check(words: str) -> Check:
    return next(check for check in _one_step().certificate if words in check.claim)


def _formula(_: Cards) -> Finding:
    checks = [_check("Forward mode"), _check("Reverse mode"), _check("formula for one step")]
    worst = max(float(check.measured or 0.0) for check in checks)
    result = _one_step().result
    text = (
        f"On one problem $dL_1/d\\eta$ = {result['closed_form']:.6g} by the formula; forward and reverse "
        f"mode agree to {worst:.0e} relative, a finite difference to its own accuracy."
    )
    holds = all(check.holds for check in (*checks, _check("finite difference")))
    return Finding(text, confirmed_if(holds, "impossible"))


def _best(_: Cards) -> Finding:
    flat, lowest = _check("eta*, relative"), _check("No rate 1 %")
    text = (
        f"On a random problem $\\eta^*$ = {_one_step().result['learning_rate']:.6g}; the derivative there is "
        f"{float(flat.measured or 0.0):.0e} of that at 0, and rates 1 % beside it are worse."
    )
    return Finding(text, confirmed_if(flat.holds and lowest.holds, "impossible"))


def _many_steps(_: Cards) -> Finding:
    outcome = run_demo(OptimalLearningRate(), {"steps": 50, "descent": 0}).outcome
    checks = [check for check in outcome.certificate if "mode agrees" in check.claim]
    worst = max(float(check.measured or 0.0) for check in checks)
    text = f"For $T = 50$ it agrees with forward and reverse mode to {worst:.0e} relative."
    return Finding(text, confirmed_if(all(check.holds for check in checks), "impossible"))


def _equivalence(_: Cards) -> Finding:
    distance = _decays()["distance"]
    text = (
        f"Over 1000 steps the two trajectories part by {distance['sgd']:.0e} |w0| with SGD, by "
        f"{distance['heavy-ball']:.2f} with momentum and by {distance['adam']:.2f} with Adam."
    )
    only_sgd = distance["sgd"] < 1e-12 and min(distance["heavy-ball"], distance["adam"]) > 1e-6
    return Finding(text, "needs a condition" if only_sgd else "confirmed")


def _memory_claim(key: str, title: str, printed: str, why: str, compute: Callable[[Cards], Finding]) -> Claim:
    return Claim(key, "2.1", title, printed, why, Link("demo", "unrolled-gradient", _UNROLLED), compute)


CLAIMS = (
    _memory_claim(
        "memory-forward-pass",
        "Memory of running the loop forward",
        "$O(T)$.",
        "Only the backward pass needs earlier weights; running forward alone needs one at a time, $O(1)$.",
        _plain,
    ),
    _memory_claim(
        "memory-reverse",
        "Memory of reverse mode",
        "$O(T)$: every $w_t$ is kept.",
        "Each step's weights or gradient is needed again on the way back.",
        _reverse,
    ),
    _memory_claim(
        "memory-forward-mode",
        "Memory of forward mode",
        "$O(1)$ in $T$.",
        "Only $w_t$ and its tangent travel along.",
        _forward,
    ),
    _memory_claim(
        "memory-checkpointing",
        "Memory of checkpointing",
        "$O(\\sqrt{T})$, with one extra forward pass.",
        "About $\\sqrt{T}$ weights are kept, and one stretch of as many steps at a time is run again.",
        _checkpointed,
    ),
    Claim(
        "one-step-gradient",
        "2.2",
        "The derivative after one step",
        "$\\frac{dL_1}{d\\eta} = \\frac{2}{n} (a - \\frac{2\\eta}{n} X X^T a)^T (-\\frac{2}{n} X X^T a)$.",
        "$L_1$ is a quadratic in $\\eta$.",
        Link("demo", "optimal-learning-rate", _ONE_STEP),
        _formula,
    ),
    Claim(
        "best-rate",
        "2.2",
        "The best learning rate of one step",
        "$\\eta^* = \\frac{n}{2} \\|X^T a\\|^2 / \\|X X^T a\\|^2$.",
        "It is where that derivative is zero.",
        Link("demo", "optimal-learning-rate", _ONE_STEP),
        _best,
    ),
    Claim(
        "many-steps",
        "2.2",
        "The derivative after T steps",
        "",
        "Each eigenvector shrinks by $(1 - \\eta \\lambda_i)^T$ on its own.",
        Link("demo", "optimal-learning-rate", {"steps": 50}),
        _many_steps,
    ),
    Claim(
        "decay-equivalence",
        "2.3",
        "L2 regularisation is weight decay",
        "They are the same for $\\tilde\\lambda = \\lambda / (2 \\eta)$.",
        "True for plain SGD only: momentum remembers the penalty's gradient, and Adam rescales it.",
        Link("demo", "weight-decay", {"optimizers": ["sgd", "heavy-ball", "adam"]}),
        _equivalence,
    ),
)
