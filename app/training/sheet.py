"""A contact sheet: pictures in gray, as models colour them, and as they were."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from app.training.evaluation import Given, Model, Pixels, to_bytes

PICTURES = 24
ACROSS = 3
"""Columns of pictures, each with all its versions side by side."""
WIDTH, GAP, HEAD = 240, 8, 22
PAPER, INK = (250, 249, 246), (40, 40, 40)


def choose(pictures: Sequence[Pixels], count: int = PICTURES) -> list[Pixels]:
    """So many pictures spread evenly over a data set, whatever they show."""
    places = np.linspace(0, len(pictures) - 1, min(count, len(pictures)))
    return [pictures[round(place)] for place in places]


def contact_sheet(
    models: Mapping[str, Model],
    pictures: Sequence[Pixels],
    listen: Callable[[int], None] = lambda done: None,
) -> Image.Image:
    """One sheet of all pictures: each in gray, by every model in its default setting, and in truth."""
    rows: list[list[Pixels]] = []
    for index, picture in enumerate(pictures):
        given = Given.of(picture)
        gray = to_bytes(np.repeat(given.gray[..., None], 3, axis=2))
        rows.append([gray, *(model(given) for model in models.values()), picture])
        listen(index + 1)
    captions = ["gray", *models, "truth"]
    column = len(captions) * (WIDTH + GAP) + GAP
    ends = [HEAD] * min(ACROSS, len(rows))
    places = []
    for row in rows:
        shortest = ends.index(min(ends))
        places.append((GAP + shortest * column, ends[shortest]))
        ends[shortest] += _height(row[0]) + GAP
    sheet = Image.new("RGB", (len(ends) * column + GAP, max(ends) + GAP), PAPER)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for (left, top), row in zip(places, rows, strict=True):
        for step, (caption, version) in enumerate(zip(captions, row, strict=True)):
            x = left + step * (WIDTH + GAP)
            if top == HEAD:
                draw.text((x, 3), caption, INK, font)
            small = (WIDTH, _height(version))
            sheet.paste(Image.fromarray(version).resize(small, Image.Resampling.LANCZOS), (x, top))
    return sheet


def _height(picture: Pixels) -> int:
    height, width = picture.shape[:2]
    return max(1, round(WIDTH * int(height) / int(width)))
