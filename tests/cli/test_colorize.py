"""`chromalab colorize`, with networks here and by a service."""

import io
import threading
import time
from collections.abc import Iterator
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from PIL import Image
from typer.testing import CliRunner, Result

from app.cli import cli
from app.main import create_app
from app.networks.card import WEIGHTS_NAME
from app.settings import Settings

RUNNER = CliRunner()
module = import_module("app.cli.colorize")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tiny_models: Path) -> None:
    monkeypatch.setenv("CHROMALAB_MODELS_DIR", str(tiny_models))
    monkeypatch.setenv("CHROMALAB_THREADS", "1")
    monkeypatch.setattr("app.cli.colorize.configure_logging", lambda level, style: None)


@pytest.fixture(scope="module")
def service(tiny_models: Path) -> Iterator[str]:
    """Address of a running service with the tiny models."""
    settings = Settings(models_dir=tiny_models, preload=False, threads=1)
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Three pictures, one broken file, and a text."""
    album = tmp_path / "album"
    (album / "1950").mkdir(parents=True)
    gray = np.linspace(0, 255, 40 * 30).reshape(30, 40).astype(np.uint8)
    Image.fromarray(gray).save(album / "gran.jpg")
    Image.fromarray(gray.T.copy()).save(album / "1950" / "house.tif")
    Image.fromarray(gray.astype(np.uint16) * 257).save(album / "1950" / "deep.png")
    (album / "1950" / "broken.png").write_bytes((album / "1950" / "deep.png").read_bytes()[:70])
    (album / "notes.txt").write_text("not a picture")
    return album


def colorize(*arguments: str | Path) -> Result:
    return RUNNER.invoke(cli, ["colorize", *map(str, arguments)])


def files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("remote", [False, True])
def test_folders_are_coloured_and_what_fails_is_listed(
    album: Path, tmp_path: Path, service: str, remote: bool
) -> None:
    before = {path: path.read_bytes() for path in album.rglob("*") if path.is_file()}
    out = tmp_path / "out"
    where = ["--server", service] if remote else []
    done = colorize(album, "-o", out, "--recursive", "--model", "horses", "--temperature", "0", *where)
    assert done.exit_code == 1, done.output
    assert "3 coloured, 0 already there, 1 failed" in done.output
    assert "broken.png: " in done.output
    assert files(out) == {"gran.jpg", "1950/house.png", "1950/deep.png"}
    with Image.open(out / "gran.jpg") as gran:
        assert (gran.format, gran.mode, gran.size) == ("JPEG", "RGB", (40, 30))
        assert np.ptp(np.asarray(gran).astype(int), axis=2).max() > 5
    assert (out / "1950" / "deep.png").read_bytes()[24:26] == bytes([16, 2])
    assert {path: path.read_bytes() for path in album.rglob("*") if path.is_file()} == before


def test_here_and_by_a_service_the_picture_is_the_same(album: Path, tmp_path: Path, service: str) -> None:
    here, there = tmp_path / "here.png", tmp_path / "there.png"
    settings = ["--model", "photo", "--saturation", "1.5", "--temperature", "0.3"]
    assert colorize(album / "gran.jpg", "-o", here, *settings).exit_code == 0
    assert colorize(album / "gran.jpg", "-o", there, *settings, "--server", service).exit_code == 0
    with Image.open(here) as one, Image.open(there) as other:
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))


def test_a_second_run_keeps_what_is_there(album: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert colorize(album, "-o", out).exit_code == 0
    first = (out / "gran.jpg").stat()
    again = colorize(album, "-o", out)
    assert again.exit_code == 0
    assert "0 coloured, 1 already there, 0 failed" in again.output
    assert (out / "gran.jpg").stat().st_mtime_ns == first.st_mtime_ns
    changed = colorize(album, "-o", out, "--overwrite", "--saturation", "0")
    assert "1 coloured" in changed.output
    assert (out / "gran.jpg").stat().st_ino != first.st_ino
    assert files(out) == {"gran.jpg"}


def test_inputs_are_never_overwritten(album: Path) -> None:
    before = (album / "gran.jpg").read_bytes()
    done = colorize(album, "-o", album, "--overwrite")
    assert done.exit_code == 1
    assert "would overwrite an input" in done.output
    assert (album / "gran.jpg").read_bytes() == before


def test_files_that_are_no_pictures_are_named(album: Path, tmp_path: Path) -> None:
    done = colorize(album / "notes.txt", album / "nowhere.png", album / "gran.jpg", "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "notes.txt: This is not a JPEG" in done.output
    assert "nowhere.png: does not exist" in done.output
    assert files(tmp_path / "out") == {"gran.jpg"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--out"),
        (["-o", "out", "--model", "zebras"], "zebras"),
        (["-o", "out", "--saturation", "3"], "saturation"),
        (["-o", "out", "--saturation", "nan"], "saturation"),
        (["-o", "out", "--temperature", "-1"], "temperature"),
        (["-o", "out", "--format", "gif"], "format"),
        (["-o", "out.png", "--format", "jpeg"], "does not end like jpeg"),
        (["-o", "out", "--server", "http://127.0.0.1:9"], "http://127.0.0.1:9"),
    ],
)
def test_misuse_is_exit_code_2_and_does_nothing(
    album: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(album)
    before = files(album)
    done = colorize("gran.jpg", *arguments)
    assert done.exit_code == 2, done.output
    assert said in done.output
    assert files(album) == before


def test_a_broken_model_is_named(
    album: Path, tmp_path: Path, make_model: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(make_model)
    (make_model(tmp_path / "models", "horses") / WEIGHTS_NAME).write_bytes(b"bad")
    monkeypatch.setenv("CHROMALAB_MODELS_DIR", str(tmp_path / "models"))
    named = colorize(album, "-o", tmp_path / "out", "--model", "horses")
    assert named.exit_code == 2
    assert "does not match its SHA-256" in named.output
    unnamed = colorize(album, "-o", tmp_path / "out")
    assert unnamed.exit_code == 2
    assert "there is no model" in unnamed.output


def test_a_folder_without_pictures_is_no_failure(tmp_path: Path) -> None:
    done = colorize(tmp_path, "-o", tmp_path / "out")
    assert done.exit_code == 0
    assert "no pictures there" in done.output


def test_interrupting_leaves_whole_files_only(
    album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.cli.painters import LocalPainter

    paint = LocalPainter.paint
    painted: list[Path] = []

    def interrupted(self: LocalPainter, source: Path, format: str) -> bytes:
        if painted:
            raise KeyboardInterrupt
        painted.append(source)
        return paint(self, source, format)  # type: ignore[arg-type]

    monkeypatch.setattr(LocalPainter, "paint", interrupted)
    done = colorize(album, "-o", tmp_path / "out", "-r")
    assert done.exit_code == 130
    assert "interrupted" in done.output
    (name,) = files(tmp_path / "out")
    assert Image.open(io.BytesIO((tmp_path / "out" / name).read_bytes())).size


def test_an_odd_file_name_is_shown_as_it_is(tmp_path: Path) -> None:
    odd = tmp_path / "[bold]not markup.png"
    odd.write_bytes(b"")
    done = colorize(odd, "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "[bold]not markup.png: The file is empty." in done.output


@pytest.mark.parametrize("remote", [False, True])
def test_several_at_a_time_give_the_same(album: Path, tmp_path: Path, service: str, remote: bool) -> None:
    for place in range(9):
        (album / f"again {place}.jpg").write_bytes((album / "gran.jpg").read_bytes())
    where = ["--server", service] if remote else []
    for jobs in ("1", "4"):
        done = colorize(album, "-o", tmp_path / jobs, "-r", "--jobs", jobs, "--model", "photo", *where)
        assert done.exit_code == 1
        assert "12 coloured, 0 already there, 1 failed" in done.output
    assert files(tmp_path / "1") == files(tmp_path / "4")
    for name in files(tmp_path / "1"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "4" / name).read_bytes()


def test_what_fails_is_listed_in_the_order_of_the_pictures(tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    for place in range(20):
        (album / f"{place:02}.png").write_bytes(b"broken" * place)
    done = colorize(album, "-o", tmp_path / "out", "--jobs", "5", "--model", "photo")
    assert done.exit_code == 1
    named = [line.partition(".png")[0][-2:] for line in done.output.splitlines() if ".png: " in line]
    assert named == [f"{place:02}" for place in range(20)]


def test_interrupted_no_more_is_begun_and_what_was_is_whole(
    album: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(30):
        (album / f"again {place:02}.jpg").write_bytes((album / "gran.jpg").read_bytes())
    begun, told, gate = count(1), count(1), threading.Event()
    real = module._paint

    def paint(*given: Any) -> Any:
        if next(begun) > 5:
            gate.wait(30)  # opens once the run has been interrupted
        return real(*given)

    def interrupt(progress: object, task: object) -> None:
        if next(told) == 3:
            threading.Timer(0.5, gate.set).start()
            raise KeyboardInterrupt

    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(module, "_paint", paint)
        patch.setattr("rich.progress.Progress.advance", interrupt)
        stopped = colorize(album, "-o", out, "-r", "--jobs", "2", "--model", "photo")
    assert stopped.exit_code == 130
    kept = files(out)
    assert 3 <= len(kept) < 33
    for name in kept:
        with Image.open(out / name) as picture:
            picture.load()
    again = colorize(album, "-o", out, "-r", "--jobs", "2", "--model", "photo")
    assert f"{33 - len(kept)} coloured, {len(kept)} already there, 1 failed" in again.output
