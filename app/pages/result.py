"""The result of the plain form: both pictures inside the page, nothing kept on the server."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import astuple
from io import BytesIO

from markupsafe import Markup
from PIL import Image
from starlette.requests import Request
from starlette.responses import StreamingResponse

from app.colorizing.extras import data_uri
from app.colorizing.inbox import Upload
from app.colorizing.pipeline import Result
from app.imaging.pictures import decode_picture
from app.pages.panel import Choice
from app.pages.render import environment

PREVIEW_SIDE = 1280
ENDINGS = {"jpeg": "jpg"}
PICTURE_GOES_HERE = Markup("<>")
"""Stands for the full picture in the rendered page; no text can forge it, because templates escape it."""
BLOCK = 3 * 2**18
"""Bytes turned into base64 at once; a multiple of 3, so that no padding comes in between."""


def result_page(request: Request, upload: Upload, result: Result, choice: Choice) -> StreamingResponse:
    """A page with small previews and the full picture behind the download, which is never held as text."""
    image = result.image
    assert image is not None
    before, after = previews(image)
    stem = upload.stem or "picture"
    page = (
        environment()
        .get_template("result.html")
        .render(
            path=request.url.path,
            name=stem,
            before=data_uri(before, "image/webp"),
            after=data_uri(after, "image/webp"),
            picture=PICTURE_GOES_HERE,
            media_type=f"image/{result.format}",
            download_name=f"{stem}-colorized.{ENDINGS.get(result.format, result.format)}",
            again=choice.for_another().address(),
            steer=choice.address() if choice.steerable else "",
            width=result.width,
            height=result.height,
            model=result.card,
            seconds=sum(astuple(result.timings)),
        )
    )
    head, tail = page.split(PICTURE_GOES_HERE)

    def body() -> Iterator[bytes]:
        yield head.encode()
        for start in range(0, len(image), BLOCK):
            yield b64encode(image[start : start + BLOCK])
        yield tail.encode()

    return StreamingResponse(body(), media_type="text/html; charset=utf-8")


def previews(image: bytes) -> tuple[bytes, bytes]:
    """The picture without and with its colour, as WebP of at most PREVIEW_SIDE pixels."""
    full = Image.open(BytesIO(image))
    full.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE), Image.Resampling.LANCZOS)
    small = full.convert("RGBA" if full.has_transparency_data else "RGB")
    lossless = BytesIO()
    small.save(lossless, "PNG", compress_level=1)
    picture = decode_picture(lossless.getvalue(), max_pixels=PREVIEW_SIDE**2)
    gray = Image.fromarray(picture.gray)
    if picture.alpha is not None:
        gray = Image.merge("LA", (gray, Image.fromarray(picture.alpha)))
    return _webp(gray), _webp(small)


def _webp(picture: Image.Image) -> bytes:
    buffer = BytesIO()
    picture.convert("RGBA" if picture.has_transparency_data else "RGB").save(buffer, "WEBP", quality=86)
    return buffer.getvalue()
