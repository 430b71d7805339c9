"""Hints, candidates and the map of doubt from the command line, here and by a service."""

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path

import httpx2
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from app.cli import cli
from app.cli.client import RemotePainter
from app.cli.painters import SetupError
from app.cli.picture_files import FileError
from app.cli.steering import given_hints
from app.colorizing.options import Options

RUNNER = CliRunner()
HINT = "0.5,0.5,#c03020,0.3"


@pytest.fixture(scope="module")
def models(
    tmp_path_factory: pytest.TempPathFactory,
    make_model: Callable[..., Path],
    make_photo_model: Callable[..., Path],
) -> Path:
    models = tmp_path_factory.mktemp("models")
    make_photo_model(models)
    make_model(models, "horses")
    return models


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, models: Path) -> None:
    monkeypatch.setenv("CHROMALAB_MODELS_DIR", str(models))


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "gran.png"
    Image.fromarray(np.add.outer(np.arange(48), np.arange(64)).astype(np.uint8) * 2).save(path)
    return path


def colorize(*arguments: str | Path) -> Result:
    return RUNNER.invoke(cli, ["colorize", *map(str, arguments)])


def coloured(picture: Path, out: Path, *options: str | Path) -> bytes:
    result = colorize(picture, "--out", out, *options)
    assert result.exit_code == 0, result.output
    return out.read_bytes()


def test_hints_and_candidates_change_the_colours(picture: Path, tmp_path: Path) -> None:
    plain = coloured(picture, tmp_path / "plain.png")
    hinted = coloured(picture, tmp_path / "hinted.png", "--hint", HINT)
    other = coloured(picture, tmp_path / "other.png", "--candidate", "1")
    both = coloured(picture, tmp_path / "both.png", "--candidate", "1", "--hint", HINT)
    assert len({plain, hinted, other, both}) == 4


def test_hints_of_a_file_and_of_the_line_are_the_same(picture: Path, tmp_path: Path) -> None:
    second = "0.1,0.9,#2050c0"
    expected = coloured(picture, tmp_path / "a.png", "--hint", HINT, "--hint", second)
    as_json, as_lines = tmp_path / "hints.json", tmp_path / "hints.txt"
    as_json.write_text('[{"x": 0.5, "y": 0.5, "color": "#c03020", "radius": 0.3}]')
    as_lines.write_text(f"{HINT}\n{second}\n")
    assert coloured(picture, tmp_path / "b.png", "--hints", as_json, "--hint", second) == expected
    assert coloured(picture, tmp_path / "c.png", "--hints", as_lines) == expected


def test_where_it_is_unsure(picture: Path, tmp_path: Path) -> None:
    path = tmp_path / "unsure.png"
    coloured(picture, tmp_path / "a.png", "--uncertainty", path)
    with Image.open(path) as unsure:
        assert (unsure.mode, unsure.format) == ("L", "PNG")
        assert np.asarray(unsure).max() > 0


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--hint", "red"], "--hint: 'red' is not x, y, #rrggbb"),
        (["--hint", "0.5,1.5,#ff0000"], "hint 1, y: Input should be less than or equal to 1"),
        (["--hints", "nowhere.json"], "--hints nowhere.json:"),
        (["--candidate", "99"], "candidates end at"),
        (["--model", "horses", "--hint", HINT], "Hints are not supported by the model 'horses'"),
        (["--model", "horses", "--candidate", "1"], "Candidates are not supported by the model 'horses'"),
    ],
)
def test_what_cannot_be_done_is_said(picture: Path, tmp_path: Path, options: list[str], told: str) -> None:
    out = tmp_path / "out.png"
    result = colorize(picture, "--out", out, *options)
    assert result.exit_code in (1, 2)
    assert told in " ".join(result.output.split())
    assert not out.exists()


def test_they_are_of_one_picture(picture: Path, tmp_path: Path) -> None:
    second = picture.with_name("second.png")
    second.write_bytes(picture.read_bytes())
    for options in (["--hint", HINT], ["--candidate", "1"], ["--uncertainty", str(tmp_path / "u.png")]):
        result = colorize(picture, second, "--out", tmp_path / "out", *options)
        assert result.exit_code == 2
        assert f"{options[0]}: of one picture only, and there are 2" in " ".join(result.output.split())
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("text", ["[{", "red", "[1, NaN]", "\xff"])
def test_files_of_no_hints(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hints"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(SetupError, match="--hints"):
        given_hints([], path)


def test_a_service_is_told_and_asked(picture: Path) -> None:
    asked: list[httpx2.Request] = []
    unsure = io.BytesIO()
    Image.new("L", (4, 3), 200).save(unsure, "PNG")

    def serve(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/models"):
            return httpx2.Response(200, json={"models": [{"id": "photo"}], "default": "photo"})
        asked.append(request)
        if request.url.query:
            uri = "data:image/png;base64," + base64.b64encode(unsure.getvalue()).decode()
            return httpx2.Response(200, json={"uncertainty": uri} if len(asked) < 3 else {})
        return httpx2.Response(200, content=b"in colour")

    hint = {"x": 0.5, "y": 0.25, "color": "#3a6ea5"}
    options = Options.model_validate({"hints": [hint], "candidate": 2})
    painter = RemotePainter("http://service.test", "photo", options, transport=httpx2.MockTransport(serve))
    assert painter.paint(picture, "png") == b"in colour"
    assert painter.uncertainty(picture) == unsure.getvalue()
    with pytest.raises(FileError, match="did not tell"):
        painter.uncertainty(picture)
    painter.close()
    assert asked[1].url.query == b"include=uncertainty"
    for request in asked:
        body = request.read().decode(errors="replace")
        assert json.dumps([hint]) in body
        assert 'name="candidate"' in body
