"""POST /colorize/suggestions: what it answers, what it heeds, what it refuses."""

import io
import json
import re
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

URL = "/api/v1/colorize/suggestions"
COLORIZE = "/api/v1/colorize"


def picture(height: int = 64, width: int = 96, level: int | None = None) -> bytes:
    slope = np.add.outer(np.arange(height), np.arange(width)).astype(np.uint8)
    samples = slope if level is None else np.full((height, width), level, np.uint8)
    file = io.BytesIO()
    Image.fromarray(samples).save(file, "PNG")
    return file.getvalue()


def ask(client: TestClient, x: Any = 0.5, y: Any = 0.5, image: bytes | None = None, **fields: str) -> Any:
    files = {"image": image or picture()}
    return client.post(URL, params={"x": x, "y": y}, files=files, data=fields)


def test_colours_come_likeliest_first_and_sum_to_one(steerable: TestClient) -> None:
    answer = ask(steerable, 0.25, 0.75)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["model"], body["x"], body["y"]) == ("photo", 0.25, 0.75)
    shares = [color["share"] for color in body["colors"]]
    assert 1 <= len(shares) <= 8
    assert sum(shares) == pytest.approx(1, abs=1e-4)
    assert shares == sorted(shares, reverse=True)
    assert all(re.fullmatch("#[0-9a-f]{6}", color["color"]) for color in body["colors"])


def test_a_suggestion_given_as_a_hint_is_shown_as_it_is(steerable: TestClient) -> None:
    for x, y in ((0.1, 0.2), (0.5, 0.5), (0.9, 0.8)):
        for color in ask(steerable, x, y).json()["colors"]:
            hints = json.dumps([{"x": x, "y": y, "color": color["color"]}])
            answer = steerable.post(
                COLORIZE + "?include=uncertainty", files={"image": picture()}, data={"hints": hints}
            )
            (hint,) = answer.json()["hints"]
            given, shown = (np.array(list(bytes.fromhex(hint[name][1:])), int) for name in ("color", "shown"))
            assert np.abs(given - shown).max() <= 2


def test_other_hints_are_heeded(steerable: TestClient) -> None:
    everywhere = json.dumps([{"x": 0.5, "y": 0.5, "color": "#c03020", "radius": 1}])
    assert ask(steerable).json()["colors"] != ask(steerable, hints=everywhere).json()["colors"]


@pytest.mark.parametrize("level", [0, 255])
def test_black_and_white_leave_one_colour(steerable: TestClient, level: int) -> None:
    for size in ((1, 1), (40, 70)):
        body = ask(steerable, image=picture(*size, level=level)).json()
        assert [color["color"] for color in body["colors"]] == ["#ffffff" if level else "#000000"]


def test_every_model_can_be_asked(client: TestClient) -> None:
    assert ask(client, model="horses").json()["model"] == "horses"


@pytest.mark.parametrize(
    ("place", "pointers"),
    [
        ({"x": 1.01}, ["/x"]),
        ({"x": -0.1, "y": 2}, ["/x", "/y"]),
        ({"x": "nan"}, ["/x"]),
        ({"y": "middle"}, ["/y"]),
    ],
)
def test_places_outside_the_picture(
    steerable: TestClient, place: dict[str, Any], pointers: list[str]
) -> None:
    answer = ask(steerable, **place)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [error["pointer"].rpartition("/")[2] for error in answer.json()["errors"]] == [
        pointer[1:] for pointer in pointers
    ]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"hints": "[{"}, "/hints"),
        ({"hints": '[{"x": 0, "y": 0, "color": "blue"}]'}, "/hints/0/color"),
        ({"candidate": "99"}, "/candidate"),
        ({"model": "zebra"}, "/model"),
    ],
)
def test_what_colorize_refuses_is_refused(
    steerable: TestClient, fields: dict[str, Any], pointer: str
) -> None:
    answer = ask(steerable, **fields)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_not_a_picture(steerable: TestClient) -> None:
    assert ask(steerable, image=b"dear diary").status_code == 415
    assert steerable.post(URL, params={"x": 0, "y": 0}, data={"model": "photo"}).status_code in (415, 422)


def test_the_reference_tells_of_it(client: TestClient) -> None:
    operation = client.get("/openapi.json").json()["paths"][URL]["post"]
    assert {parameter["name"] for parameter in operation["parameters"]} == {"x", "y"}
    assert "multipart/form-data" in operation["requestBody"]["content"]
    assert {"200", "413", "415", "422", "503"} <= operation["responses"].keys()
