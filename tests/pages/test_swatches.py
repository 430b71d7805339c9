"""The colours a network chooses from."""

from pathlib import Path

import numpy as np

from app.networks.card import read_card
from app.networks.palette import HORSES_24
from app.pages.swatches import LIGHTNESS, swatches


def rgb(swatch: str) -> list[float]:
    return [int(swatch[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def test_a_palette_is_shown_as_it_is(course_models: Path) -> None:
    shown = [rgb(swatch) for swatch in swatches(read_card(course_models / "horses"))]
    assert np.allclose(shown, HORSES_24, atol=0.5 / 255 + 1e-6)


def test_bins_are_shown_at_one_lightness(course_models: Path) -> None:
    from skimage.color import rgb2lab

    card = read_card(course_models / "photo")
    lab = rgb2lab(np.array([rgb(swatch) for swatch in swatches(card)])[None])[0]
    inside = np.abs(lab[:, 0] - LIGHTNESS) < 0.5  # the others are clipped to the gamut
    assert inside.sum() > len(lab) / 2
    shown = {tuple(np.rint(ab / 20).astype(int)) for ab in lab[inside][:, 1:]}
    assert shown <= {(a, b) for a in range(-2, 3) for b in range(-2, 3)}
