"""Colouring by REST: what comes back, and what every kind of bad input is answered with."""

import base64
import io
import json
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
import torch
from fastapi.testclient import TestClient
from PIL import Image

from app.main import create_app
from app.networks.card import read_card
from app.networks.weights import load_network
from app.settings import Settings

URL = "/api/v1/colorize"
MAX_PIXELS = 2_000_000
MAX_BYTES = 1_000_000


@pytest.fixture(scope="module")
def client(tiny_models: Path) -> Iterator[TestClient]:
    settings = Settings(
        models_dir=tiny_models, preload=False, threads=1, max_pixels=MAX_PIXELS, max_body_bytes=MAX_BYTES
    )
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


def picture(width: int = 48, height: int = 32, format: str = "PNG", **how: Any) -> bytes:
    rows, columns = np.mgrid[0:height, 0:width]
    gray = (60 + 120 * columns / width + 40 * (rows > height / 2)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(gray).save(file, format, **how)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def post(
    client: TestClient, data: bytes | None = None, /, name: str = "gran.png", **fields: str
) -> httpx2.Response:
    files = {"image": (name, picture() if data is None else data)}
    answer: httpx2.Response = client.post(URL, files=files, data=fields)
    return answer


def problem(answer: httpx2.Response, status: int, *pointers: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert {"type", "title", "detail", "instance"} <= body.keys()
    if pointers:
        assert tuple(error["pointer"] for error in body["errors"]) == pointers
    return body


def test_a_picture_comes_back_in_colour(client: TestClient) -> None:
    answer = post(client, temperature="0")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-model"] == "photo"
    assert answer.headers["vary"] == "Accept"
    assert answer.headers["content-disposition"] == 'inline; filename="gran-colorized.png"'
    stages = re.findall(r"(\w+);dur=([\d.]+)", answer.headers["server-timing"])
    assert [name for name, _ in stages] == ["queue", "decode", "network", "join", "encode"]
    assert all(float(milliseconds) >= 0 for _, milliseconds in stages)
    image = opened(answer.content)
    assert (image.mode, image.size) == ("RGB", (48, 32))
    assert np.ptp(np.asarray(image).astype(int), axis=2).max() > 5


def test_the_model_and_format_asked_for_are_used(client: TestClient) -> None:
    answer = post(client, model="horses", format="jpeg")
    assert answer.headers["x-model"] == "horses"
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-disposition"] == 'inline; filename="gran-colorized.jpg"'
    assert opened(answer.content).format == "JPEG"


@pytest.mark.parametrize(("format", "answered"), [("JPEG", "jpeg"), ("WEBP", "webp"), ("TIFF", "png")])
def test_the_answer_is_of_the_upload_s_format_if_it_can_be(
    client: TestClient, format: str, answered: str
) -> None:
    assert post(client, picture(format=format)).headers["content-type"] == f"image/{answered}"


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (5000, 1), (1000, 1100)])
def test_odd_sizes(client: TestClient, size: tuple[int, int]) -> None:
    answer = post(client, picture(*size))
    assert answer.status_code == 200
    assert opened(answer.content).size == size


def test_empty_fields_of_a_plain_form_mean_the_default(client: TestClient) -> None:
    answer = post(client, model="", format="", saturation="", temperature="", candidate="", hints="")
    assert answer.status_code == 200
    assert answer.headers["x-model"] == "photo"


def test_classes_can_be_recounted_from_outside(client: TestClient, tiny_models: Path) -> None:
    gray = np.random.default_rng(0).integers(0, 65536, (32, 32), dtype=np.uint16)
    file = io.BytesIO()
    Image.fromarray(gray).save(file, "PNG")
    files, data = {"image": ("horse.png", file.getvalue())}, {"model": "horses"}
    body = client.post(URL, params={"include": "classes"}, files=files, data=data).json()
    assert body.keys() == {"model", "width", "height", "classes", "palette"}
    assert (body["model"], body["width"], body["height"]) == ("horses", 32, 32)
    card = read_card(tiny_models / "horses")
    assert card.palette is not None
    np.testing.assert_allclose(body["palette"], card.palette)
    with torch.inference_mode():
        planes = torch.from_numpy(gray.astype(np.float32) / np.float32(65535))[None, None]
        expected = load_network(tiny_models / "horses", card)(planes)[0].argmax(dim=0)
    np.testing.assert_array_equal(body["classes"], expected.numpy())


