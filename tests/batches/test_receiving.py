"""Bodies of many files, cut into any pieces: the files in the storage are those that were sent."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from app.batches import receiving
from app.batches.receiving import Limits, Received, receive
from app.batches.record import stored_as
from app.jobs.storage import Storage, StorageFull, Writing
from app.problems import BadRequest, Problem, TooLarge, Unavailable, UnsupportedMedia

ORIGIN = "a" * 32
BOUNDARY = "x-boundary"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
Part = tuple[str, bytes | None, bytes]
"""Name, file name (None for a text), content."""


def body(parts: Sequence[Part], end: bool = True) -> bytes:
    made = b""
    for name, filename, content in parts:
        told = b"" if filename is None else b'; filename="' + filename + b'"'
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"'.encode()
        made += head + told + b"\r\n\r\n" + content + b"\r\n"
    return made + (f"--{BOUNDARY}--\r\n".encode() if end else b"")


def sent(
    pieces: Sequence[bytes],
    content_type: str = f"multipart/form-data; boundary={BOUNDARY}",
    cut: bool = False,
) -> Request:
    """A request whose body comes in these pieces; `cut` by a client that goes before the end."""
    left = [
        {"type": "http.request", "body": piece, "more_body": cut or place < len(pieces) - 1}
        for place, piece in enumerate(pieces)
    ]

    async def given() -> Any:
        return left.pop(0) if left else {"type": "http.disconnect"}

    headers = [(b"content-type", content_type.encode())]
    scope = {"type": "http", "method": "POST", "path": "/", "headers": headers, "query_string": b""}
    return Request(scope, given)


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    return Storage(str(tmp_path / "storage"))


Take = Callable[[Request], Received]


@pytest.fixture
def take(storage: Storage) -> Take:
    limits = Limits(files=4, file_bytes=1000, too_large=lambda size: {"detail": f"{size} bytes"})

    def receive_it(request: Request) -> Received:
        found: Awaitable[Received] = receive(
            request, storage, ORIGIN, files="images", texts=("model", "format"), limits=limits
        )
        return asyncio.run(found)  # type: ignore[arg-type]

    return receive_it


FILES = [b"first", b"", bytes(range(256)) * 3, b"\r\n--x-boundar\r\n--\r\n" * 9]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1000, 100_000])
def test_cut_into_pieces_of_any_size_the_files_are_the_same(take: Take, storage: Storage, size: int) -> None:
    files: list[Part] = [("images", f"{place}.png".encode(), content) for place, content in enumerate(FILES)]
    raw = body([("model", None, b"photo"), *files, ("format", None, b" ")])
    found = take(sent([raw[start : start + size] for start in range(0, len(raw), size)]))
    assert found.errors == []
    assert found.texts == {"model": "photo"}
    assert [(one.name, one.bytes, one.problem) for one in found.uploads] == [
        (f"{place}.png", len(content), None) for place, content in enumerate(FILES)
    ]
    assert [storage.read(ORIGIN, stored_as("in", place)) for place in (1, 2, 3, 4)] == FILES
    assert found.bytes == sum(map(len, FILES))


def test_the_digest_tells_contents_names_and_order_apart(take: Take) -> None:
    def digest(*files: tuple[bytes, bytes]) -> str:
        return take(sent([body([("images", name, content) for name, content in files])])).digest

    one = digest((b"a", b"1"), (b"b", b"2"))
    assert one == digest((b"a", b"1"), (b"b", b"2"))
    others = {
        digest((b"a", b"1"), (b"b", b"3")),
        digest((b"a", b"1"), (b"c", b"2")),
        digest((b"b", b"2"), (b"a", b"1")),
        digest((b"a", b"1")),
    }
    assert one not in others
    assert len(others) == 4


def test_a_file_that_is_too_large_is_told_of_in_its_place_and_not_kept(take: Take, storage: Storage) -> None:
    parts: list[Part] = [("images", b"a", b"1"), ("images", b"b", bytes(1001)), ("images", b"c", bytes(1000))]
    found = take(sent([body(parts)]))
    assert [one.problem for one in found.uploads] == [None, {"detail": "1001 bytes"}, None]
    assert found.bytes == 1001
    assert not list(storage_files(storage, "in/000002"))


def storage_files(storage: Storage, name: str) -> list[str]:
    with storage.reaching() as (files, root):
        return [path for path in files.find(f"{root}/{ORIGIN}") if name in path]


REFUSED: dict[str, tuple[list[Part], list[tuple[str, str]]]] = {
    "nothing": ([], [("/images", "at least one file is needed")]),
    "no file chosen": ([("images", b"", b"")], [("/images", "at least one file is needed")]),
    "too many": (
        [("images", b"a", b"1")] * 6,
        [("/images", "at most 4 files are taken, and 6 came")],
    ),
    "text for files": ([("images", None, b"text")], [("/images", "must be files")]),
    "file for text": (
        [("images", b"a", b"1"), ("model", b"m", b"x")],
        [("/model", "must be text, not a file")],
    ),
    "unknown": (
        [("images", b"a", b"1"), ("hints", None, b"[]")],
        [("/hints", "unknown field; known are images, model, format")],
    ),
    "twice": (
        [("images", b"a", b"1"), ("model", None, b"x"), ("model", None, b"y")],
        [("/model", "given more than once")],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_with_the_form_is_told(take: Take, case: str) -> None:
    parts, errors = REFUSED[case]
    found = take(sent([body(parts)]))
    assert [(error.pointer, error.detail) for error in found.errors] == errors


def test_more_files_than_are_taken_are_not_kept(take: Take, storage: Storage) -> None:
    take(sent([body([("images", b"a", b"1")] * 6)]))
    assert len(storage_files(storage, "in/")) == 4


BROKEN: dict[str, tuple[bytes, type[Problem]]] = {
    "no end": (body([("images", b"a", b"1")], end=False), BadRequest),
    "no name": (f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n".encode(), BadRequest),
    "no boundary": (b"hello", BadRequest),
    "long header": (f"--{BOUNDARY}\r\nX: {'y' * 9000}\r\n\r\n".encode(), BadRequest),
    "many headers": (f"--{BOUNDARY}\r\n".encode() + b"X%d: y\r\n" * 40 % (*range(40),), BadRequest),
    "many fields": (body([("model", None, b"x")] * 40), BadRequest),
    "long text": (body([("model", None, b"x" * 70_000)]), TooLarge),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_body_that_cannot_be_read_is_refused(take: Take, case: str) -> None:
    raw, kind = BROKEN[case]
    with pytest.raises(kind):
        take(sent([raw]))


def test_an_upload_that_is_cut_off_is_refused_and_its_last_file_is_not_there(
    take: Take, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "PIECE", 1)
    raw = body([("images", b"a", b"1"), ("images", b"b", b"2" * 500)])
    with pytest.raises(BadRequest, match="cut off"):
        take(sent([raw[:-100]], cut=True))
    assert [path[-9:] for path in storage_files(storage, "")] == ["in/000001"]


@pytest.mark.parametrize("content_type", ["", "image/png", "multipart/form-data", "application/json"])
def test_another_type_is_refused(take: Take, content_type: str) -> None:
    with pytest.raises(UnsupportedMedia):
        take(sent([b"x"], content_type))


def test_a_full_disk_is_told(take: Take, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Writing, piece: bytes) -> None:
        raise StorageFull("no space left on device")

    monkeypatch.setattr(Writing, "write", full)
    with pytest.raises(Unavailable, match="no room"):
        take(sent([body([("images", b"a", b"1")])]))
    assert storage_files(storage, "in/") == []
