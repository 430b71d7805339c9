"""Steering by REST: hints, candidates, and pictures that leave them little to do."""

import io
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from numpy.typing import NDArray
from PIL import Image
from skimage.color import rgb2lab

from tests.api.colorizing import URL, opened, picture, post, problem, service


@pytest.fixture(scope="module")
def client(tiny_models: Path) -> Iterator[TestClient]:
    with service(tiny_models) as client:
        yield client


def flat(level: int, width: int = 32, height: int = 32) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((height, width), level, np.uint8)).save(file, "PNG")
    return file.getvalue()


def test_hints_change_the_picture_and_are_told_as_shown(steerable: TestClient) -> None:
    hints = json.dumps([{"x": 0.25, "y": 0.5, "color": "#3a6ea5"}, {"x": 1, "y": 1, "color": "#ff0000"}])
    without, hinted = (
        steerable.post(
            URL, files={"image": picture(64, 64)}, data=fields, headers={"Accept": "application/json"}
        ).json()
        for fields in ({}, {"hints": hints})
    )
    assert "hints" not in without
    assert hinted["image"] != without["image"]
    assert [{**hint, "shown": "#"} for hint in hinted["hints"]] == [
        {**hint, "shown": "#"} for hint in json.loads(hints)
    ]
    assert all(re.fullmatch("#[0-9a-f]{6}", hint["shown"]) for hint in hinted["hints"])


def test_a_thousand_hints_are_taken_and_no_more(steerable: TestClient) -> None:
    hint = {"x": 0.123456789, "y": 0.987654321, "color": "#abcdef", "radius": 0.0123456789}
    assert post(steerable, None, hints=json.dumps([hint] * 1000)).status_code == 200
    problem(post(steerable, None, hints=json.dumps([hint] * 1001)), 422, "/hints")
    problem(post(steerable, None, hints=json.dumps([hint] * 10_000)), 413)


def test_candidates_end_where_the_likely_colours_do(steerable: TestClient) -> None:
    assert post(steerable, None, candidate="0").status_code == 200
    body = problem(post(steerable, None, candidate="99"), 422, "/candidate")
    most = int(re.findall(r"end at (\d+)", body["detail"])[0])
    assert post(steerable, None, candidate=str(most)).status_code == 200
    problem(post(steerable, None, candidate=str(most + 1)), 422, "/candidate")


def test_the_number_of_candidates_is_told_on_request(steerable: TestClient, client: TestClient) -> None:
    def body(client: TestClient, query: str, **fields: str) -> Any:
        return client.post(URL + query, files={"image": picture(64, 64)}, data=fields).json()

    told = body(steerable, "?include=candidates")
    assert told["candidates"] >= 1 and told["image"] and "uncertainty" not in told
    problem(post(steerable, None, candidate=str(told["candidates"] + 1)), 422, "/candidate")
    assert "candidates" not in body(steerable, "?include=uncertainty")
    assert body(client, "?include=candidates", model="horses")["candidates"] == 0


@pytest.mark.parametrize(
    ("hint", "pointer"),
    [
        ({"x": 1.0001}, "/hints/1/x"),
        ({"x": -0.0001}, "/hints/1/x"),
        ({"y": 1e308}, "/hints/1/y"),
        ({"y": None}, "/hints/1/y"),
        ({"radius": 1.5}, "/hints/1/radius"),
        ({"color": "red"}, "/hints/1/color"),
        ({"colour": "#ff0000"}, "/hints/1/colour"),
    ],
)
def test_a_hint_outside_the_picture_or_of_no_colour_is_named(
    steerable: TestClient, hint: dict[str, Any], pointer: str
) -> None:
    good = {"x": 0.5, "y": 0.5, "color": "#3a6ea5"}
    problem(post(steerable, None, hints=json.dumps([good, good | hint])), 422, pointer)


def test_of_hints_that_overlap_the_later_counts(steerable: TestClient) -> None:
    blue, red = ({"x": 0.5, "y": 0.5, "color": color, "radius": 0.2} for color in ("#3a6ea5", "#a04030"))
    alone, above, below = (
        post(steerable, picture(64, 64), hints=json.dumps(hints)).content
        for hints in ([red], [blue, red], [red, blue])
    )
    assert above == alone
    assert below != alone