def content_of(uri: str) -> bytes:
    media_type, _, encoded = uri.partition(";base64,")
    assert media_type.startswith("data:image/")
    return base64.b64decode(encoded, validate=True)


@pytest.mark.parametrize(
    ("query", "accept"),
    [
        ("?include=uncertainty", "*/*"),
        ("", "application/json"),
        ("", "application/json, text/plain, */*"),
        ("", "image/*;q=0.5, application/json"),
        ("?include=uncertainty", "image/png"),
    ],
)
def test_json_holds_the_picture_and_its_uncertainty(client: TestClient, query: str, accept: str) -> None:
    files = {"image": ("gran.webp", picture(format="WEBP"))}
    answer = client.post(URL + query, files=files, headers={"Accept": accept})
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-model"] == "photo"
    body = answer.json()
    assert body.keys() == {"model", "width", "height", "image", "uncertainty"}
    assert (body["width"], body["height"]) == (48, 32)
    image = opened(content_of(body["image"]))
    assert (image.format, image.size) == ("WEBP", (48, 32))
    doubt = opened(content_of(body["uncertainty"]))
    assert (doubt.format, doubt.mode) == ("PNG", "L")
    assert doubt.size[0] > doubt.size[1]


@pytest.mark.parametrize(
    "accept",
    ["*/*", "image/*", "application/json;q=0", "image/png, application/json;q=0.9", "nonsense;q=x", ""],
)
def test_without_asking_for_json_the_answer_is_the_picture(client: TestClient, accept: str) -> None:
    answer = client.post(URL, files={"image": picture()}, headers={"Accept": accept})
    assert answer.headers["content-type"] == "image/png"


@pytest.mark.parametrize("query", ["?include=classes,uncertainty", "?include=uncertainty&include=classes"])
def test_extras_combine(client: TestClient, query: str) -> None:
    body = client.post(URL + query, files={"image": picture()}, data={"model": "horses"}).json()
    assert body.keys() == {"model", "width", "height", "image", "uncertainty", "classes", "palette"}
    assert len(body["palette"]) == 24


def test_classes_of_a_model_without_a_palette(client: TestClient) -> None:
    problem(client.post(URL + "?include=classes", files={"image": picture()}), 422, "/include")


def test_an_unknown_extra(client: TestClient) -> None:
    problem(client.post(URL + "?include=everything", files={"image": picture()}), 422, "/include")


HINTS = json.dumps([{"x": 0.5, "y": 0.5, "color": "#ff0000"}])


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({"model": "zebras"}, ["/model"]),
        ({"model": "../horses"}, ["/model"]),
        ({"format": "gif"}, ["/format"]),
        ({"saturation": "nan"}, ["/saturation"]),
        ({"saturation": "2.5"}, ["/saturation"]),
        ({"saturation": "-inf"}, ["/saturation"]),
        ({"temperature": "-0.1"}, ["/temperature"]),
        ({"temperature": "warm"}, ["/temperature"]),
        ({"candidate": "-1"}, ["/candidate"]),
        ({"candidate": "1"}, ["/candidate"]),
        ({"hints": HINTS}, ["/hints"]),
        ({"hints": "[{"}, ["/hints"]),
        ({"hints": '[{"x": 2, "y": 0, "color": "#000000"}]'}, ["/hints/0/x"]),
        ({"saturatoin": "1"}, ["/saturatoin"]),
        (
            {"saturation": "3", "temperature": "2", "model": "zebras"},
            ["/saturation", "/temperature", "/model"],
        ),
    ],
)
def test_values_that_cannot_be_used(client: TestClient, fields: dict[str, str], pointers: list[str]) -> None:
    body = problem(post(client, None, **fields), 422, *pointers)
    assert all(error["detail"] for error in body["errors"])


