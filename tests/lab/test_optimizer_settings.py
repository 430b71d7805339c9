"""Settings that demos share: each rule gets its own, and forms keep them behind the fold."""

import numpy as np
import pytest

from app.lab import demo
from app.lab.optimizer_settings import MomentumParams, OptimizerParams
from app.lab.rules import Hyper


def test_rules_get_what_is_set() -> None:
    params = OptimizerParams(momentum=0.1, beta1=0.2, beta2=0.3, smoothing=0.4, epsilon=0.5)
    diagonal = np.array([1.0, 2.0])
    assert params.hyper(0.7, diagonal) == Hyper(0.7, 0.1, 0.2, 0.3, 0.4, 0.5, diagonal)
    assert params.hyper(0.7, diagonal, 0.6).epsilon == 0.6
    assert params.hyper(0.7, diagonal, 0.0).epsilon == 0.0


def test_defaults_are_pytorch_s_rules() -> None:
    ours, theirs = OptimizerParams().hyper(0.01, np.ones(1)), Hyper()
    for name in ("momentum", "beta1", "beta2", "smoothing", "epsilon"):
        assert getattr(ours, name) == getattr(theirs, name), name


@pytest.mark.parametrize(
    ("name", "shared"),
    [("min-norm", OptimizerParams), ("trajectories", OptimizerParams), ("weight-decay", MomentumParams)],
)
def test_demos_take_them_as_they_are(name: str, shared: type[MomentumParams]) -> None:
    properties = demo(name).params_model.model_json_schema()["properties"]
    for key, schema in shared.model_json_schema()["properties"].items():
        assert properties[key] == schema and schema["more"]
