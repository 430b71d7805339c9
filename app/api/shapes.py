"""Exact network shapes: computed, solved backwards, read from text, and taken away in other forms."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from app.api.computed import computed
from app.api.schemas import (
    BlockQuestion,
    Comparison,
    ImportText,
    ShapesNetwork,
    ShapesResult,
    SolveAnswer,
    SolveQuestion,
    gives,
    takes,
)
from app.problems import FieldError, NotFound, Unprocessable, responses
from app.services import Services, services
from app.shapes import ShapeError, analyse
from app.shapes.catalogue import catalogue
from app.shapes.drawing import to_svg
from app.shapes.exporting import result_json
from app.shapes.exporting.formats import FORMATS, export
from app.shapes.importing import import_network
from app.shapes.inspection import inspect_layer, read_position
from app.shapes.presets import load_preset, preset_list, preset_names
from app.shapes.scaling import MAX_FACTOR, compare, scaling
from app.shapes.solving import solve, solve_block

router = APIRouter(prefix="/shapes", tags=["Shapes"])

Parts = Annotated[Services, Depends(services)]
INCLUDABLE = ("formulas", "drawing")

_SYMBOLS = {
    "input": ["NIC", 32, 32],
    "layers": [
        {
            "type": "Conv2d",
            "name": "conv1",
            "out_channels": "NF",
            "kernel_size": "k",
            "padding": "same",
            "bias": False,
        },
        {"type": "MaxPool2d", "kernel_size": 2},
    ],
    "batch": 1,
    "substitute": {"NF": 32},
}
_SKIP = {
    "input": [16, 32, 32],
    "layers": [
        {"type": "Conv2d", "name": "conv", "out_channels": 16, "kernel_size": 3, "padding": 1},
        {"type": "Add", "inputs": ["conv", "input"]},
    ],
}
_QUESTION = {
    "type": "ConvTranspose2d",
    "input": [8, 8],
    "output": [16, 16],
    "kernel_size": 5,
    "stride": 2,
    "solve": ["padding", "output_padding"],
}
_NONE = {"type": "Conv2d", "input": 32, "output": 32, "kernel_size": 4, "stride": 1, "solve": ["padding"]}
_BLOCK = {
    "layers": [{"type": "Conv2d", "kernel_size": 5}, {"type": "ReLU"}, {"type": "Conv2d", "kernel_size": 3}],
    "input": [32, 32],
    "output": [32, 32],
    "solve": ["padding"],
    "each": True,
}
_TEXT = {"text": "nn.Sequential(nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))"}
_NETWORK = takes(ShapesNetwork, examples={"Symbols": _SYMBOLS, "A skip connection": _SKIP})


@router.post(
    "",
    summary="Compute a network",
    response_class=Response,
    responses=gives(ShapesResult, "Every layer, totals, and PyTorch code.", result_json(analyse(_SYMBOLS))),
    openapi_extra=_NETWORK,
)
async def compute(
    request: Request,
    parts: Parts,
    include: Annotated[
        list[str],
        Query(
            description="Add `formulas` (each layer's equations in LaTeX, its numbers put in) or `drawing` "
            "(the network as SVG); repeated or comma-separated for both.",
            examples=[["formulas"]],
        ),
    ] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Every shape, count and receptive field of a network, exactly, with numbers or with symbols."""
    wanted = _included(include)

    def answer(body: Any) -> object:
        report = analyse(body)
        result = result_json(report, formulas="formulas" in wanted)
        if "drawing" in wanted:
            result["drawing"] = to_svg(report)
        return result

    return await computed(request, parts, answer)


@router.post(
    "/layer",
    summary="Look at one layer",
    response_class=Response,
    responses=gives(None, "The layer, its formulas as LaTeX and MathML, and what one output sees."),
    openapi_extra=_NETWORK,
)
async def layer(
    request: Request,
    parts: Parts,
    name: Annotated[str, Query(description="The layer's name.", examples=["conv1"])],
    position: Annotated[
        str,
        Query(description="An element of its output, such as 0,16,16; the middle one unless given."),
    ] = "",
) -> Response:
    """One layer of a network in depth: arguments in effect, formulas, what one output sees of the input."""

    def answer(body: Any) -> object:
        report = analyse(body)
        return inspect_layer(report, name, read_position(position) if position else None).to_json()

    return await computed(request, parts, answer)


@router.post(
    "/scaling",
    summary="Multiply a symbol",
    response_class=Response,
    responses=gives(
        None, "Totals before and after.", scaling({**_SYMBOLS, "substitute": {}}, "NF").to_json()
    ),
    openapi_extra=_NETWORK,
)
async def scale(
    request: Request,
    parts: Parts,
    symbol: Annotated[str, Query(description="A symbol of the network.", examples=["NF"])],
    factor: Annotated[int, Query(ge=2, le=MAX_FACTOR)] = 2,
) -> Response:
    """What changes in a network's totals when one of its symbols doubles, or grows by another factor."""
    return await computed(request, parts, lambda body: scaling(body, symbol, factor).to_json())


