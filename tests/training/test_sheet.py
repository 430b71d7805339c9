"""The contact sheet shows each picture in gray, as coloured, and in truth, in its place."""

import numpy as np
from numpy.typing import NDArray

from app.training.evaluation import Model
from app.training.sheet import GAP, HEAD, PICTURES, WIDTH, choose, contact_sheet
from tests.training.test_stability import MUTED, Constant

RED = np.tile(np.array([200, 40, 40], dtype=np.uint8), (30, 40, 1))


def test_gray_ours_and_truth_stand_side_by_side() -> None:
    sheet = contact_sheet({"mine": Model(MUTED, Constant((0.0, 40.0)))}, [RED, RED, RED])
    shown: NDArray[np.uint8] = np.asarray(sheet)
    middles = [GAP + step * (WIDTH + GAP) + WIDTH // 2 for step in range(3)]
    gray, ours, truth = (shown[HEAD + 90, x].astype(int) for x in middles)
    assert np.ptp(gray) == 0
    assert ours[0] > ours[2] + 20 and ours[1] > ours[2] + 20, "yellow, as the model says"
    assert truth.tolist() == RED[0, 0].tolist()
    assert sheet.size[0] > 9 * WIDTH, "three pictures side by side"


def test_pictures_are_spread_over_the_data() -> None:
    numbered = [np.full((1, 1, 3), number, dtype=np.uint8) for number in range(200)]
    chosen = [int(picture[0, 0, 0]) for picture in choose(numbered)]
    assert len(chosen) == len(set(chosen)) == PICTURES
    assert (chosen[0], chosen[-1]) == (0, 199)
    assert len(choose(numbered[:5])) == 5
