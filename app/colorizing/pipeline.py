"""Picture in, picture out: the one definition of what happens to a picture, whoever drives it.

`steps` is a generator that never waits: it yields what it needs from outside (room for a large picture, a
network's answer) and is sent it. The service drives it from threads and queues, `colorize` in a plain loop.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from app.colorizing.backends import Backend
from app.colorizing.candidates import alternatives
from app.colorizing.decode import annealed_ab, centres_ab, classes, uncertainty
from app.colorizing.hints import Spot, color_at, spot, with_hints
from app.colorizing.kriging import carry_on
from app.colorizing.options import Hint, Options, UnsupportedOption
from app.colorizing.suggestions import Likely, suggestions
from app.colorizing.support import check_supported, takes_hints
from app.colorizing.timings import Timings
from app.imaging.color import Samples, gray_to_lightness
from app.imaging.frame import Frame, find_frame, leave_gray
from app.imaging.pictures import (
    OutputFormat,
    Picture,
    UnsupportedPicture,
    decode_picture,
    encode_picture,
    output_format,
    probe_picture,
)
from app.imaging.recolor import recolor
from app.imaging.resize import network_size, shrink
from app.imaging.restore import restored
from app.imaging.tone import Tone
from app.networks.card import Card

Floats = NDArray[np.float32]
Part = Literal["image", "samples", "classes", "uncertainty", "candidates", "suggestions"]

SMALL_PIXELS = 2**20
"""The bytes of pictures up to this size are kept while room is sought for the rest."""


@dataclass(frozen=True, slots=True)
class NeedsRoom:
    """Yielded by `steps` when the header has been read and nothing decoded yet."""

    pixels: int


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of one picture."""

    options: Options = field(default_factory=Options)
    parts: frozenset[Part] = frozenset({"image"})
    preview: int | None = None
    """Most pixels of the picture's longer side in the answer, to look at; None for all of them."""
    place: tuple[float, float] = (0.5, 0.5)
    """Where `suggestions` are wanted: x and y as shares of width and height."""


@dataclass(frozen=True, slots=True)
class Result:
    """A coloured picture: the parts that were ordered, None for the others; sizes of the upright picture."""

    card: Card
    width: int
    height: int
    format: OutputFormat
    timings: Timings
    tone: Tone = "gray"
    """What kind of picture the upload was; its luminance was coloured in every case."""
    image: bytes | None = None
    samples: Samples | None = None
    """What `image` encodes: sRGB (H, W, 3), uint8 or uint16 as the upload was."""
    classes: NDArray[np.intp] | None = None
    """Most likely class of each place, (h, w), at the network's own resolution."""
    uncertainty: Floats | None = None
    """Normalised entropy of each place, (h, w), at the network's own resolution."""
    hints: tuple[tuple[Hint, str], ...] = ()
    """Each hint, and the colour nearest to its own that can be shown there."""
    candidates: int | None = None
    """The last candidate that can be asked for; 0 where only one colouring comes into question."""
    suggestions: tuple[Likely, ...] | None = None


Step = NeedsRoom | Floats | Result
Steps = Generator[NeedsRoom | Floats, Floats | None, Result]


