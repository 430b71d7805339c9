"""Convolution by hand: its page, the plain form behind it, and pictures under the same kernel."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response

from app.colorizing.extras import data_uri
from app.imaging.errors import PictureError, PictureTooLarge
from app.pages.assets import FOREVER
from app.pages.convolve.grids import MAX_IMAGE, MAX_KERNEL, cells, form_grid, read_grid
from app.pages.convolve.picture import LARGEST_SIDE, VALUES, filtered, png, reduced, usual_values
from app.pages.convolve.presets import IMAGES, KERNELS, USUAL, USUAL_IMAGE, USUAL_KERNEL
from app.pages.convolve.view import MODES, PADDINGS, Asked, View, view
from app.pages.forms import read_form
from app.pages.panel import ACCEPT
from app.pages.render import render
from app.pages.samples import SAMPLES, gray
from app.problems import NotFound, Problem, Unprocessable
from app.services import Services, services
from app.shapes import ShapeError

router = APIRouter(prefix="/convolve", include_in_schema=False)

Parts = Annotated[Services, Depends(services)]
MAX_PIXELS = 50_000_000
"""Largest picture that is filtered here, before it is reduced."""
USUAL_SAMPLE = "coffee"
CLIENT_GONE = 499  # nobody reads it; the log and the metrics do


@dataclass(frozen=True)
class Filtered:
    """A picture before and after, as addresses, and its size; `title` says what it shows."""

    before: str
    after: str
    size: tuple[int, int]
    title: str
    uploaded: bool = False


@router.get("")
async def convolve(
    request: Request,
    parts: Parts,
    image: str = "",
    kernel: str = "",
    mode: str = "",
    padding: str = "",
    stride: str = "",
    dilation: str = "",
    row: str = "",
    column: str = "",
    sample: str = "",
    values: str = "",
) -> Response:
    """Convolution by hand; the query holds both grids, the settings, and the output that is looked at."""
    grids = {"image": image, "kernel": kernel}
    settings = {"mode": mode, "padding": padding, "stride": stride, "dilation": dilation}
    shown = {"row": row, "column": column, "sample": sample, "values": values}
    asked = _asked({**grids, **settings, **shown})
    return _page(request, await parts.arithmetic.run(lambda: view(asked)))


@router.post("")
async def convolve_typed(request: Request, parts: Parts) -> Response:
    """The plain form's grids, under a link of their own."""
    asked = _asked(_fields(await read_form(request)))
    shown = await parts.arithmetic.run(lambda: view(asked))
    if shown.problem is None:
        return RedirectResponse(asked.address(), 303)
    return _page(request, shown)


@router.get("/picture.png")
async def sample_filtered(
    parts: Parts, kernel: str, sample: str = USUAL_SAMPLE, mode: str = "", values: str = ""
) -> Response:
    """A sample picture under a kernel."""
    if sample not in SAMPLES:
        raise NotFound(f"There is no sample {sample[:64]!r}.")
    try:
        grid = read_grid(kernel, "kernel", MAX_KERNEL)
    except ShapeError as error:
        raise Unprocessable(f"{error.detail}.") from None
    kind = values if values in VALUES else usual_values(grid)

    def draw() -> bytes:
        return png(filtered(reduced(gray(sample), max_pixels=MAX_PIXELS), grid, mode or USUAL["mode"], kind))

    content = await parts.arithmetic.run(draw)
    return Response(content, media_type="image/png", headers={"Cache-Control": FOREVER})