@pytest.fixture(scope="module")
def steerable(
    tmp_path_factory: pytest.TempPathFactory, make_photo_model: Callable[..., Path]
) -> Iterator[TestClient]:
    """A client of a service whose `photo` takes hints: the real network, narrow, with random weights."""
    models = tmp_path_factory.mktemp("models")
    make_photo_model(models)
    settings = Settings(models_dir=models, preload=False, threads=1)
    with TestClient(create_app(settings), raise_server_exceptions=False) as client:
        yield client


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
    ("preview", "size"), [(16, (16, 11)), (60, (60, 40)), (90, (90, 60)), (4000, (90, 60))]
)
def test_a_preview_is_small(client: TestClient, preview: int, size: tuple[int, int]) -> None:
    answer = client.post(f"{URL}?preview={preview}", files={"image": picture(90, 60)})
    assert answer.status_code == 200
    assert Image.open(io.BytesIO(answer.content)).size == size
    told = client.post(
        f"{URL}?preview={preview}&include=uncertainty", files={"image": picture(90, 60)}
    ).json()
    assert (told["width"], told["height"]) == (90, 60)


@pytest.mark.parametrize("preview", ["0", "15", "4097", "-5", "wide", ""])
def test_previews_have_bounds(client: TestClient, preview: str) -> None:
    problem(client.post(f"{URL}?preview={preview}", files={"image": picture()}), 422)


def test_a_missing_picture(client: TestClient) -> None:
    problem(client.post(URL), 422, "/image")
    problem(client.post(URL, data={"model": "horses"}), 422, "/image")
    problem(client.post(URL, data={"image": "text"}), 422, "/image")


def test_two_pictures(client: TestClient) -> None:
    files = [("image", ("a.png", picture())), ("image", ("b.png", picture()))]
    problem(client.post(URL, files=files), 422, "/image")


def test_a_body_of_another_type(client: TestClient) -> None:
    problem(client.post(URL, json={"image": "x"}), 415)
    problem(client.post(URL, content=b"x", headers={"Content-Type": "multipart/form-data"}), 400)


def test_other_methods(client: TestClient) -> None:
    problem(client.get(URL), 405)


def gif(frames: int) -> bytes:
    file = io.BytesIO()
    pages = [Image.new("L", (8, 8), 40 * page) for page in range(frames)]
    pages[0].save(file, "GIF", save_all=frames > 1, append_images=pages[1:])
    return file.getvalue()


def animation(format: str) -> bytes:
    file = io.BytesIO()
    pages = [Image.new("RGB", (8, 8), (40 * page, 0, 0)) for page in range(3)]
    pages[0].save(file, format, save_all=True, append_images=pages[1:])
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"just some text that calls itself gran.png",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        gif(1),
        gif(3),
        animation("PNG"),
        animation("WEBP"),
        animation("TIFF"),
        b"%PDF-1.7",
        bytes(1000),
    ],
    ids=["text", "svg", "gif", "animated-gif", "animated-png", "animated-webp", "tiff-pages", "pdf", "zeros"],
)
def test_what_is_no_still_picture_of_an_allowed_format(client: TestClient, data: bytes) -> None:
    problem(post(client, data), 415, "/image")


@pytest.mark.parametrize(
    "data",
    [b"", picture()[:60], picture(300, 200, "JPEG")[:800], picture(300, 200, "WEBP")[:120], picture()[:16]],
    ids=["empty", "png", "jpeg", "webp", "header"],
)
def test_a_truncated_picture(client: TestClient, data: bytes) -> None:
    problem(post(client, data), 422, "/image")


