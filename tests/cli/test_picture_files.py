"""Which files are coloured, where results go, and that nothing is ever overwritten or half-written."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.cli.picture_files import FileError, Task, plan, read_bytes, write_whole


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """A folder of pictures, other files, hidden ones, and folders within."""
    album = tmp_path / "album"
    for name in (
        "b.jpg",
        "a.PNG",
        "c.tif",
        "notes.txt",
        ".hidden.png",
        "1950/d.webp",
        "1950/deep/e.JPEG",
        ".git/f.png",
    ):
        path = album / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return album


def places(tasks: list[Task], out: Path) -> dict[str, str]:
    return {task.source.name: str(task.target.relative_to(out)) for task in tasks}


def test_a_folder_s_own_pictures(album: Path, tmp_path: Path) -> None:
    tasks = plan([album], tmp_path / "out", format=None, recursive=False)
    assert places(tasks, tmp_path / "out") == {"a.PNG": "a.PNG", "b.jpg": "b.jpg", "c.tif": "c.png"}
    assert [task.format for task in tasks] == ["png", "jpeg", "png"]
    assert all(task.problem is None for task in tasks)


def test_folders_within_keep_their_structure(album: Path, tmp_path: Path) -> None:
    tasks = plan([album], tmp_path / "out", format="webp", recursive=True)
    assert places(tasks, tmp_path / "out") == {
        "a.PNG": "a.webp",
        "b.jpg": "b.webp",
        "c.tif": "c.webp",
        "d.webp": "1950/d.webp",
        "e.JPEG": "1950/deep/e.webp",
    }


def test_results_within_the_folder_are_not_coloured_again(album: Path) -> None:
    out = album / "colour"
    first = plan([album], out, format=None, recursive=True)
    for task in first:
        write_whole(task.target, b"coloured")
    assert plan([album], out, format=None, recursive=True) == first


def test_one_picture_into_a_file(album: Path, tmp_path: Path) -> None:
    (task,) = plan([album / "b.jpg"], tmp_path / "red.webp", format=None, recursive=False)
    assert (task.target, task.format, task.problem) == (tmp_path / "red.webp", "webp", None)


def test_one_picture_into_a_folder_that_is_named_like_a_file(album: Path, tmp_path: Path) -> None:
    (tmp_path / "out.png").mkdir()
    (task,) = plan([album / "b.jpg"], tmp_path / "out.png", format=None, recursive=False)
    assert task.target == tmp_path / "out.png" / "b.jpg"


def test_files_of_any_name_are_tried(tmp_path: Path) -> None:
    (task,) = plan([tmp_path / "scan"], tmp_path / "out", format=None, recursive=False)
    assert (task.target.name, task.format) == ("scan.png", "png")


@pytest.mark.parametrize("out", [".", "../album", "link"])
def test_an_input_is_never_overwritten(album: Path, out: str) -> None:
    (album.parent / "link").symlink_to(album)
    target = album / out if out != "link" else album.parent / "link"
    tasks = plan([album], target, format=None, recursive=False)
    problems = {task.source.name: task.problem for task in tasks}
    assert problems["a.PNG"] is not None
    assert "would overwrite an input" in problems["a.PNG"]
    assert problems["c.tif"] is None  # becomes c.png, which is new


def test_an_input_is_not_overwritten_through_another(album: Path) -> None:
    tasks = plan([album / "1950" / "d.webp", album / "b.jpg"], album, format="jpeg", recursive=False)
    assert [task.problem is None for task in tasks] == [True, False]


def test_results_do_not_overwrite_each_other(tmp_path: Path) -> None:
    inputs = [tmp_path / "a.tif", tmp_path / "a.png", tmp_path / "b.png"]
    for path in inputs:
        path.write_bytes(b"x")
    tasks = plan(inputs, tmp_path / "out", format=None, recursive=False)
    assert [task.problem is None for task in tasks] == [True, False, True]
    assert "a.tif" in str(tasks[1].problem)


def test_a_picture_named_twice_is_coloured_once(album: Path, tmp_path: Path) -> None:
    tasks = plan([album / "b.jpg", album / "b.jpg"], tmp_path / "out", format=None, recursive=False)
    assert len(tasks) == 1


def test_reading_refuses_what_is_no_reasonable_file(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    with pytest.raises(FileError, match="does not exist"):
        read_bytes(path, 10)
    with pytest.raises(FileError, match="is not a file"):
        read_bytes(tmp_path, 10)
    path.write_bytes(b"12345678901")
    with pytest.raises(FileError, match="11 bytes"):
        read_bytes(path, 10)
    assert read_bytes(path, 11) == b"12345678901"


def test_writing_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / "folder" / "a.png"
    write_whole(path, b"first")
    assert path.read_bytes() == b"first"

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FileError, match="No space left"):
        write_whole(path, b"second")
    assert path.read_bytes() == b"first"
    assert [entry.name for entry in path.parent.iterdir()] == ["a.png"]


def test_writing_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"a file")
    with pytest.raises(FileError, match="cannot be written"):
        write_whole(tmp_path / "out" / "a.png", b"x")
    assert (tmp_path / "out").read_bytes() == b"a file"


@pytest.mark.skipif(sys.platform == "win32", reason="there a process cannot be asked after by signal 0")
def test_what_killed_processes_left_half_written_is_removed(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = tmp_path / f".a.png.00000000.{dead.pid}.part"
    others = {
        tmp_path / f".a.png.00000000.{os.getppid()}.part",
        tmp_path / ".a.png.part",
        tmp_path / f".a.png.00000000.{10**30}.part",
        tmp_path / "a.part",
    }
    for path in (left, *others):
        path.write_bytes(b"half")
    write_whole(tmp_path / "b.png", b"whole")
    assert set(tmp_path.iterdir()) == {*others, tmp_path / "b.png"}


def test_long_names_that_begin_alike_do_not_meet(tmp_path: Path) -> None:
    names = [f"{'x' * 150}{place}.png" for place in range(20)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: write_whole(tmp_path / name, name.encode()), names))
    assert {path.name for path in tmp_path.iterdir()} == set(names)
    assert all(path.read_bytes().decode() == path.name for path in tmp_path.iterdir())
