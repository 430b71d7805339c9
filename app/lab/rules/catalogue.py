"""The update rules by name, with what each is known to do."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from app.lab.rules.adaptive import AdaGrad, Adam, Adamax, NAdam, RMSProp
from app.lab.rules.base import Hyper, Rule
from app.lab.rules.linear import GradientDescent, Momentum, Preconditioned, SignDescent
from app.lab.rules.matrix import FullMatrixAdaGrad

Kind = Literal["span", "preconditioned", "adaptive"]
"""`span`: steps lie in the span of past gradients. `preconditioned`: in D times it. `adaptive`: anywhere."""


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """One optimizer of the catalogue."""

    name: str
    title: str
    kind: Kind
    build: Callable[[Hyper], Rule]
    formula: str
    """LaTeX of one step."""
    uses: tuple[str, ...] = ()
    """The hyperparameters that it takes beside the rate."""
    full_batch: bool = False
    """Whether it takes the whole gradient however large the mini-batches are."""

    @property
    def settles(self) -> bool:
        """Whether its steps vanish with the gradient, so that a constant rate can converge."""
        return self.kind != "adaptive" or self.name in {"adagrad", "amsgrad"}


_MOMENTS = ("beta1", "beta2", "epsilon")
_INFOS = (
    RuleInfo(
        "gd",
        "Gradient descent",
        "span",
        lambda h: GradientDescent(h.rate),
        r"w \leftarrow w - \eta \nabla L",
        full_batch=True,
    ),
    RuleInfo("sgd", "SGD", "span", lambda h: GradientDescent(h.rate), r"w \leftarrow w - \eta g"),
    RuleInfo(
        "heavy-ball",
        "Heavy ball",
        "span",
        lambda h: Momentum(h.rate, h.momentum),
        r"v \leftarrow \mu v + g,\quad w \leftarrow w - \eta v",
        ("momentum",),
    ),
    RuleInfo(
        "nesterov",
        "Nesterov",
        "span",
        lambda h: Momentum(h.rate, h.momentum, nesterov=True),
        r"v \leftarrow \mu v + g,\quad w \leftarrow w - \eta (g + \mu v)",
        ("momentum",),
    ),
    RuleInfo(
        "adagrad",
        "AdaGrad",
        "adaptive",
        lambda h: AdaGrad(h.rate, h.epsilon),
        r"s \leftarrow s + g^2,\quad w \leftarrow w - \eta \frac{g}{\sqrt{s} + \epsilon}",
        ("epsilon",),
    ),
    RuleInfo(
        "full-matrix-adagrad",
        "Full-matrix AdaGrad",
        "span",
        lambda h: FullMatrixAdaGrad(h.rate, h.epsilon),
        r"G \leftarrow G + g g^T,\quad w \leftarrow w - \eta (\epsilon I + G)^{-1/2} g",
        ("epsilon",),
    ),
    RuleInfo(
        "rmsprop",
        "RMSProp",
        "adaptive",
        lambda h: RMSProp(h.rate, h.smoothing, h.epsilon),
        r"V \leftarrow \beta V + (1 - \beta) g^2,\quad w \leftarrow w - \eta \frac{g}{\sqrt{V} + \epsilon}",
        ("smoothing", "epsilon"),
    ),
    RuleInfo(
        "adam",
        "Adam",
        "adaptive",
        lambda h: Adam(h.rate, h.beta1, h.beta2, h.epsilon),
        r"w \leftarrow w - \eta \frac{\hat{m}}{\sqrt{\hat{v}} + \epsilon}",
        _MOMENTS,
    ),
    RuleInfo(
        "amsgrad",
        "AMSGrad",
        "adaptive",
        lambda h: Adam(h.rate, h.beta1, h.beta2, h.epsilon, amsgrad=True),
        r"w \leftarrow w - \eta \frac{\hat{m}}{\sqrt{\max \hat{v}} + \epsilon}",
        _MOMENTS,
    ),
    RuleInfo(
        "nadam",
        "NAdam",
        "adaptive",
        lambda h: NAdam(h.rate, h.beta1, h.beta2, h.epsilon),
        r"w \leftarrow w - \eta \frac{a_t g + b_t m}{\sqrt{\hat{v}} + \epsilon}",
        _MOMENTS,
    ),
    RuleInfo(
        "adamax",
        "Adamax",
        "adaptive",
        lambda h: Adamax(h.rate, h.beta1, h.beta2, h.epsilon),
        r"u \leftarrow \max(\beta_2 u, |g| + \epsilon),\quad w \leftarrow w - \eta \frac{\hat{m}}{u}",
        _MOMENTS,
    ),
    RuleInfo(
        "sign-descent",
        "Sign descent",
        "adaptive",
        lambda h: SignDescent(h.rate),
        r"w \leftarrow w - \eta\, \mathrm{sign}(g)",
    ),
    RuleInfo(
        "fixed-preconditioner",
        "Fixed preconditioner",
        "preconditioned",
        lambda h: Preconditioned(h.rate, h.preconditioner),
        r"w \leftarrow w - \eta D g",
    ),
)

RULES: dict[str, RuleInfo] = {info.name: info for info in _INFOS}
NAMES = tuple(RULES)
_ALIASES = {
    "gradientdescent": "gd",
    "momentum": "heavy-ball",
    "nag": "nesterov",
    "adagradfull": "full-matrix-adagrad",
    "fullmatrix": "full-matrix-adagrad",
    "signsgd": "sign-descent",
    "signgd": "sign-descent",
    "sign": "sign-descent",
    "preconditioned": "fixed-preconditioner",
    "preconditioner": "fixed-preconditioner",
} | {name.replace("-", ""): name for name in NAMES}


def _canonical(name: Any) -> Any:
    """A rule's name from how people write it: `Heavy ball`, `RMSprop`, `sign_sgd`."""
    return _ALIASES.get(re.sub(r"[^a-z]", "", name.lower()), name) if isinstance(name, str) else name


OptimizerName = Annotated[
    Literal[
        "gd",
        "sgd",
        "heavy-ball",
        "nesterov",
        "adagrad",
        "full-matrix-adagrad",
        "rmsprop",
        "adam",
        "amsgrad",
        "nadam",
        "adamax",
        "sign-descent",
        "fixed-preconditioner",
    ],
    BeforeValidator(_canonical),
]
"""A rule's name; case, spaces and hyphens do not matter."""


def make_rule(name: str, hyper: Hyper) -> Rule:
    """The rule of this name with its hyperparameters."""
    return RULES[name].build(hyper)
