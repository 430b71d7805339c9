"""The colours a network chooses from, for the eye."""

import numpy as np

from app.imaging.color import lab_to_rgb
from app.networks.card import Card

LIGHTNESS = 65.0
"""CIE L at which bins of the ab plane are shown."""


def swatches(card: Card) -> list[str]:
    """Each class's colour as `#rrggbb`; ab bins at one lightness, ordered by hue."""
    if card.palette is not None:
        rgb = np.asarray(card.palette, dtype=np.float32)
    else:
        ab = np.asarray(card.bins, dtype=np.float32)
        ab = ab[np.argsort(np.arctan2(ab[:, 1], ab[:, 0]), kind="stable")]
        lab = np.column_stack([np.full(len(ab), LIGHTNESS, dtype=np.float32), ab])
        rgb = np.clip(lab_to_rgb(lab), 0.0, 1.0)
    return ["#{:02x}{:02x}{:02x}".format(*np.rint(255 * color).astype(int)) for color in rgb]
