from xml.etree import ElementTree

import pytest

from app.lab.unrolled.graph import DRAWN, describe, draw

SVG = "{http://www.w3.org/2000/svg}"


def parts(steps: int, tag: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(draw(steps)).iter(SVG + tag))


@pytest.mark.parametrize("steps", [1, 2, 3, 12, DRAWN])
def test_every_weight_gradient_and_edge_is_drawn(steps: int) -> None:
    texts = [text.text for text in parts(steps, "text")]
    assert len([text for text in texts if text and text.startswith("w")]) == steps + 1
    assert len([text for text in texts if text and text.startswith("∇")]) == steps
    assert len(set(texts)) == len(texts)
    # Each step: w to w, w to gradient, gradient to w, rate to w, data to gradient; and two edges to the loss.
    arrows = [path for path in parts(steps, "path") if path.get("marker-end")]
    assert len(arrows) == 5 * steps + 2


def test_long_loops_leave_out_their_middle_and_say_so() -> None:
    texts = [text.text for text in parts(200, "text")]
    assert texts.count("…") == 1 and "w₂₀₀" in texts and len(texts) < 3 * DRAWN


def test_it_is_described_in_words_and_needs_no_style_or_script() -> None:
    drawn = draw(3)
    assert describe(3) in drawn.replace("&#x27;", "'") and 'role="img"' in drawn
    assert "<style" not in drawn and "style=" not in drawn and "<script" not in drawn
