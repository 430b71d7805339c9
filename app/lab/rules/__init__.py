"""Update rules of first-order optimizers, written out in NumPy; PyTorch is their oracle in the tests."""

from app.lab.rules.base import Array, Hyper, Number, Rule, Slots
from app.lab.rules.catalogue import NAMES, RULES, OptimizerName, RuleInfo, make_rule

__all__ = [
    "NAMES",
    "RULES",
    "Array",
    "Hyper",
    "Number",
    "OptimizerName",
    "Rule",
    "RuleInfo",
    "Slots",
    "make_rule",
]
