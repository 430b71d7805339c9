"""Whole pictures through the pipeline, against its parts and against PyTorch."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from app.colorizing.backends import Backend
from app.colorizing.options import Options, UnsupportedOption
from app.colorizing.pipeline import SMALL_PIXELS, NeedsRoom, Order, Result, advance, colorize, steps
from app.colorizing.registry import Registry
from app.colorizing.timings import Timings
from app.imaging.errors import BrokenPicture, PictureTooLarge
from app.imaging.restore import restored
from app.networks.card import Card, read_card
from app.networks.weights import load_network
from tests.colorizing.painting import MAX_PIXELS, opened, paint, saved, scene


@pytest.fixture(scope="module")
def registry(tiny_models: Path) -> Registry:
    return Registry(tiny_models)


@pytest.fixture(params=["horses", "photo"])
def model(request: pytest.FixtureRequest, registry: Registry) -> tuple[Backend, Card]:
    return registry.load(request.param), registry.card(request.param)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (7, 5), (32, 32), (33, 31), (200, 300)])
def test_any_size_comes_back_as_it_was(model: tuple[Backend, Card], size: tuple[int, int]) -> None:
    gray = scene(*size)
    result = paint(saved(gray), model)
    assert (result.height, result.width) == size
    image = opened(result.image)
    assert (image.format, image.mode, image.size) == ("PNG", "RGB", size[::-1])
    assert all(getattr(result.timings, stage) > 0 for stage in ("decode", "network", "join", "encode"))


def test_colours_are_added_and_luminance_is_kept(model: tuple[Backend, Card]) -> None:
    gray = scene(64, 64)
    rgb = np.asarray(opened(paint(saved(gray), model, temperature=0.0).image))
    assert np.ptp(rgb.astype(int), axis=2).max() > 10
    linear = np.where(rgb <= 0.04045 * 255, rgb / 255 / 12.92, ((rgb / 255 + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.212671, 0.715160, 0.072169]
    back = np.where(luminance <= 0.0031308, 12.92 * luminance, 1.055 * luminance ** (1 / 2.4) - 0.055) * 255
    assert np.abs(back - gray).max() < 1.5


def test_without_saturation_gray_stays_gray(model: tuple[Backend, Card]) -> None:
    gray = scene(40, 60)
    rgb = np.asarray(opened(paint(saved(gray), model, saturation=0.0).image))
    np.testing.assert_array_equal(rgb, np.repeat(gray[:, :, None], 3, axis=2))


def test_saturation_and_temperature_are_heeded(model: tuple[Backend, Card]) -> None:
    data = saved(scene(64, 64))
    colors = {
        (saturation, temperature): np.asarray(
            opened(paint(data, model, saturation=saturation, temperature=temperature).image)
        ).astype(int)
        for saturation, temperature in [(0.5, 0.0), (1.0, 0.0), (1.0, 1.0)]
    }
    spread = {setting: np.ptp(rgb, axis=2).mean() for setting, rgb in colors.items()}
    assert spread[0.5, 0.0] < spread[1.0, 0.0]
    assert spread[1.0, 1.0] < spread[1.0, 0.0]  # the mean of many colours is grayer than the likeliest


def test_sixteen_bits_and_alpha_are_kept(model: tuple[Backend, Card]) -> None:
    deep = paint(saved(scene(40, 40, np.uint16)), model)
    assert deep.image is not None
    assert deep.image[24:26] == bytes([16, 2])  # IHDR: bit depth 16, colour type RGB
    gray, alpha = scene(40, 40), scene(40, 40, seed=1)
    see_through = opened(paint(saved(np.stack([gray, alpha], axis=2)), model).image)
    assert see_through.mode == "RGBA"
    np.testing.assert_array_equal(np.asarray(see_through)[:, :, 3], alpha)


@pytest.mark.parametrize(
    ("uploaded", "asked", "answered"),
    [
        ("PNG", None, "PNG"),
        ("JPEG", None, "JPEG"),
        ("WEBP", None, "WEBP"),
        ("TIFF", None, "PNG"),
        ("PNG", "jpeg", "JPEG"),
        ("JPEG", "webp", "WEBP"),
        ("TIFF", "png", "PNG"),
    ],
)
def test_format_is_as_uploaded_unless_asked(
    model: tuple[Backend, Card], uploaded: str, asked: str | None, answered: str
) -> None:
    result = paint(saved(scene(20, 20), uploaded), model, format=asked)
    assert opened(result.image).format == answered
    assert result.format == answered.lower()


def test_exif_orientation_turns_the_answer_upright(model: tuple[Backend, Card]) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    result = paint(saved(scene(20, 40), "JPEG", exif=exif), model)
    assert (result.width, result.height) == (20, 40)
    assert opened(result.image).size == (20, 40)
    assert not opened(result.image).getexif()


def test_classes_are_the_network_s_for_the_exact_gray_values(registry: Registry, tiny_models: Path) -> None:
    gray = np.random.default_rng(0).integers(0, 65536, (32, 32), dtype=np.uint16)
    model = registry.load("horses"), registry.card("horses")
    result = paint(saved(gray), model, "classes")
    network = load_network(tiny_models / "horses", read_card(tiny_models / "horses"))
    with torch.inference_mode():
        logits = network(torch.from_numpy(gray.astype(np.float32) / np.float32(65535))[None, None])
    np.testing.assert_array_equal(result.classes, logits[0].argmax(dim=0).numpy())
    assert result.image is None
    assert result.uncertainty is None
    assert result.timings.join == result.timings.encode == 0


def test_uncertainty_is_at_the_network_s_resolution(model: tuple[Backend, Card]) -> None:
    result = paint(saved(scene(300, 200)), model, "image", "uncertainty")
    assert result.image is not None
    assert result.uncertainty is not None
    height, width = result.uncertainty.shape
    assert height / width == pytest.approx(1.5, rel=0.2)
    assert height * width == pytest.approx(32 * 32, rel=0.2)
    assert result.uncertainty.min() >= 0
    assert result.uncertainty.max() <= 1


def test_room_is_asked_for_before_a_picture_is_decoded(model: tuple[Backend, Card]) -> None:
    backend, card = model
    reads = []
    data = saved(scene(1025, 1024), compress_level=1)

    def read() -> bytes:
        reads.append(len(data))
        return data

    work = steps(read, card, Order(), max_pixels=MAX_PIXELS, timings=Timings(), threads=1)
    assert advance(work) == NeedsRoom(1025 * 1024)
    assert len(reads) == 1
    planes = advance(work)
    assert isinstance(planes, np.ndarray)
    assert len(reads) == 2
    assert planes.shape == (1, 32, 32)
    result = advance(work, backend(planes[None])[0])
    assert isinstance(result, Result)
    assert (result.width, result.height) == (1024, 1025)


def test_small_pictures_are_read_once(model: tuple[Backend, Card]) -> None:
    reads = iter([saved(scene(1024, SMALL_PIXELS // 1024), compress_level=1)])
    work = steps(lambda: next(reads), model[1], Order(), max_pixels=MAX_PIXELS, timings=Timings())
    assert advance(work) == NeedsRoom(SMALL_PIXELS)
    assert isinstance(advance(work), np.ndarray)


def test_what_cannot_be_coloured_is_refused(model: tuple[Backend, Card]) -> None:
    with pytest.raises(PictureTooLarge):
        colorize(saved(scene(30, 40)), *model, Order(), max_pixels=1199)
    with pytest.raises(BrokenPicture):
        paint(saved(scene(64, 64))[:200], model)
    with pytest.raises(UnsupportedOption, match="16383") as caught:
        paint(saved(scene(2, 16384)), model, format="webp")
    assert caught.value.field == "format"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_a_preview_has_the_full_pictures_colours(model: tuple[Backend, Card], dtype: type) -> None:
    gray = scene(400, 600, dtype)
    full = paint(saved(gray), model, "samples", "image").samples
    order = Order(Options(), frozenset({"samples", "image"}), preview=150)
    small = colorize(saved(gray), *model, order, max_pixels=MAX_PIXELS)
    assert full is not None and small.samples is not None
    assert (small.width, small.height) == (600, 400)
    assert small.samples.shape == (100, 150, 3) and small.samples.dtype == dtype
    assert opened(small.image).size == (150, 100)
    peak = np.iinfo(dtype).max
    averaged = full.reshape(100, 4, 150, 4, 3).mean(axis=(1, 3)) / peak
    assert np.abs(averaged - small.samples / peak).mean() < 0.01
    larger = colorize(
        saved(gray), *model, Order(parts=frozenset({"samples"}), preview=601), max_pixels=MAX_PIXELS
    )
    np.testing.assert_array_equal(larger.samples, full)


def test_a_preview_keeps_alpha_and_a_prints_border(registry: Registry) -> None:
    print_ = np.pad(scene(200, 240) // 2, 40, constant_values=238)
    alpha = np.zeros_like(print_)
    alpha[:, 160:] = 255
    photo = (registry.load("photo"), registry.card("photo"))
    data = io.BytesIO()
    Image.merge("LA", (Image.fromarray(print_), Image.fromarray(alpha))).save(data, "PNG")
    order = Order(Options(saturation=2.0, temperature=0.0), preview=160)
    painted = opened(colorize(data.getvalue(), *photo, order, max_pixels=MAX_PIXELS).image)
    assert (painted.mode, painted.size) == ("RGBA", (160, 140))
    samples = np.asarray(painted).astype(int)
    np.testing.assert_array_equal(samples[:, [0, 70, 90, 159], 3], np.tile([0, 0, 255, 255], (140, 1)))
    chroma = np.ptp(samples[..., :3], axis=2)
    assert chroma[:18].max() == chroma[:, :18].max() == 0
    assert chroma[25:115, 25:135].max() > 5


def test_a_prints_border_is_not_coloured(registry: Registry) -> None:
    print_ = np.pad(scene(100, 120) // 2, 20, constant_values=238)
    photo = (registry.load("photo"), registry.card("photo"))
    inside = np.zeros(print_.shape, dtype=bool)
    inside[20:120, 20:140] = True
    painted = np.asarray(opened(paint(saved(print_), photo, saturation=2.0).image)).astype(int)
    chroma = np.ptp(painted, axis=2)
    assert chroma[~inside].max() == 0
    assert chroma[inside].max() > 5
    np.testing.assert_array_equal(painted[~inside], np.repeat(print_[~inside][:, None], 3, axis=1))
    without = np.asarray(opened(paint(saved(print_[20:, 20:]), photo, saturation=2.0).image)).astype(int)
    assert np.ptp(without, axis=2)[100:, 120:].max() > 0, "two sides are no border"


def test_restoring_is_done_before_everything_else(model: tuple[Backend, Card]) -> None:
    """What comes out, and the uncertainty, are those of the restored gray."""
    faded = scene(64, 64) // 3 + 90
    asked = paint(saved(faded), model, "image", "uncertainty", restore=True)
    given = paint(saved(restored(faded)), model, "image", "uncertainty")
    assert asked.image == given.image
    assert asked.uncertainty is not None and given.uncertainty is not None
    np.testing.assert_array_equal(asked.uncertainty, given.uncertainty)


def test_samples_are_what_the_image_encodes(model: tuple[Backend, Card]) -> None:
    result = paint(saved(scene(40, 50)), model, "image", "samples")
    assert result.samples is not None
    np.testing.assert_array_equal(np.asarray(opened(result.image)), result.samples)
    alone = paint(saved(scene(40, 50, np.uint16)), model, "samples")
    assert alone.image is None and alone.samples is not None and alone.samples.dtype == np.uint16


@pytest.mark.parametrize(
    ("field", "value"), [("candidate", 1), ("hints", '[{"x": 0.5, "y": 0.5, "color": "#ff0000"}]')]
)
def test_what_the_model_cannot_do_is_said(model: tuple[Backend, Card], field: str, value: Any) -> None:
    with pytest.raises(UnsupportedOption, match="not supported by the model") as caught:
        paint(b"", model, **{field: value})
    assert caught.value.field == field
