"""What users can set, ask and type is documented, and nothing else is."""

import json
import re
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.cli import COMMANDS
from app.settings import ENV_PREFIX, Settings
from docs import generate

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_generated_tables_are_up_to_date(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["generate.py", "--check"])
    assert generate.main() == 0, capsys.readouterr().out


def test_a_table_out_of_date_is_noticed() -> None:
    text = "a\n<!-- generated: settings -->\nold\n<!-- end -->\nb\n"
    filled = generate.fill(text, {"settings": "new"})
    assert filled == "a\n<!-- generated: settings -->\nnew\n<!-- end -->\nb\n"
    assert generate.fill(filled, {"settings": "new"}) == filled


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{ENV_PREFIX}{name.upper()}`" in (DOCS / "configuration.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented(name: str) -> None:
    assert f"`chromalab {name}`" in (DOCS / "configuration.md").read_text(encoding="utf-8")


def test_the_problem_shown_is_what_is_answered(client: TestClient) -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    answer = client.post("/api/v1/colorize", data={"saturation": "3"}, files={"image": ("a.png", b"")})
    assert answer.json() == json.loads(shown)


def test_every_rest_route_is_documented(app: FastAPI) -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    for path, operations in app.openapi()["paths"].items():
        for method in operations:
            assert f"`{method.upper()} {path}`" in text
