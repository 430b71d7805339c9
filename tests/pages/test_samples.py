"""The sample photographs: rights named, small, gray when they should be."""

from io import BytesIO

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from app.pages.samples import SAMPLES, VIEWS
from app.resources import static_dir

FOLDER = static_dir() / "samples"


def test_every_file_is_offered_and_credited() -> None:
    credits = (FOLDER / "CREDITS.md").read_text()
    files = {path.stem for path in FOLDER.glob("*.jpg")}
    assert files == set(SAMPLES)
    for name in files:
        line = next(line for line in credits.splitlines() if f"`{name}.jpg`" in line)
        assert "CC0" in line or "public domain" in line


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("kind", VIEWS)
def test_views(client: TestClient, name: str, kind: str) -> None:
    response = client.get(f"/samples/{name}/{kind}.jpg")
    assert response.headers["content-type"] == "image/jpeg"
    assert "immutable" in response.headers["cache-control"]
    picture = Image.open(BytesIO(response.content))
    assert picture.mode == ("RGB" if kind == "truth" else "L")
    assert len(response.content) < 60_000
    if kind == "gray":
        assert picture.size == Image.open(BytesIO((FOLDER / f"{name}.jpg").read_bytes())).size
    else:
        assert picture.width == (160 if kind == "thumbnail" else 240)


def test_gray_is_the_luminance_of_the_original() -> None:
    from skimage.color import rgb2lab

    for name in SAMPLES:
        gray = np.asarray(Image.open(BytesIO(VIEWS["gray"](name))).convert("RGB"))
        original = np.asarray(Image.open(FOLDER / f"{name}.jpg"))
        difference = np.abs(rgb2lab(gray)[..., 0] - rgb2lab(original)[..., 0])
        assert difference.mean() < 1.0, name  # JPEG's own loss


@pytest.mark.parametrize("path", ["nobody/gray.jpg", "coffee/secret.jpg", "..%2fCREDITS/gray.jpg"])
def test_nothing_else_is_there(client: TestClient, path: str) -> None:
    assert client.get(f"/samples/{path}").status_code == 404
