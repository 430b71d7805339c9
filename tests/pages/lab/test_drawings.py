"""The small pictures of the demos: drawn from their numbers, inside their frame."""

import re

import pytest

from app.lab import demos
from app.pages.lab.drawings import HEIGHT, WIDTH, drawing


def test_no_two_pictures_are_the_same() -> None:
    assert len({str(drawing(name)) for name in demos()}) == len(demos())


@pytest.mark.parametrize("name", [*demos(), "somebody-elses"])
def test_lines_stay_in_the_frame(name: str) -> None:
    svg = str(drawing(name))
    assert svg.startswith("<svg") and "nan" not in svg and len(svg) < 30_000
    for text in re.findall(r'class="line s\d" points="([^"]*)"', svg):
        for place in text.split():
            x, y = map(float, place.split(","))
            assert -1 <= x <= WIDTH + 1 and -1 <= y <= HEIGHT + 1


def test_the_curves_say_what_the_demo_does() -> None:
    """SGD and heavy ball fall to the floor of the drawing, Adam stays where it is."""
    sgd, heavy_ball, adam = re.findall(r'points="([^"]*)"', str(drawing("min-norm")))
    ends = [float(text.split()[-1].split(",")[1]) for text in (sgd, heavy_ball, adam)]
    assert ends[0] == pytest.approx(ends[1], abs=1) and ends[2] < ends[0] - 50
