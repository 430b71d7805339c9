"""What users can set, ask and type is documented, and nothing else is."""

import ast
import json
import re
import shlex
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.cli import COMMANDS
from app.colorizing.hint_text import hints_json
from app.colorizing.options import Options
from app.settings import CLIENT_VARIABLES, ENV_PREFIX, Settings
from docs import generate
from tests.deploy.commands import SETTINGS, options, parse

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.glob("*.md")])
OTHERS_SAY = ("address already in use", "CHROMALAB_PORT: Input should be a valid integer")
"""Messages that are not ours."""


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


def test_the_hints_shown_are_the_same_three_times() -> None:
    text = (DOCS / "photographs.md").read_text(encoding="utf-8")
    (as_json,) = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    (as_lines,) = re.findall(r"```text\n(.*?)```", text, re.DOTALL)
    as_options = "\n".join(re.findall(r"--hint (\S+)", text))
    first, *others = (
        Options.model_validate({"hints": hints_json(given)}).hints
        for given in (as_json, as_lines, as_options)
    )
    assert len(first) == 2 and others == [first, first]


def test_every_rest_route_is_documented(app: FastAPI) -> None:
    text = (DOCS / "api.md").read_text(encoding="utf-8")
    for path, operations in app.openapi()["paths"].items():
        for method in operations:
            assert f"`{method.upper()} {path}`" in text


def page_name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", PAGES, ids=page_name)
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert not target.startswith("http"), "nobody needs another site to read this"
        file, _, anchor = target.partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(found), target


def anchors(path: Path) -> set[str]:
    """As Markdown viewers make them of headings."""
    headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_index_lists_every_page() -> None:
    listed = re.findall(r"\]\(([^)#]+)\)", (DOCS / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(path.name for path in DOCS.glob("*.md") if path.name != "README.md")


@pytest.mark.parametrize("path", PAGES, ids=page_name)
def test_every_variable_named_is_one(path: Path) -> None:
    named = set(re.findall(rf"{ENV_PREFIX}[A-Z_]*[A-Z]", path.read_text(encoding="utf-8")))
    assert named <= SETTINGS | CLIENT_VARIABLES


def command_lines(text: str) -> Iterator[list[str]]:
    """Every `chromalab …` in a page's blocks of commands."""
    blocks = re.findall(r"```(?:console|sh)\n(.*?)```", text, re.DOTALL)
    variables: dict[str, str] = {}
    for line in "".join(blocks).replace("\\\n", " ").splitlines():
        typed = line.lstrip("$> ")
        if set_here := re.fullmatch(r"([A-Z]+)=['\"](.*)['\"]", typed):
            variables[set_here[1]] = set_here[2]
        for name, value in variables.items():
            typed = typed.replace(f"${name}", value)
        words = shlex.split(typed, comments=True) if "chromalab" in typed else []
        while words and re.match(r"[A-Z_]+=", words[0]):
            words.pop(0)
        if words and re.search(r"(^|[/\\])chromalab$", words[0]):
            yield ["chromalab", *words[1:]]


@pytest.mark.parametrize("path", PAGES, ids=page_name)
def test_every_command_line_is_one(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for words in command_lines(text):
        parse(words)
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for spoken_of in re.findall(r"`(chromalab [a-z][^`]*)`", prose):
        words = shlex.split(spoken_of)
        assert {word for word in words if re.match("--?[a-z]", word)} <= options(words), spoken_of


@cache
def strings() -> str:
    """Every text in the program, one a line; what is put into an f-string parts them."""
    found = []
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value)
    return "\n".join(found)


def test_messages_that_are_explained_are_said() -> None:
    text = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    first = [line.split("|")[1] for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    explained = [message for cell in first for message in re.findall(r"`([^`]+)`", cell)]
    assert len(explained) > 20
    for message in set(explained) - set(OTHERS_SAY):
        for part in re.split(r"\s*…\s*|: …", message):
            assert part.strip() in strings(), message
