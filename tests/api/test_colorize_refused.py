"""Colouring by REST: what every kind of bad input is answered with."""

import io
import json
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from tests.api.colorizing import MAX_BYTES, MAX_PIXELS, URL, picture, post, problem, service


@pytest.fixture(scope="module")
def client(tiny_models: Path) -> Iterator[TestClient]:
    with service(tiny_models, max_pixels=MAX_PIXELS, max_body_bytes=MAX_BYTES) as client:
        yield client


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


def test_restore_is_yes_or_no(client: TestClient) -> None:
    response = client.post(URL, files={"image": picture()}, data={"restore": "gently"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["pointer"] == "/restore"


def test_an_unknown_extra(client: TestClient) -> None:
    problem(client.post(URL + "?include=everything", files={"image": picture()}), 422, "/include")


def test_classes_of_a_model_without_a_palette(client: TestClient) -> None:
    problem(client.post(URL + "?include=classes", files={"image": picture()}), 422, "/include")