@pytest.mark.parametrize("level", [0, 30, 128, 225, 255])
@pytest.mark.parametrize("color", ["#ffff00", "#0000ff", "#ff0000", "#00ff00"])
def test_a_colour_that_cannot_be_shown_there_gives_way_to_the_nearest(
    steerable: TestClient, level: int, color: str
) -> None:
    """What is used is said: as light as the place, of the same hue, and given back it stays as it is."""

    def shown(asked: str) -> str:
        hints = json.dumps([{"x": 0.5, "y": 0.5, "color": asked}])
        files, accept = {"image": flat(level)}, {"Accept": "application/json"}
        answer = steerable.post(URL, files=files, data={"hints": hints}, headers=accept)
        assert answer.status_code == 200, answer.text
        ((hint),) = answer.json()["hints"]
        assert hint["color"] == asked
        return str(hint["shown"])

    def lab(text: str) -> NDArray[np.float64]:
        pixel: NDArray[np.float64] = rgb2lab(np.array([[list(bytes.fromhex(text[1:]))]], np.uint8))[0, 0]
        return pixel

    nearest = shown(color)
    assert lab(nearest)[0] == pytest.approx(lab(f"#{level:02x}{level:02x}{level:02x}")[0], abs=1.0)
    (_, a, b), (_, wanted_a, wanted_b) = lab(nearest), lab(color)
    chroma = math.hypot(a, b)
    assert chroma <= math.hypot(wanted_a, wanted_b) + 0.5
    if level in (0, 255):
        assert nearest == f"#{level:02x}{level:02x}{level:02x}"
    else:
        assert chroma > 10
        assert (a * wanted_a + b * wanted_b) / chroma / math.hypot(wanted_a, wanted_b) > 0.999
    again = lab(shown(nearest))
    assert np.abs(again - lab(nearest)).max() < 1.0


@pytest.mark.parametrize("level", [0, 255])
@pytest.mark.parametrize("size", [(1, 1), (40, 30), (1, 200)])
def test_black_and_white_have_no_colour_whatever_is_asked(
    steerable: TestClient, level: int, size: tuple[int, int]
) -> None:
    hints = json.dumps([{"x": 1, "y": 1, "color": "#3a6ea5", "radius": 1}])
    for fields in ({}, {"hints": hints}, {"saturation": "2", "temperature": "0"}):
        answer = post(steerable, flat(level, *size), **fields)
        assert answer.status_code == 200, answer.text
        image = opened(answer.content)
        assert image.size == size
        assert image.getextrema() == ((level, level),) * 3


def test_one_pixel_has_candidates_and_takes_hints(steerable: TestClient) -> None:
    files = {"image": flat(128, 1, 1)}
    most = steerable.post(URL + "?include=candidates", files=files).json()["candidates"]
    assert post(steerable, flat(128, 1, 1), candidate=str(most)).status_code == 200
    problem(post(steerable, flat(128, 1, 1), candidate=str(most + 1)), 422, "/candidate")
    hints = json.dumps([{"x": x, "y": x, "color": "#3a6ea5"} for x in (0, 0.5, 1)])
    assert opened(post(steerable, flat(128, 1, 1), hints=hints).content).size == (1, 1)


def test_a_coloured_photograph_is_steered_like_its_gray(steerable: TestClient) -> None:
    gray = np.asarray(opened(picture(64, 48)))
    file = io.BytesIO()
    Image.fromarray(np.stack([gray, gray[::-1], gray[:, ::-1]], axis=-1)).save(file, "PNG")
    hints = json.dumps([{"x": 0.5, "y": 0.5, "color": "#3a6ea5", "radius": 0.2}])
    without, hinted = (
        steerable.post(URL + "?include=uncertainty", files={"image": file.getvalue()}, data=fields).json()
        for fields in ({}, {"hints": hints})
    )
    assert without["source"] == hinted["source"] == "color"
    assert hinted["image"] != without["image"]
    assert len(hinted["hints"]) == 1
