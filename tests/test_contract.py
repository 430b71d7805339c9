"""Requests made up from the OpenAPI document, well-formed and not: it foresees every answer."""

from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import positive_data_acceptance

from app.jobs.service import Health, Jobs
from app.main import create_app

A_FEW, MANY = 20, 150
"""Requests of each kind to each operation: in the short run, and in the long one."""


def can_be_malformed(operation: dict[str, Any]) -> bool:
    """Whether there is a wrong way to ask; a path parameter is text, and so is everything in a path."""
    return "requestBody" in operation or any(item["in"] != "path" for item in operation.get("parameters", ()))


CASES = [
    (method.upper(), path, mode)
    for path, operations in create_app().openapi()["paths"].items()
    for method, operation in operations.items()
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or can_be_malformed(operation)
]


@pytest.fixture(autouse=True)
def _a_worker_is_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Jobs, "health", lambda _: Health(writable=True, workers=1))


def ask_and_check(app: FastAPI, method: str, path: str, mode: GenerationMode, *, most: int) -> int:
    """Make requests to one operation and check each answer; how many."""
    operation = schemathesis.openapi.from_asgi("/openapi.json", app)[path][method]
    asked = 0

    @given(operation.as_strategy(generation_mode=mode))
    @settings(max_examples=most, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
    def ask(case: Case[Any]) -> None:
        nonlocal asked
        # What a picture is cannot be said in a schema: made-up ones are refused, however good the rest.
        case.call_and_validate(excluded_checks=[positive_data_acceptance])
        asked += 1

    ask()
    return asked


@pytest.mark.parametrize(("method", "path", "mode"), CASES)
def test_every_answer_is_foreseen(app: FastAPI, method: str, path: str, mode: GenerationMode) -> None:
    assert ask_and_check(app, method, path, mode, most=A_FEW)


@pytest.mark.long
@pytest.mark.parametrize(("method", "path", "mode"), CASES)
def test_every_answer_to_many_is_foreseen(app: FastAPI, method: str, path: str, mode: GenerationMode) -> None:
    print(f"{method} {path}, {mode.value}: {ask_and_check(app, method, path, mode, most=MANY)} answers")
