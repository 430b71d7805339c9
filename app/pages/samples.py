"""Four photographs to try the service with: shown in gray, kept in colour to compare with."""

from dataclasses import dataclass
from functools import cache
from io import BytesIO

from fastapi import APIRouter
from PIL import Image
from starlette.responses import Response

from app.imaging.pictures import decode_picture
from app.pages.assets import FOREVER, digest
from app.problems import NotFound
from app.resources import static_dir

LARGEST_PIXELS = 1_000_000
THUMBNAIL = (160, 120)
CELL_WIDTH = 240


@dataclass(frozen=True)
class Sample:
    """A photograph of `static/samples`; its rights are in CREDITS.md there."""

    name: str
    title: str

    @property
    def gray_url(self) -> str:
        """Address of the picture in gray, as it would be uploaded."""
        return self._url("gray")

    @property
    def thumbnail_url(self) -> str:
        """Address of a small gray cut."""
        return self._url("thumbnail")

    @property
    def truth_url(self) -> str:
        """Address of the picture in its true colours, as wide as a table cell."""
        return self._url("truth")

    @property
    def small_gray_url(self) -> str:
        """Address of the gray picture as wide as a table cell."""
        return self._url("small")

    @property
    def height(self) -> int:
        """Height in a table cell."""
        return cell_size(self.name)[1]

    def _url(self, kind: str) -> str:
        return f"/samples/{self.name}/{kind}.jpg?v={digest()}"


SAMPLES = {
    sample.name: sample
    for sample in (
        Sample("astronaut", "An astronaut in a flight suit before a flag"),
        Sample("chelsea", "A tabby cat"),
        Sample("coffee", "A cup of coffee on a wooden table"),
        Sample("rocket", "A rocket lifting off at dusk"),
    )
}

router = APIRouter(include_in_schema=False)


@router.get("/samples/{name}/{kind}.jpg")
def sample_picture(name: str, kind: str) -> Response:
    """A sample in gray or in colour, large or small."""
    if name not in SAMPLES or kind not in VIEWS:
        raise NotFound(f"There is no sample picture {name}/{kind}.")
    return Response(VIEWS[kind](name), media_type="image/jpeg", headers={"Cache-Control": FOREVER})


@cache
def gray(name: str) -> bytes:
    """The sample as a gray JPEG at its full size."""
    return _jpeg(_gray(name), quality=88)


@cache
def small_gray(name: str) -> bytes:
    """The gray sample as wide as a table cell."""
    return _jpeg(to_cell(_gray(name)), quality=76)


@cache
def thumbnail(name: str) -> bytes:
    """A 4:3 cut of the gray sample."""
    picture = _gray(name)
    width, height = picture.size
    cut = min(width, height * 4 // 3)
    left, top = (width - cut) // 2, (height - cut * 3 // 4) // 3
    return _jpeg(picture.resize(THUMBNAIL, box=(left, top, left + cut, top + cut * 3 // 4)), quality=76)


@cache
def truth(name: str) -> bytes:
    """The sample in its true colours, as wide as a table cell."""
    return _jpeg(to_cell(Image.open(BytesIO(original(name)))), quality=76)


@cache
def original(name: str) -> bytes:
    """The sample's file, in colour."""
    return (static_dir() / "samples" / f"{name}.jpg").read_bytes()


@cache
def cell_size(name: str) -> tuple[int, int]:
    """Width and height of the sample in a table cell."""
    with Image.open(BytesIO(original(name))) as picture:
        return _cell_size(picture)


def to_cell(picture: Image.Image) -> Image.Image:
    """The picture reduced to a table cell's width."""
    return picture.resize(_cell_size(picture), Image.Resampling.LANCZOS)


def _cell_size(picture: Image.Image) -> tuple[int, int]:
    return CELL_WIDTH, round(CELL_WIDTH * picture.height / picture.width)


def _gray(name: str) -> Image.Image:
    return Image.fromarray(decode_picture(original(name), max_pixels=LARGEST_PIXELS).gray)


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=quality, optimize=True)
    return buffer.getvalue()


VIEWS = {"gray": gray, "small": small_gray, "thumbnail": thumbnail, "truth": truth}
