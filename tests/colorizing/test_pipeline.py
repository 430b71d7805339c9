"""Whole pictures through the pipeline, against its parts and against PyTorch."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from app.colorizing.backends import Backend
from app.colorizing.options import Options, UnsupportedOption
from app.colorizing.pipeline import SMALL_PIXELS, NeedsRoom, Order, Part, Result, advance, colorize, steps
from app.colorizing.registry import Registry
from app.colorizing.timings import Timings
from app.imaging.errors import BrokenPicture, PictureTooLarge
from app.imaging.restore import restored
from app.networks.card import Card, NetworkSpec, read_card
from app.networks.weights import load_network
from tests.training.test_hint_study import CARD as HINTED
from tests.training.test_hint_study import Obedient

MAX_PIXELS = 10_000_000


def saved(samples: NDArray[Any], format: str = "PNG", **how: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(samples).save(file, format, **how)
    return file.getvalue()


def opened(data: bytes | None) -> Image.Image:
    assert data is not None
    return Image.open(io.BytesIO(data))


def scene(height: int, width: int, dtype: type = np.uint8, seed: int = 0) -> NDArray[Any]:
    """A gray picture with edges and slopes."""
    rows, columns = np.mgrid[0:height, 0:width]
    values = 0.25 + 0.4 * columns / width + 0.2 * (rows > height / 2)
    values += 0.1 * np.random.default_rng(seed).random((height, width))
    peak = np.iinfo(dtype).max
    samples: NDArray[Any] = (values.clip(0, 1) * peak).astype(dtype)
    return samples


@pytest.fixture(scope="module")
def registry(tiny_models: Path) -> Registry:
    return Registry(tiny_models)


@pytest.fixture(params=["horses", "photo"])
def model(request: pytest.FixtureRequest, registry: Registry) -> tuple[Backend, Card]:
    return registry.load(request.param), registry.card(request.param)


def paint(data: bytes, model: tuple[Backend, Card], *parts: Part, **options: Any) -> Result:
    order = Order(Options(**options), frozenset(parts or ("image",)))
    return colorize(data, *model, order, max_pixels=MAX_PIXELS, threads=1)


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


@pytest.mark.parametrize(
    ("field", "value"), [("candidate", 1), ("hints", '[{"x": 0.5, "y": 0.5, "color": "#ff0000"}]')]
)
def test_what_the_model_cannot_do_is_said(model: tuple[Backend, Card], field: str, value: Any) -> None:
    with pytest.raises(UnsupportedOption, match="not supported by the model") as caught:
        paint(b"", model, **{field: value})
    assert caught.value.field == field


class Steerable:
    """Stands in for a network: sure of the hinted colour where there is one, doubtful elsewhere."""

    name = "steerable"

    def __init__(self, card: Card) -> None:
        self.seen: list[NDArray[np.float32]] = []
        self._centres = np.asarray(card.bins, np.float32)

    def __call__(self, planes: NDArray[np.float32]) -> NDArray[np.float32]:
        self.seen.append(planes[0])
        count, (height, width) = len(self._centres), planes.shape[2:]
        probabilities = np.full((1, count, height, width), 1 / count, np.float32)
        probabilities[0, 0] *= 3
        probabilities[0, -1] *= 2
        if planes.shape[1] > 1:
            ab = np.moveaxis(planes[0, 1:3], 0, -1)[:, :, None] * 100
            chosen = np.square(ab - self._centres).sum(axis=-1).argmin(axis=-1)
            sure = np.moveaxis(np.eye(count, dtype=np.float32)[chosen], -1, 0)
            probabilities[0] = np.where(planes[0, 3] > 0, sure, probabilities[0])
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        return probabilities


@pytest.fixture
def steerable(registry: Registry) -> tuple[Steerable, Card]:
    card = registry.card("photo").model_copy(update={"network": NetworkSpec(type="photo-unet")})
    return Steerable(card), card


def test_hints_reach_the_network_and_the_picture(steerable: tuple[Steerable, Card]) -> None:
    hint = {"x": 0.1, "y": 0.9, "color": "#4f6fbf", "radius": 0.05}
    gray = np.full((64, 64), 120, np.uint8)
    result = paint(saved(gray), steerable, hints=[hint], temperature=0.0)
    (planes,) = steerable[0].seen
    assert planes.shape == (4, 32, 32)
    assert planes[3, 28, 3] == 1
    assert planes[3, :16].max() == 0
    red, _, blue = np.asarray(opened(result.image))[57, 6].astype(int)
    assert blue > red + 20
    ((given, shown),) = result.hints
    assert (given.x, given.y) == (0.1, 0.9)
    assert re.fullmatch("#[0-9a-f]{6}", shown)


def test_a_candidate_is_the_whole_picture_coloured_again(steerable: tuple[Steerable, Card]) -> None:
    gray = scene(64, 64)
    first = paint(saved(gray), steerable, temperature=0.0)
    other = paint(saved(gray), steerable, temperature=0.0, candidate=1)
    alone, before, again = steerable[0].seen
    np.testing.assert_array_equal(alone, before)
    assert (before.shape, again.shape) == ((1, 32, 32), (4, 32, 32))
    assert 0 < again[3].mean() < 0.1
    assert other.image != first.image
    assert other.hints == ()
    assert paint(saved(gray), steerable, temperature=0.0, candidate=1).image == other.image


def test_hints_hold_in_every_candidate(steerable: tuple[Steerable, Card]) -> None:
    """A candidate is that of the picture alone, whatever hints there are; they lie above it."""
    everywhere = {"x": 0.5, "y": 0.5, "color": "#4f6fbf", "radius": 1.0}
    corner = {"x": 0.9, "y": 0.1, "color": "#4f6fbf", "radius": 0.05}
    for hints in ([], [corner], [everywhere]):
        paint(saved(scene(64, 64)), steerable, hints=hints, candidate=1)
    alone, decided, _, cornered, *_, covered = steerable[0].seen
    assert [len(planes) for planes in steerable[0].seen] == [1, 4, 1, 4, 1, 4]
    place, known = decided[3] > 0, (decided[3] == 0) & (cornered[3] > 0)
    np.testing.assert_array_equal(cornered[:, place], decided[:, place])
    assert known.any() and not known.all()
    assert covered[3].all()
    np.testing.assert_array_equal(
        covered[1:3], np.broadcast_to(cornered[1:3, known][:, :1, None], (2, 32, 32))
    )
    np.testing.assert_array_equal(covered[0], alone[0])


def test_the_number_of_candidates_is_told(steerable: tuple[Steerable, Card], registry: Registry) -> None:
    last = paint(saved(scene(64, 64)), steerable, "candidates").candidates
    assert last is not None and last >= 1
    paint(saved(scene(64, 64)), steerable, candidate=last)
    with pytest.raises(UnsupportedOption, match=f"end at {last}"):
        paint(saved(scene(64, 64)), steerable, candidate=last + 1)
    hint = {"x": 0.9, "y": 0.1, "color": "#4f6fbf", "radius": 0.5}
    assert paint(saved(scene(64, 64)), steerable, "candidates", hints=[hint]).candidates == last
    horses = (registry.load("horses"), registry.card("horses"))
    assert paint(saved(scene(64, 64)), horses, "candidates").candidates == 0
    assert paint(saved(scene(64, 64)), horses).candidates is None


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


def test_suggestions_are_of_the_place_asked_for(steerable: tuple[Steerable, Card]) -> None:
    blue = {"x": 0.25, "y": 0.25, "color": "#4f6fbf", "radius": 0.1}
    options = Options.model_validate({"hints": [blue]})
    there, elsewhere = (
        colorize(
            saved(scene(64, 64)),
            *steerable,
            Order(options, frozenset({"suggestions"}), place=place),
            max_pixels=MAX_PIXELS,
        )
        for place in ((0.25, 0.25), (0.9, 0.9))
    )
    assert there.image is None
    assert there.suggestions and elsewhere.suggestions
    assert there.suggestions[0].share > 1.3 * elsewhere.suggestions[0].share
    red, _, blueness = bytes.fromhex(there.suggestions[0].color[1:])
    assert blueness > red + 20


def test_candidates_end_where_the_likely_colours_do(steerable: tuple[Steerable, Card]) -> None:
    with pytest.raises(UnsupportedOption, match="end at") as caught:
        paint(saved(scene(32, 32)), steerable, candidate=99)
    assert caught.value.field == "candidate"


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


def test_a_hint_on_the_border_colours_it() -> None:
    """Who says what colour it has knows better."""
    print_ = np.pad(scene(100, 120) // 2, 20, constant_values=200)
    obedient = (Obedient(), HINTED)
    inside, outside = ({"x": x, "y": 0.5, "color": "#d04040", "radius": 0.3} for x in (0.5, 0.01))
    for hints, colored in (([inside], False), ([inside, outside], True)):
        painted = np.asarray(opened(paint(saved(print_), obedient, hints=hints).image)).astype(int)
        assert bool(np.ptp(painted[:, :20], axis=2).max() > 20) is colored
        assert np.ptp(painted[60:80, 70:90], axis=2).max() > 20


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
