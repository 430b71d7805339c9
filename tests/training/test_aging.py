"""Aging changes pictures as named, and never their size or kind."""

import numpy as np
import pytest

from app.training.aging import Gray, age, blurred, compressed, faded, grainy, scratched


@pytest.fixture
def gray() -> Gray:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (48, 64)).astype(np.uint8)


def test_every_aged_picture_is_still_a_picture(gray: Gray) -> None:
    rng = np.random.default_rng(1)
    changed = 0
    for _ in range(40):
        aged = age(gray, rng)
        assert aged.shape == gray.shape
        assert aged.dtype == np.uint8
        changed += not np.array_equal(aged, gray)
    assert 25 < changed <= 40


def test_blur_averages(gray: Gray) -> None:
    assert blurred(gray, 2.0).std() < 0.4 * gray.std()
    assert blurred(gray, 2.0).mean() == pytest.approx(gray.mean(), abs=1)


def test_fading_moves_black_and_white_and_bends_between() -> None:
    ramp = np.arange(256, dtype=np.uint8)[None]
    aged = faded(ramp, 0.2, 0.8, 1.0)[0]
    np.testing.assert_allclose(aged, 51 + np.arange(256) * 0.6, atol=0.51)
    assert faded(ramp, 0.0, 1.0, 2.0)[0, 128] == pytest.approx(255 * (128 / 255) ** 2, abs=0.51)


def test_grain_has_its_deviation() -> None:
    flat = np.full((200, 200), 128, np.uint8)
    assert grainy(flat, 10.0, np.random.default_rng(2)).std() == pytest.approx(10, rel=0.05)


def test_scratches_are_thin_lines() -> None:
    flat = np.full((100, 100), 128, np.uint8)
    marked = scratched(flat, np.random.default_rng(3)) != 128
    assert 0 < marked.sum() <= 400
    assert marked.sum(axis=1).max() <= 4


def test_jpeg_of_low_quality_loses_more(gray: Gray) -> None:
    loss = {
        quality: float(np.abs(compressed(gray, quality) - gray.astype(float)).mean()) for quality in (20, 90)
    }
    assert loss[20] > 2 * loss[90] > 0
