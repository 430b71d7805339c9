"""One picture of a batch in colour, or in words what is wrong with it."""

import io

import numpy as np
import pytest
from PIL import Image

from app.batches.painting import SMALL, as_problem, paint, problem_json, small_picture
from app.batches.record import BatchParams
from app.colorizing.backends.eager import Eager
from app.colorizing.options import UnsupportedOption
from app.colorizing.pipeline import Order, colorize
from app.colorizing.registry import Registry
from app.imaging.errors import BrokenPicture, PictureTooLarge, UnsupportedPicture
from app.lab.demo import DemoError
from app.problems import Problem
from app.settings import Settings
from tests.batches.works import gray_picture

PARAMS = BatchParams(model="photo", files=1, bytes=1)


def test_it_is_what_colouring_the_picture_alone_gives(settings: Settings) -> None:
    data = gray_picture(3)
    registry = Registry(settings.models_dir)
    alone = colorize(
        data, registry.load("photo"), registry.card("photo"), Order(), max_pixels=10**6, threads=1
    )
    assert paint(data, PARAMS, settings).image == alone.image


@pytest.mark.parametrize(
    ("data", "status"), [(b"", 422), (b"text", 415), (gray_picture()[:90], 422), (b"GIF89a" + bytes(40), 415)]
)
def test_what_is_wrong_with_a_picture_is_told(settings: Settings, data: bytes, status: int) -> None:
    with pytest.raises(Problem) as told:
        paint(data, PARAMS, settings)
    body = problem_json(told.value)
    assert set(body) == {"type", "title", "status", "detail"}
    assert body["status"] == status
    assert body["detail"].endswith(".")


def test_too_many_pixels_are_told(settings: Settings) -> None:
    with pytest.raises(Problem, match="1,200 pixels") as told:
        paint(gray_picture(), PARAMS, settings.model_copy(update={"max_pixels": 1199}))
    assert told.value.status == 413


def test_a_model_that_is_not_there_stops_the_batch_and_not_one_picture(settings: Settings) -> None:
    with pytest.raises(DemoError, match="nonesuch"):
        paint(gray_picture(), PARAMS.model_copy(update={"model": "nonesuch"}), settings)


def test_a_network_that_fails_costs_one_picture(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Eager, planes: object) -> None:
        raise RuntimeError("a secret of the inside")

    paint(gray_picture(), PARAMS, settings)
    monkeypatch.setattr(Eager, "__call__", fail)
    with pytest.raises(Problem) as told:
        paint(gray_picture(), PARAMS, settings)
    assert told.value.status == 500
    assert "secret" not in told.value.detail


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (PictureTooLarge("too many"), 413),
        (UnsupportedPicture("a GIF"), 415),
        (BrokenPicture("cut off"), 422),
        (UnsupportedOption("format", "too wide"), 422),
        (MemoryError(), 503),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), 503),
        (ValueError("anything else"), 500),
    ],
)
def test_each_failure_has_its_problem(error: Exception, status: int) -> None:
    assert as_problem(error).status == status


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP"])
def test_a_small_picture_has_the_colours_of_the_large_one(format: str) -> None:
    across = np.linspace(0, 255, 1200, dtype=np.uint8)
    rgb = np.stack(
        [np.tile(across, (600, 1)), np.full((600, 1200), 90, np.uint8), np.tile(255 - across, (600, 1))], 2
    )
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, format)
    with Image.open(io.BytesIO(small_picture(out.getvalue()))) as small:
        assert (small.format, small.size) == ("JPEG", (SMALL, SMALL // 2))
        middle = small.getpixel((SMALL // 2, SMALL // 4))
    assert np.abs(np.array(middle) - (127, 90, 128)).max() < 12


def test_a_small_picture_keeps_alpha_and_is_never_larger() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (30, 20), (200, 10, 10, 128)).save(out, "PNG")
    with Image.open(io.BytesIO(small_picture(out.getvalue()))) as small:
        assert (small.format, small.mode, small.size) == ("PNG", "RGBA", (30, 20))
        assert small.getpixel((5, 5)) == (200, 10, 10, 128)