@router.post(
    "/compare",
    summary="Compare two networks",
    response_class=Response,
    responses=gives(None, "Both results, and the second's totals against the first's."),
    openapi_extra=takes(
        Comparison,
        examples={
            "The write-up's CNN and FCNN": {
                "networks": [load_preset("write-up-cnn"), load_preset("write-up-fcnn")]
            }
        },
    ),
)
async def compare_two(request: Request, parts: Parts) -> Response:
    """Two networks side by side: each computed, and how many times the second's counts are the first's."""
    return await computed(request, parts, _compared)


@router.post(
    "/export",
    summary="Take a network away",
    response_class=Response,
    responses={
        200: {
            "description": "The file.",
            "content": {
                form.media_type: {"schema": {} if name == "json" else {"type": "string"}}
                for name, form in FORMATS.items()
            },
        }
    },
    openapi_extra=_NETWORK,
)
async def take_away(
    request: Request,
    parts: Parts,
    format: Annotated[
        Literal["json", "csv", "markdown", "latex", "pytorch", "svg"],
        Query(description="PyTorch code that runs, a table, a drawing, or the result as JSON."),
    ],
) -> Response:
    """A computed network as a file: PyTorch code, CSV, Markdown, a LaTeX table, an SVG drawing, or JSON."""

    def answer(body: Any) -> Response:
        file = export(analyse(body), format, _title(body))
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(file.text, media_type=file.media_type, headers=headers)

    return await computed(request, parts, answer)


@router.post(
    "/solve",
    summary="Solve for settings",
    response_class=Response,
    responses=gives(SolveAnswer, "Every solution, or the proof that there is none.", solve(_NONE).to_json()),
    openapi_extra=takes(
        SolveQuestion,
        BlockQuestion,
        examples={"A transposed convolution": _QUESTION, "No solution": _NONE, "A whole block": _BLOCK},
    ),
)
async def solve_for(request: Request, parts: Parts) -> Response:
    """Which kernel, stride, padding, dilation and output_padding give a wanted size; or why none does.

    With `layers`, the settings of several layers in a row.
    """
    return await computed(request, parts, _solved)


@router.post(
    "/import",
    summary="Read a network from text",
    response_class=Response,
    responses=gives(
        ShapesNetwork, "A body for POST /shapes, and what the text left open.", import_network(_TEXT["text"])
    ),
    openapi_extra=takes(ImportText, examples={"Source": _TEXT}),
)
async def read_text(request: Request, parts: Parts) -> Response:
    """A network out of what `print(model)` shows or `nn.Sequential(…)` source, parsed and never run."""
    return await computed(request, parts, _imported)


@router.get("/layers", summary="List the layer types", responses=gives(None, "The catalogue."))
def list_layers() -> dict[str, Any]:
    """Every layer type with its arguments, defaults and formulas in LaTeX, and the limits of networks."""
    return catalogue()


@router.get("/presets", summary="List the presets", responses=gives(None, "Names, titles and inputs."))
def list_presets() -> dict[str, Any]:
    """Networks that are ready to be computed: the write-up's, the course's, torchvision's."""
    return {"presets": list(preset_list())}


@router.get(
    "/presets/{name}",
    summary="Show a preset",
    responses={
        **gives(ShapesNetwork, "The body of a request.", load_preset("write-up-cnn")),
        **responses(NotFound),
    },
)
def show_preset(name: Annotated[str, Path(examples=["write-up-cnn"])]) -> dict[str, Any]:
    """A preset, ready to post to /shapes."""
    if name not in preset_names():
        raise NotFound(f"There is no preset {name[:64]!r}; GET /api/v1/shapes/presets lists them.")
    return load_preset(name)


def _included(include: list[str]) -> frozenset[str]:
    named = [name.strip() for value in include for name in value.split(",") if name.strip()]
    for name in named:
        if name not in INCLUDABLE:
            detail = f"{name[:40]!r} cannot be included; {' and '.join(INCLUDABLE)} can"
            raise Unprocessable(f"{detail}.", errors=[FieldError("/include", detail)])
    return frozenset(named)


def _title(body: Mapping[str, Any]) -> str:
    named = body.get("name") or body.get("title")
    return named if isinstance(named, str) else "network"


def _solved(body: Any) -> object:
    whole_block = isinstance(body, dict) and "layers" in body
    return (solve_block(body) if whole_block else solve(body)).to_json()


def _compared(body: Any) -> object:
    if not isinstance(body, dict) or set(body) != {"networks"}:
        raise ShapeError("expected an object with networks and nothing else")
    networks = body["networks"]
    if not isinstance(networks, list) or len(networks) != 2:
        raise ShapeError("networks: expected a list of two", "/networks")
    reports = []
    for i, network in enumerate(networks):
        try:
            reports.append(analyse(network))
        except ShapeError as error:
            raise error.below(f"/networks/{i}") from None
    changes = compare(*reports)
    return {
        "networks": [result_json(report) for report in reports],
        "changes": {name: change.to_json() for name, change in changes.items()},
    }


def _imported(body: Any) -> object:
    if not isinstance(body, dict) or set(body) != {"text"}:
        raise ShapeError('expected an object with one field, such as {"text": "nn.Sequential(…)"}')
    return import_network(body["text"])
