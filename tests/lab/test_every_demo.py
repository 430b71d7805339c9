"""What every demo promises: short resumable steps, the same numbers always, valid figures and texts."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import meta, validator_for
from latex2mathml.converter import convert
from plotly.graph_objects import Figure

from app.lab import Demo, InvalidParams, Outcome, Run, demo, demos, run_demo
from app.lab.running import finish, take_step
from app.lab.text import blocks
from tests.lab.quick import QUICK

NAMES = (
    "min-norm",
    "rmsprop-counterexample",
    "unrolled-gradient",
    "optimal-learning-rate",
    "weight-decay",
    "trajectories",
    "receptive-field",
    "train-colorizer",
)
every_demo = pytest.mark.parametrize("name", NAMES)


def test_the_demos_of_the_contract_are_all_there() -> None:
    assert set(demos()) == set(NAMES) == set(QUICK)


def test_unknown_demo_names_those_there_are() -> None:
    with pytest.raises(KeyError, match="min-norm"):
        demo("min-nrom")


def test_importing_the_lab_and_its_demos_imports_no_torch() -> None:
    code = "import sys, app.lab, app.lab.writeup; app.lab.demos(); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def steps_of(found: Demo[Any], run: Run[Any], *, twice: bool = False) -> list[dict[str, Any]]:
    """Every step as a durable worker records it: through JSON, and (`twice`) each taken two times."""
    state, records, done = found.start(run), [], False
    while not done:
        text = json.dumps(state)
        if twice:
            take_step(found, run, json.loads(text))
        step = take_step(found, run, json.loads(text))
        assert json.dumps(state) == text or state == json.loads(text), "a step changed the state it was given"
        records.append({"points": step.points, "pictures": step.pictures, "progress": step.progress})
        state, done = step.state, step.done
        assert len(json.dumps(state)) < 2_000_000
        assert len(records) < 2000
    records.append({"outcome": finish(found, run, json.loads(json.dumps(state))).to_json()})
    return records


@every_demo
def test_repeated_steps_and_runs_give_the_same_bits(name: str, tmp_path: Path) -> None:
    found = demo(name)
    params = found.read(QUICK[name])
    once = steps_of(found, Run(params, 7, tmp_path / "once"))
    again = steps_of(found, Run(params, 7, tmp_path / "again"), twice=True)
    assert once == again


@every_demo
def test_progress_grows_to_one_and_points_belong_to_declared_series(name: str, tmp_path: Path) -> None:
    found = demo(name)
    params = found.read(QUICK[name])
    records = steps_of(found, Run(params, 0, tmp_path))[:-1]
    progress = [record["progress"] for record in records]
    assert progress == sorted(progress) and progress[-1] == 1 and all(0 <= share <= 1 for share in progress)
    declared = {one.name for one in found.series(params)}
    seen = {point.series for record in records for point in record["points"]}
    assert seen and seen <= declared


@every_demo
def test_certificate_holds_and_figures_are_plotly_figures(name: str, tmp_path: Path) -> None:
    found = demo(name)
    params = found.read(QUICK[name])
    finished = run_demo(found, QUICK[name], folder=tmp_path)
    assert finished.outcome.certificate
    for check in finished.outcome.certificate:
        if "has converged" not in check.claim and "found the best" not in check.claim:
            assert check.holds, check
    for outcome in (None, finished.outcome):
        figures = found.figures(params, finished.series, outcome)
        assert figures
        for figure in figures.values():
            Figure(figure)
            json.dumps(figure, allow_nan=False)
    assert found.figures(params, {}, None) is not None
    assert Outcome.from_json(json.loads(json.dumps(finished.outcome.to_json()))) == finished.outcome
    assert set(finished.to_json()) == {"result", "certificate", "series", "versions"}


@every_demo
def test_schema_bounds_every_number_and_explains_every_field(name: str) -> None:
    found = demo(name)
    schema = found.schema()
    meta.validate(schema)
    for field, described in schema["properties"].items():
        assert described.get("title") and described.get("description"), field
        assert "default" in described, field
    unbounded = []

    def visit(part: Any, where: str) -> None:
        if isinstance(part, dict):
            kinds = part.get("type")
            kinds = kinds if isinstance(kinds, list) else [kinds]
            if {"integer", "number"} & {str(kind) for kind in kinds}:
                low = "minimum" in part or "exclusiveMinimum" in part
                if not (low and "maximum" in part):
                    unbounded.append(where)
            if kinds == ["string"] and not ({"maxLength", "enum"} & set(part)):
                unbounded.append(where)
            if kinds == ["array"] and not ({"maxItems"} & set(part)):
                unbounded.append(where)
            for key, value in part.items():
                visit(value, f"{where}/{key}")
        elif isinstance(part, list):
            for value in part:
                visit(value, where)

    visit(schema["properties"], "")
    assert unbounded == []


@every_demo
def test_defaults_are_valid_and_pass_their_own_schema(name: str) -> None:
    found = demo(name)
    defaults = json.loads(found.read({}).model_dump_json())
    validator_for(found.schema()).validate(defaults)
    assert found.read(defaults) == found.read({})


@every_demo
def test_unknown_and_broken_settings_are_refused_with_their_place(name: str) -> None:
    found = demo(name)
    with pytest.raises(InvalidParams) as caught:
        found.read({"no_such_setting": 1})
    assert caught.value.errors[0][0] == "/no_such_setting"
    field, described = next(
        (field, part) for field, part in found.schema()["properties"].items() if part.get("type") != "string"
    )
    with pytest.raises(InvalidParams) as caught:
        found.read({field: {"not": "this"}})
    assert caught.value.errors[0][0].startswith(f"/{field}"), described


@every_demo
def test_text_and_formulas_can_be_shown(name: str) -> None:
    found = demo(name)
    assert found.title and found.summary.endswith(".") and len(found.summary) < 120
    shown = blocks(found.text)
    assert len(shown) >= 2
    for block in shown:
        for line in block.lines:
            for span in line:
                if span.kind == "formula":
                    assert "<math" in convert(span.text)
                else:
                    assert not re.search(r"\\[a-z]", span.text), span.text


@every_demo
def test_seed_out_of_range_is_refused(name: str) -> None:
    found = demo(name)
    for seed in (-1, 2**63):
        with pytest.raises(InvalidParams, match="seed"):
            Run(found.read({}), seed)


@every_demo
def test_extreme_seed_runs(name: str, tmp_path: Path) -> None:
    run_demo(demo(name), QUICK[name], seed=2**63 - 1, folder=tmp_path)