@router.post("/picture")
async def picture_filtered(request: Request, parts: Parts) -> Response:
    """The page with an uploaded picture under its kernel, of which nothing is kept; or with a sample."""
    asked = _asked({})
    texts = ("image", "kernel", "mode", "padding", "stride", "dilation", "row", "column", "values", "sample")
    try:
        async with parts.colorizer.inbox.receive(request, files="picture", texts=texts) as form:
            asked = _asked(form.texts)
            if asked.sample:  # its button was pressed, whatever file is chosen
                return RedirectResponse(asked.address(), 303)
            shown = await parts.arithmetic.run(lambda: view(asked))
            if form.errors or shown.problem:
                said = f"{form.errors[0].detail}." if form.errors else ""
                return _page(request, shown, said=said)
            upload = form.files[0]
            limit = min(MAX_PIXELS, parts.settings.max_pixels)
            result = await parts.arithmetic.run(lambda: _filter(upload.read(), upload.stem, shown, limit))
        return _page(request, shown, result)
    except ClientDisconnect:
        return Response(status_code=CLIENT_GONE)
    except PictureTooLarge as error:
        said, status = f"{error}.", 413
    except PictureError as error:
        said, status = f"{error}.", 422
    except Problem as problem:
        said, status = problem.detail, problem.status
    return _page(request, await parts.arithmetic.run(lambda: view(asked)), said=said, status=status)


def _filter(data: bytes, stem: str, shown: View, max_pixels: int) -> Filtered:
    before = reduced(data, max_pixels=max_pixels)
    values = shown.asked.values if shown.asked.values in VALUES else usual_values(shown.kernel)
    after = filtered(before, shown.kernel, shown.asked.mode, values)
    uris = [data_uri(png(picture), "image/png") for picture in (before, after)]
    return Filtered(uris[0], uris[1], before.size, stem or "the picture", uploaded=True)


@cache
def _sample_size(name: str) -> tuple[int, int]:
    return reduced(gray(name), max_pixels=MAX_PIXELS).size


def _asked(fields: Mapping[str, str]) -> Asked:
    """What the fields ask, the write-up's question where they leave something out."""
    given = {name: text for name, text in fields.items() if text.strip()}
    known = {"image": IMAGES[USUAL_IMAGE].grid, "kernel": KERNELS[USUAL_KERNEL].grid, **USUAL, **given}
    if known["mode"] not in MODES:
        known["mode"] = USUAL["mode"]
    if known.get("sample") not in SAMPLES:
        known.pop("sample", None)
    return Asked(**known)


def _fields(form: Mapping[str, str]) -> dict[str, str]:
    """What the plain form asks: a preset to load, or its cells in the size that was typed beside them."""
    names = ("mode", "padding", "stride", "dilation", "row", "column", "sample", "values")
    fields = {name: form.get(name, "") for name in names}
    grids = (("image", "i", IMAGES, MAX_IMAGE), ("kernel", "k", KERNELS, MAX_KERNEL))
    for name, prefix, presets, most in grids:
        preset = presets.get(form.get(f"{name}_preset", ""))
        loaded = form.get("load") == name and preset is not None
        fields[name] = preset.grid if loaded and preset else form_grid(form, prefix, most)
    return fields


def _page(
    request: Request, shown: View, result: Filtered | None = None, *, said: str = "", status: int = 200
) -> Response:
    asked = shown.asked
    sample = SAMPLES[asked.sample or USUAL_SAMPLE]
    values = asked.values if asked.values in VALUES else ""
    if result is None and shown.problem is None:
        query = {"sample": sample.name, "kernel": asked.kernel, "mode": asked.mode, "values": values}
        address = f"/convolve/picture.png?{urlencode(query, safe=',;/')}"
        result = Filtered(sample.gray_url, address, _sample_size(sample.name), sample.title)
    context: dict[str, Any] = {
        "view": shown,
        "asked": asked,
        "kernels": KERNELS,
        "images": IMAGES,
        "modes": MODES,
        "paddings": PADDINGS,
        "most": {"image": MAX_IMAGE, "kernel": MAX_KERNEL},
        "picture": result,
        "picture_problem": said,
        "samples": SAMPLES.values(),
        "sample": sample.name,
        "values": VALUES,
        "chosen_values": values,
        "usual_values": usual_values(shown.kernel) if shown.kernel else "",
        "accept": ACCEPT,
        "largest_side": LARGEST_SIDE,
        "typed": {"image": cells(asked.image), "kernel": cells(asked.kernel)},
    }
    if status == 200 and (shown.problem or said):
        status = 422
    return render(request, "convolve/page.html", context, status=status)
