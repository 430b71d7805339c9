"""docs/security.md: every requirement of ASVS 5.0.0 to level 2 has its line; every test it names exists."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

from app.imaging.containers import Format
from app.scopes import SCOPES
from app.settings import Settings

TESTS = Path(__file__).resolve().parents[1]
TEXT = (TESTS.parent / "docs" / "security.md").read_text(encoding="utf-8")
Number = tuple[int, int, int]

LEVEL_2 = """
1.1: 1-2    1.2: 1-9    1.3: 1-11   1.4: 1-3    1.5: 1-2
2.1: 1-3    2.2: 1-3    2.3: 1-4    2.4: 1
3.2: 1-2    3.3: 1-4    3.4: 1-6    3.5: 1-5    3.7: 1-2
4.1: 1-3    4.2: 1      4.3: 1-2    4.4: 1-4
5.1: 1      5.2: 1-3    5.3: 1-2    5.4: 1-3
6.1: 1-3    6.2: 1-12   6.3: 1-4    6.4: 1-4    6.5: 1-5    6.6: 1-3    6.8: 1-4
7.1: 1-3    7.2: 1-4    7.3: 1-2    7.4: 1-5    7.5: 1-2    7.6: 1-2
8.1: 1-2    8.2: 1-3    8.3: 1      8.4: 1
9.1: 1-3    9.2: 1-4
10.1: 1-2   10.2: 1-2   10.3: 1-4   10.4: 1-11  10.5: 1-5   10.6: 1-2   10.7: 1-3
11.1: 1-2   11.2: 1-3   11.3: 1-3   11.4: 1-4   11.5: 1     11.6: 1
12.1: 1-3   12.2: 1-2   12.3: 1-4
13.1: 1     13.2: 1-5   13.3: 1-2   13.4: 1-5
14.1: 1-2   14.2: 1-4   14.3: 1-3
15.1: 1-3   15.2: 1-3   15.3: 1-7
16.1: 1     16.2: 1-5   16.3: 1-4   16.4: 1-3   16.5: 1-3
17.1: 1     17.2: 1-4   17.3: 1-2
"""
"""Levels 1 and 2 in the table of version 5.0.0: in every section they come before those of level 3."""


def level_2() -> set[Number]:
    found = set()
    for chapter, section, first, last in re.findall(r"(\d+)\.(\d+): (\d+)(?:-(\d+))?", LEVEL_2):
        found |= {(int(chapter), int(section), each) for each in range(int(first), int(last or first) + 1)}
    return found


def part(title: str) -> str:
    """The text below a heading, up to the next."""
    return TEXT.partition(f"### {title}\n")[2].partition("\n#")[0]


def rows(title: str) -> list[list[str]]:
    """The cells of a part's table, but for its head."""
    lines = [line for line in part(title).splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line[1:-1].split("|")] for line in lines[2:]]


def numbers(cell: str) -> list[Number]:
    """The requirements that a row names: single ones, and from one to another."""
    found: list[Number] = []
    for text in cell.split(", "):
        ends = [_number(each) for each in text.split("\N{EN DASH}")]
        found += sorted(each for each in level_2() if ends[0] <= each <= ends[-1])
    return found


def _number(text: str) -> Number:
    chapter, section, place = map(int, text.split("."))
    return chapter, section, place


@cache
def named_in(file: str) -> set[str]:
    """Names of the tests in a file."""
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds) and node.name.startswith("test_")}


def test_the_table_of_the_standard_is_whole() -> None:
    assert len(level_2()) == 253, "70 of level 1 and 183 of level 2, says the standard"


def test_every_requirement_has_its_line_and_only_one() -> None:
    titles = ("Met", "The operator's", "Not met", "Does not apply")
    told = [number for title in titles for row in rows(title) for number in numbers(row[0])]
    assert sorted(level_2() - set(told)) == [], "not spoken of"
    assert sorted(each for each in set(told) if told.count(each) > 1) == [], "spoken of twice"
    assert all(numbers(row[0]) for title in titles for row in rows(title))


def test_what_is_met_is_shown_by_a_test() -> None:
    for row in rows("Met"):
        assert re.fullmatch(r"(`[\w/]+\.py::test_\w+` ?)+", row[-1]), row


def test_every_test_named_exists() -> None:
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", TEXT)
    assert len(named) > 90
    missing = [f"{file}::{name}" for file, name in named if name not in named_in(file)]
    assert missing == []


def test_every_part_that_the_table_leads_to_is_there() -> None:
    parts = re.split(r"^#+ (.+)$", TEXT, flags=re.MULTILINE)[1:]
    said = {
        title.lower().replace(" ", "-"): body for title, body in zip(parts[::2], parts[1::2], strict=True)
    }
    anchors = re.findall(r"\]\(#([\w-]+)\)", TEXT)
    assert len(anchors) > 8
    for anchor in anchors:
        assert len(said[anchor].split()) > 40, anchor


def test_uploads_are_documented() -> None:
    told = TEXT.partition("## Uploads\n")[2].partition("\n## ")[0]
    for format in get_args(Format):
        assert format.lower() in told.lower()
    for setting in re.findall(r"CHROMALAB_(\w+)", TEXT):
        assert setting.lower() in Settings.model_fields, setting
    for limit in (
        "max_body_bytes",
        "max_pixels",
        "batch_max_files",
        "batch_max_bytes",
        "batch_storage_bytes",
    ):
        assert limit.upper() in told


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_scopes_are_documented(scope: str) -> None:
    assert f"| `{scope}` |" in TEXT
