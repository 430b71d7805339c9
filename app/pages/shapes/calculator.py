"""The shape calculator: a network in, every number of it out; by script through REST, or by a plain form."""

from collections.abc import Mapping
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.pages.forms import read_form
from app.pages.render import render
from app.pages.shapes.asked import Asked, asked_for, text_of, typed
from app.pages.shapes.comparison import comparison_address
from app.pages.shapes.view import COUNTS, FAMILIES, TOTALS, View, presets, view
from app.problems import FieldError, NotFound, Unprocessable
from app.services import Services, services
from app.shapes import ShapeError, analyse
from app.shapes.exporting.formats import FORMATS, export

router = APIRouter(prefix="/shapes", include_in_schema=False)

Parts = Annotated[Services, Depends(services)]
VALUE = "value."
"""Fields of the plain form that hold a symbol's value begin with this."""


@router.get("")
async def calculator(
    request: Request,
    parts: Parts,
    preset: str = "",
    z: str = "",
    network: str = "",
    symbols: str = "",
    layer: str = "",
    grows: str = "",
) -> Response:
    """The calculator; its query holds the network: a preset's name, a packed text, or a plain one."""

    def compute() -> View:
        return view(asked_for(preset, z, network), free=bool(symbols), layer=layer, grows=grows)

    return _page(request, await parts.arithmetic.run(compute))


@router.post("")
async def calculate(request: Request, parts: Parts) -> Response:
    """The plain form's network: under a link of its own, or in place where no link can hold it."""
    form = await read_form(request)
    asked = _asked(form)
    more = {name: form[name] for name in ("symbols", "layer", "grows") if form.get(name)}
    address = asked.address(**more)
    if asked.problem is None and address is not None:
        return RedirectResponse(address, 303)
    compute = partial(
        view,
        asked,
        free=bool(form.get("symbols")),
        layer=form.get("layer", ""),
        grows=form.get("grows", ""),
    )
    return _page(request, await parts.arithmetic.run(compute))


@router.post("/file")
async def network_file(request: Request, parts: Parts) -> Response:
    """The form's network as a file to keep, in the format of the button that was pressed."""
    form = await read_form(request)
    asked, name = _asked(form), form.get("format", "")
    if name not in FORMATS:
        raise NotFound(f"There is no format {name[:40]!r}; known are {', '.join(FORMATS)}.")

    def write() -> Response:
        try:
            if asked.body is None:
                raise asked.problem or ShapeError("there is no network")
            free = bool(form.get("symbols"))
            file = export(analyse(_without_values(asked.body) if free else asked.body), name, asked.name)
        except ShapeError as error:
            errors = [FieldError(error.pointer, error.detail)]
            raise Unprocessable("The network cannot be computed.", errors=errors) from None
        headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
        return Response(file.text, media_type=file.media_type, headers=headers)

    return await parts.arithmetic.run(write)


def _page(request: Request, shown: View) -> Response:
    context = {
        "view": shown,
        "asked": shown.asked,
        "counts": COUNTS,
        "totals": TOTALS,
        "presets": presets(),
        "families": FAMILIES,
        "formats": FORMATS,
        "compared": None if shown.asked.body is None else comparison_address(shown.asked),
    }
    return render(request, "shapes/calculator.html", context, status=422 if shown.problem else 200)


def _asked(form: Mapping[str, str]) -> Asked:
    """The network of the plain form: a preset to load, or the text with the values of its symbols."""
    if form.get("load"):
        return asked_for(form.get("preset", ""))
    text, known = form.get("text", ""), form.get("from", "")
    asked = typed(text) if text.strip() else asked_for(known)
    if known and asked.problem is None:
        original = asked_for(known)
        asked = original if original.body == asked.body else asked
    values = {
        name.removeprefix(VALUE): value.strip() for name, value in form.items() if name.startswith(VALUE)
    }
    if asked.body is None or not values:
        return asked
    kept = {name: int(value) if value.isdecimal() else value for name, value in values.items() if value}
    given = asked.body.get("substitute") or {}
    if isinstance(given, dict) and {n: str(v) for n, v in given.items()} == {
        n: str(v) for n, v in kept.items()
    }:
        return asked
    return typed(text_of({**_without_values(asked.body), "substitute": kept}))


def _without_values(body: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in body.items() if key != "substitute"}