def bomb() -> bytes:
    """20 000 x 20 000 pixels of black in a PNG of about 50 KB."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">IIBBBBB", 20_000, 20_000, 1, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(20_000 * 2_501), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def test_a_bomb_is_refused_by_its_header(client: TestClient) -> None:
    data = bomb()
    assert len(data) < 100_000
    body = problem(post(client, data), 413, "/image")
    assert "2,000,000" in body["detail"]


def test_too_many_pixels(client: TestClient) -> None:
    problem(post(client, picture(MAX_PIXELS + 1, 1)), 413, "/image")


def test_a_body_over_the_limit_with_and_without_a_declared_length(client: TestClient) -> None:
    problem(post(client, bytes(MAX_BYTES)), 413)

    def pieces() -> Iterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
        for _ in range(MAX_BYTES // 50_000 + 1):
            yield bytes(50_000)
        yield b"\r\n--b--\r\n"

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    problem(client.post(URL, content=pieces(), headers=headers), 413)


@pytest.mark.parametrize(
    ("name", "disposition"),
    [
        (".", 'inline; filename="picture-colorized.png"'),
        ("../../x.png", 'inline; filename="x-colorized.png"'),
        ("Oma Käthe.png", "inline; filename*=UTF-8''Oma%20K%C3%A4the-colorized.png"),
        ("a;b,c=d.png", "inline; filename*=UTF-8''a%3Bb%2Cc%3Dd-colorized.png"),
    ],
)
def test_names_are_safe(client: TestClient, name: str, disposition: str) -> None:
    assert post(client, picture(), name).headers["content-disposition"] == disposition


def test_the_reference_tells_all_of_it(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    operation = document["paths"][URL]["post"]
    schema = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert schema["required"] == ["image"]
    assert set(schema["properties"]) == {
        "image",
        "model",
        "format",
        "saturation",
        "temperature",
        "restore",
        "candidate",
        "hints",
    }
    assert {"200", "400", "413", "415", "422", "503"} <= operation["responses"].keys()
    assert {"image/png", "image/jpeg", "image/webp", "application/json"} == operation["responses"]["200"][
        "content"
    ].keys()
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    assert answer.rsplit("/", 1)[1] in document["components"]["schemas"]


def test_what_was_not_gray_is_said(client: TestClient) -> None:
    gray: Any = np.add.outer(np.arange(32), np.arange(32)).astype(np.uint8) * 4
    sepia = np.stack([gray, (gray * 0.8).astype(np.uint8), (gray * 0.6).astype(np.uint8)], axis=-1)
    colored = np.stack([gray, gray.T[::-1], gray[:, ::-1]], axis=-1)
    for samples, expected in ((gray, None), (sepia, "toned"), (colored, "color")):
        file = io.BytesIO()
        Image.fromarray(samples).save(file, "PNG")
        body = client.post(URL + "?include=uncertainty", files={"image": file.getvalue()}).json()
        assert body.get("source") == expected


@pytest.mark.parametrize("text", ["true", "on", "1"])
def test_contrast_is_restored_on_request_only(client: TestClient, text: str) -> None:
    """Unless asked for, luminance is kept to the step; asked for, the tones reach both ends."""
    faded: Any = 90 + np.add.outer(np.arange(32), np.arange(32)).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(faded).save(file, "PNG")
    files = {"image": file.getvalue()}
    grays = []
    for data in ({}, {"restore": text}, {"restore": "false"}):
        response = client.post(URL, files=files, data=data | {"saturation": "0"})
        assert response.status_code == 200, response.text
        grays.append(np.asarray(Image.open(io.BytesIO(response.content)))[..., 0])
    np.testing.assert_array_equal(grays[0], faded)
    np.testing.assert_array_equal(grays[2], faded)
    assert np.ptp(grays[1]) > 2 * np.ptp(faded)
    assert (np.diff(grays[1].astype(int), axis=1) >= 0).all()


def test_restore_is_yes_or_no(client: TestClient) -> None:
    response = client.post(URL, files={"image": picture()}, data={"restore": "gently"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/restore"
