"""The solver's page: questions in its address, answers, and what it says to nonsense."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient

from app.pages.shapes.padding import padding_table
from app.pages.shapes.solver import HAS, block_question, question, solver_address

Get = Callable[..., Any]


def test_the_bare_page_asks_about_the_write_ups_slip(get: Get) -> None:
    page = get("/shapes/solve")
    answer = page.one("section", id="solution").text
    assert "No padding gives 32" in answer
    assert "padding 1 gives 31 while padding 2 gives 33, so nothing gives 32" in answer
    assert "rounding that up to 2 gives 33" in answer
    assert 'nn.Conv2d(…, …, 4, padding="same")' in answer
    missed = page.one("li", class_="is-missed")
    assert missed.text == "32never"


def test_a_question_in_the_address_is_answered_and_stands_in_the_fields(get: Get) -> None:
    query = (
        "type=ConvTranspose2d&input=8,+8&output=16&kernel_size=5&stride=2&solve=padding&solve=output_padding"
    )
    page = get(f"/shapes/solve?{query}")
    assert "The only solution" in page.one("section", id="solution").text
    assert "padding=2, output_padding=1" in page.one("section", id="solution").text
    assert page.one("input", id="input")["value"] == "8, 8"
    checked = [box["value"] for box in page.all("input", name="solve") if "checked" in box.attributes]
    assert checked[:2] == ["padding", "output_padding"]


def test_the_page_and_rest_answer_alike(client: TestClient, get: Get) -> None:
    asked = {"type": "Conv2d", "input": 30, "output": 15, "kernel_size": 5, "solve": ["stride", "padding"]}
    answer = client.post("/api/v1/shapes/solve", json=asked).json()
    page = get(solver_address(asked))
    rows = [tr.text.split() for tr in page.all("tr") if "nn.Conv2d" in tr.text]
    shown = [
        {"stride": int(row[0][0]), "padding": int(row[0][1])} if len(row[0]) == 2 else None for row in rows
    ]
    assert len(rows) == len(answer["solutions"]) > 1
    assert all(one is None or one in answer["solutions"] for one in shown)


@pytest.mark.parametrize("cell", [cell for line in padding_table() for cell in line.cells])
def test_cells_of_the_table_lead_to_their_question(cell: Any, get: Get) -> None:
    page = get(solver_address(cell.question))
    assert ("No padding gives" in page.one("section", id="solution").text) == (cell.text == "none")


def test_a_block_from_json_and_from_source(get: Get) -> None:
    layers = '[{"type": "Conv2d", "kernel_size": 5}, {"type": "ReLU"}, {"type": "Conv2d", "kernel_size": 3}]'
    source = "nn.Sequential(nn.Conv2d(3, 8, 5), nn.ReLU(), nn.Conv2d(8, 8, 3))"
    for text in (layers, source):
        query = urlencode({"layers": text, "input": "32", "output": "32", "solve": "padding", "each": "1"})
        answer = get(f"/shapes/solve?{query}").one("section", id="block-solution").text
        assert "The only solution" in answer and "padding 2" in answer and "padding 1" in answer


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("type=Conv2d&input=32&output=32&kernel_size=3", "solve"),
        ("type=Conv2d&input=&output=32&kernel_size=3&solve=padding", "input is missing"),
        ("type=Conv2d&input=a&output=32&kernel_size=3&solve=padding", "input"),
        ("type=Conv2d&input=1e999&output=32&kernel_size=3&solve=padding", "input"),
        (f"type=Conv2d&input={'9' * 5000}&output=32&kernel_size=3&solve=padding", "input"),
        ("type=ReLU&input=3&output=3&solve=padding", "ReLU"),
        ("type=%3Cb%3E&input=3&output=3&solve=padding", "type"),
        ("type=Conv2d&input=1,2,3&output=3&kernel_size=3&solve=padding", "input"),
    ],
)
def test_nonsense_is_refused_in_words(get: Get, query: str, said: str) -> None:
    page = get(f"/shapes/solve?{query}", 422)
    assert said in page.one("section", id="solution").text


@pytest.mark.parametrize(
    "layers", ["", "[", "[]", '[{"type": "LSTM"}]', "nn.Sequential(", "5", '{"a": 1}', "__import__('os')"]
)
def test_blocks_that_are_none_are_refused_in_words(get: Get, layers: str) -> None:
    query = urlencode({"layers": layers, "input": "8", "output": "8", "solve": "padding"})
    page = get(f"/shapes/solve?{query}", 422)
    assert page.one("section", id="block-solution").text.strip()


def test_what_the_layer_does_not_have_is_not_asked() -> None:
    asked = {"type": "MaxPool2d", "input": "8", "output": "4", "kernel_size": "2, 3", "output_padding": "1"}
    assert "output_padding" not in HAS["MaxPool2d"]
    assert question({**asked, "solve": ["stride", "output_padding"]}) == {
        "type": "MaxPool2d",
        "input": 8,
        "output": 4,
        "kernel_size": [2, 3],
        "solve": ["stride"],
    }


def test_a_block_is_asked_about_every_layer_only_when_wished() -> None:
    fields = {"layers": "[]", "input": "8", "output": "(4, 4)", "solve": ["padding"]}
    assert block_question(fields) == {
        "layers": [],
        "input": 8,
        "output": [4, 4],
        "solve": ["padding"],
        "each": False,
    }
