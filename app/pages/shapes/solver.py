"""The solver: settings that give a wanted size, through one layer or several; or why none does."""

import json
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from app.pages.render import render
from app.pages.shapes.padding import padding_table
from app.pages.shapes.solved import BlockSolved, Solved, solved, solved_block
from app.services import Services, services
from app.shapes import ShapeError
from app.shapes.importing import import_network
from app.shapes.json_text import parse_json
from app.shapes.layers import LAYERS
from app.shapes.solving.question import DEFAULT_BOUNDS, NAMES, solvable

router = APIRouter(prefix="/shapes", include_in_schema=False)

TYPES = tuple(name for name in LAYERS if solvable(name))
HAS = {kind: [name for name in NAMES if LAYERS[kind].argument(name)] for kind in TYPES}
SLIDERS = {
    "kernel_size": (1, 15, 3),
    "stride": (1, 8, 1),
    "padding": (0, 15, 0),
    "dilation": (1, 8, 1),
    "output_padding": (0, 7, 0),
}
"""Least, most and usual value of each slider; the field beside it takes any."""
LARGEST_SLID = 128
USUAL: Mapping[str, Any] = {
    "type": "Conv2d",
    "input": "32",
    "output": "32",
    "kernel_size": "4",
    "stride": "1",
    "solve": ["padding"],
}
"""The question of a bare address: the write-up's slip."""
USUAL_BLOCK: Mapping[str, Any] = {
    "layers": """[
  {"type": "Conv2d", "kernel_size": 5},
  {"type": "BatchNorm2d"},
  {"type": "ReLU"},
  {"type": "Conv2d", "kernel_size": 3, "dilation": 2}
]""",
    "input": "32",
    "output": "32",
    "solve": ["padding"],
    "each": "1",
}


@router.get("/solve")
async def solver(request: Request, parts: Annotated[Services, Depends(services)]) -> Response:
    """The solver; its query is the question, or with `layers` that about a block."""
    given = _fields(request.query_params)
    asked = given if "layers" not in given and given.keys() > {"solve"} else USUAL
    block = given if "layers" in given else USUAL_BLOCK

    def compute() -> tuple[Solved, BlockSolved]:
        return _solved(asked), _block_solved(block)

    one, several = await parts.arithmetic.run(compute)
    context = {
        "asked": asked,
        "solved": one,
        "block": block,
        "block_solved": several,
        "has": HAS,
        "names": NAMES,
        "bounds": DEFAULT_BOUNDS,
        "sliders": SLIDERS,
        "largest": LARGEST_SLID,
        "padding_table": padding_table(),
        "address": solver_address,
    }
    refused = one.problem or several.problem
    return render(request, "shapes/solve.html", context, status=422 if refused else 200)


def solver_address(question: Mapping[str, Any]) -> str:
    """A link to this page with a question as `POST /api/v1/shapes/solve` takes it."""
    pairs: list[tuple[str, str]] = []
    for name, value in question.items():
        if name == "solve":
            pairs += [("solve", item) for item in ([value] if isinstance(value, str) else value)]
        elif name == "layers":
            pairs.append((name, json.dumps(value)))
        elif isinstance(value, list | tuple):
            pairs.append((name, ", ".join(map(str, value))))
        else:
            pairs.append((name, str(value)))
    return f"/shapes/solve?{urlencode(pairs)}"


def question(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The question that the fields of the form ask; what its layer type does not have is left out."""
    kind = asked.get("type", "")
    names = HAS.get(kind, [])
    wanted = [name for name in asked["solve"] if name in names]
    body: dict[str, Any] = {"type": kind, "input": _sizes(asked, "input"), "output": _sizes(asked, "output")}
    body |= {name: _sizes(asked, name) for name in names if name not in wanted and asked.get(name)}
    return {**body, "solve": wanted}


def block_question(asked: Mapping[str, Any]) -> dict[str, Any]:
    """The question about a block that the fields of the form ask; layers as JSON, or as source."""
    text = str(asked["layers"])
    listed = text.lstrip().startswith(("[", "{"))
    return {
        "layers": parse_json(text) if listed else import_network(text)["layers"],
        "input": _sizes(asked, "input"),
        "output": _sizes(asked, "output"),
        "solve": list(asked["solve"]),
        "each": bool(asked.get("each")),
    }


def _fields(query: QueryParams) -> dict[str, Any]:
    fields: dict[str, Any] = {name: text.strip() for name, text in query.items() if name != "solve"}
    return {**fields, "solve": query.getlist("solve")}


def _solved(asked: Mapping[str, Any]) -> Solved:
    try:
        return solved(question(asked))
    except ShapeError as error:
        return Solved(problem=error)


def _block_solved(asked: Mapping[str, Any]) -> BlockSolved:
    try:
        return solved_block(block_question(asked))
    except ShapeError as error:
        return BlockSolved(problem=error)


def _sizes(asked: Mapping[str, Any], name: str) -> Any:
    """One integer, a list of them, or the text itself, for the library to refuse; None where it is empty."""
    text = str(asked.get(name, "")).strip("[]() ")
    parts = [part.strip() for part in text.split(",")]
    read = [int(part) if part.isascii() and part.isdigit() and len(part) < 20 else part for part in parts]
    return None if not text else read[0] if len(read) == 1 else read