def steps(
    read: Callable[[], bytes],
    card: Card,
    order: Order,
    *,
    max_pixels: int,
    timings: Timings,
    threads: int | None = None,
) -> Steps:
    """Colour one picture; `read` gives the upload's bytes, twice for a large one so that waiting holds none.

    Yields NeedsRoom (send anything) and input planes (P, H, W) (send the network's probabilities (C, h, w)).
    Raises PictureError and its subclasses, or UnsupportedOption.
    """
    options = order.options
    check_supported(card, options)
    with timings.measure("decode"):
        data = read()
        info = probe_picture(data, max_pixels=max_pixels)
    if info.pixels > SMALL_PIXELS:
        data = b""
    yield NeedsRoom(info.pixels)
    with timings.measure("decode"):
        picture = decode_picture(data or read(), max_pixels=max_pixels)
        data = b""
        frame = find_frame(picture.gray) if card.task == "ab" or options.restore else None
        if options.restore:
            picture = replace(picture, gray=restored(picture.gray, alpha=picture.alpha, frame=frame))
        size = network_size(
            picture.width, picture.height, input_size=card.input_size, multiple=card.size_multiple
        )
        gray = shrink(picture.gray, *size)

    aspect = picture.width / picture.height
    spots = [spot(hint) for hint in options.hints]
    probabilities, given, last = yield from _asked(gray, spots, aspect, card, order)

    width, height = picture.width, picture.height
    if order.preview is not None and order.preview < max(width, height):
        picture, frame = _reduced(picture, frame, order.preview)
    result_format = options.format or output_format(info.format)
    image = rgb = None
    if order.parts & {"image", "samples"}:
        with timings.measure("join"):
            temperature = card.temperature if options.temperature is None else options.temperature
            ab = annealed_ab(probabilities, centres_ab(card), temperature)
            places = ab.shape[:2]
            guide = gray if gray.shape == places else shrink(picture.gray, places[1], places[0])
            if given:
                lightness = gray_to_lightness(guide)
                ab = carry_on(ab, probabilities, centres_ab(card), lightness, given, aspect)
            rgb = recolor(picture.gray, ab, guide, saturation=options.saturation, threads=threads)
            if frame is not None and not any(frame.borders(each.x, each.y, rgb.shape) for each in spots):
                leave_gray(rgb, picture.gray, frame)
    if rgb is not None and "image" in order.parts:
        with timings.measure("encode"):
            try:
                image = encode_picture(
                    rgb, format=result_format, alpha=picture.alpha, icc_profile=picture.icc_profile
                )
            except UnsupportedPicture as error:  # WebP ends at 16383 pixels a side
                raise UnsupportedOption("format", str(error)) from None
    return Result(
        card=card,
        width=width,
        height=height,
        format=result_format,
        timings=timings,
        tone=picture.tone,
        image=image,
        samples=rgb if "samples" in order.parts else None,
        classes=classes(probabilities) if "classes" in order.parts else None,
        uncertainty=uncertainty(probabilities) if "uncertainty" in order.parts else None,
        hints=tuple(zip(options.hints, (color_at(gray, each) for each in spots), strict=True)),
        candidates=last if "candidates" in order.parts else None,
        suggestions=suggestions(probabilities, centres_ab(card), gray, *order.place)
        if "suggestions" in order.parts
        else None,
    )


def _asked(
    gray: Floats, spots: list[Spot], aspect: float, card: Card, order: Order
) -> Generator[Floats, Floats | None, tuple[Floats, list[Spot], int]]:
    """The network's probabilities, the hints it had, and the last candidate if that had to be found out.

    Candidates are those of the picture without hints: they stay what they are while hints come and go. A hint
    lies above what the candidate decided.
    """
    wanted, last = order.options.candidate, 0
    if wanted or "candidates" in order.parts:
        alone = yield gray[None]
        assert alone is not None
        others = alternatives(alone, centres_ab(card), aspect) if takes_hints(card) else []
        last = len(others)
        if wanted > last:
            raise UnsupportedOption("candidate", f"This picture's candidates end at {last}.")
        if not wanted and not spots:
            return alone, [], last
        spots = [*others[wanted - 1 : wanted], *spots] if wanted else spots
    probabilities = yield with_hints(gray, spots, aspect) if spots else gray[None]
    assert probabilities is not None
    return probabilities, spots, last


def _reduced(picture: Picture, frame: Frame | None, side: int) -> tuple[Picture, Frame | None]:
    """The picture with its longer side reduced to so many pixels, and where its frame is then."""
    scale = side / max(picture.width, picture.height)
    width, height = max(1, round(scale * picture.width)), max(1, round(scale * picture.height))

    def small(samples: Samples) -> Samples:
        peak = np.iinfo(samples.dtype).max
        levels: Samples = np.rint(shrink(samples, width, height) * np.float32(peak)).astype(samples.dtype)
        return levels

    gray, alpha = small(picture.gray), None if picture.alpha is None else small(picture.alpha)
    if frame is not None:
        frame = Frame(*(round(scale * end) for end in (frame.top, frame.bottom, frame.left, frame.right)))
    return replace(picture, gray=gray, alpha=alpha), frame


def colorize(
    data: bytes, backend: Backend, card: Card, order: Order, *, max_pixels: int, threads: int | None = None
) -> Result:
    """Colour one picture here and now; raises PictureError, UnsupportedOption or what the backend raises."""
    timings = Timings()
    work = steps(lambda: data, card, order, max_pixels=max_pixels, timings=timings, threads=threads)
    step = advance(work)
    while not isinstance(step, Result):
        answer = None
        if not isinstance(step, NeedsRoom):
            with timings.measure("network"):
                answer = backend(step[None])[0]
        step = advance(work, answer)
    return step


def rehearse() -> None:
    """Have computed what is computed once for all pictures: the tables of the gamut, for each depth."""
    vivid = np.full((1, 1, 2), 100, dtype=np.float32)
    for depth in (np.uint8, np.uint16):
        recolor(np.full((8, 8), 100, dtype=depth), vivid, np.full((1, 1), 0.5, dtype=np.float32), threads=1)


def advance(work: Steps, answer: Floats | None = None) -> Step:
    """The next thing `steps` needs, or its result; a function because StopIteration cannot cross threads."""
    try:
        return work.send(answer)
    except StopIteration as stop:
        result: Result = stop.value
        return result
