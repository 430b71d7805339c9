"""Fields from schemas: every setting of every demo gets the control that fits it."""

import pytest

from app.lab import demos
from app.pages.lab.fields import Field, fields_of

KINDS = {
    "min-norm": {"n": "number", "optimizer": "choice", "compare": "many", "epsilon_sweep": "switch"},
    "rmsprop-counterexample": {"x": "list", "target": "text"},
    "unrolled-gradient": {"steps": "list", "learning_rate": "number"},
    "trajectories": {"start": "list", "learning_rates": "each", "expression": "text"},
    "receptive-field": {"network": "network", "stride": "number"},
    "train-colorizer": {"pictures": "number", "schedule": "choice"},
}


def fields(name: str) -> dict[str, Field]:
    return {one.name: one for one in fields_of(demos()[name].schema())}


@pytest.mark.parametrize("name", KINDS)
def test_the_control_fits_the_setting(name: str) -> None:
    found = fields(name)
    assert {key: found[key].kind for key in KINDS[name]} == KINDS[name]


@pytest.mark.parametrize("name", list(demos()))
def test_every_setting_has_a_field_with_words(name: str) -> None:
    schema = demos()[name].schema()
    found = fields_of(schema)
    assert [one.name for one in found] == list(schema["properties"])
    for one in found:
        assert one.title and one.help
        assert one.kind != "number" or one.high is not None
        assert one.kind not in ("choice", "many", "each") or one.options
        assert not one.slides or (one.low is not None and one.default is not None)
    assert not all(one.more for one in found)


def test_what_may_be_left_out_has_no_slider() -> None:
    found = fields("min-norm")
    assert found["learning_rate"].optional and not found["learning_rate"].slides
    assert found["steps"].slides and found["steps"].whole and found["steps"].scale == "log"


def test_options_read_well() -> None:
    titles = {option.value: option.title for option in fields("min-norm")["optimizer"].options}
    assert titles["amsgrad"] == "AMSGrad" and titles["full-matrix-adagrad"] == "Full-matrix AdaGrad"


def test_a_field_knows_when_it_does_something() -> None:
    assert fields("trajectories")["expression"].when == {"surface": "expression"}
