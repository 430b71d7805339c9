"""Forms as they come over the wire, whole, broken, cut off and too many."""

import asyncio
import errno
from collections.abc import Callable
from typing import Any

import pytest
from starlette.datastructures import UploadFile
from starlette.requests import Request

from app.colorizing.inbox import MOST_TEXT_BYTES, Form, Inbox, InboxFull, Upload
from app.problems import BadRequest, Problem, TooLarge, Unavailable, Unprocessable, UnsupportedMedia

BOUNDARY = "frontier"
Part = tuple[str, bytes] | tuple[str, bytes, str]


def multipart(*parts: Part) -> bytes:
    """A form body; a part with a third member is a file of that name."""
    body = b""
    for name, content, *file in parts:
        disposition = f'form-data; name="{name}"' + (f'; filename="{file[0]}"' if file else "")
        body += f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


class Sender:
    """A client that sends a body in pieces, and may hang up before its end."""

    def __init__(
        self,
        body: bytes,
        *,
        content_type: str | None = f"multipart/form-data; boundary={BOUNDARY}",
        length: int | None = None,
        piece: int = 1000,
        hangs_up: bool = False,
    ) -> None:
        self.pieces = [body[start : start + piece] for start in range(0, len(body), piece)] or [b""]
        self.sent = 0
        headers = [(b"content-type", content_type.encode())] if content_type is not None else []
        if length is not None:
            headers.append((b"content-length", str(length).encode()))
        scope = {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers}
        self.hangs_up = hangs_up
        self.request = Request(scope, self.receive)

    async def receive(self) -> dict[str, Any]:
        if self.sent == len(self.pieces):
            return {"type": "http.disconnect"}
        self.sent += 1
        more = self.sent < len(self.pieces) or self.hangs_up
        return {"type": "http.request", "body": self.pieces[self.sent - 1], "more_body": more}

    @property
    def emptied(self) -> bool:
        return self.sent == len(self.pieces)


def received(
    sender: Sender,
    inbox: Inbox | None = None,
    *,
    most_files: int = 1,
    check: Callable[[Form], None] = lambda _: None,
) -> Form:
    async def receive() -> Form:
        texts = ("model", "hints")
        receiving = (inbox or Inbox(10_000_000)).receive(
            sender.request, files="image", texts=texts, most_files=most_files
        )
        async with receiving as form:
            check(form)
            return form

    return asyncio.run(receive())


def errors(form: Form) -> list[tuple[str, str]]:
    return [(error.pointer, error.detail) for error in form.errors]


@pytest.mark.parametrize("size", [0, 10, 100_000, 3_000_000])
@pytest.mark.parametrize("piece", [7_001, 65_536])
def test_a_file_and_texts_arrive_as_sent(size: int, piece: int) -> None:
    content = bytes(range(256)) * (size // 256) + b"x" * (size % 256)

    def check(form: Form) -> None:
        (upload,) = form.files
        assert upload.read() == content
        assert upload.read() == content
        assert upload.name == "gran.png"

    body = multipart(("image", content, "gran.png"), ("model", b"horses"), ("hints", b""))
    form = received(Sender(body, piece=piece), check=check)
    assert form.texts == {"model": "horses"}
    assert form.errors == []
    assert form.files[0].file.closed


@pytest.mark.parametrize(
    ("parts", "wrong"),
    [
        ([("model", b"horses")], [("/image", "a file is needed")]),
        ([("image", b"", "")], [("/image", "a file is needed")]),
        ([("image", b"text, not a file")], [("/image", "must be a file")]),
        ([("image", b"1", "a"), ("image", b"2", "b")], [("/image", "one file is taken")]),
        ([("image", b"1", "a"), ("model", b"x", "m.txt")], [("/model", "must be text, not a file")]),
        ([("image", b"1", "a"), ("model", b"x"), ("model", b"x")], [("/model", "given more than once")]),
        (
            [("image", b"1", "a"), ("a/b~c", b"1")],
            [("/a~1b~0c", "unknown field; known are image, model, hints")],
        ),
    ],
)
def test_wrong_parts_are_named(parts: list[Part], wrong: list[tuple[str, str]]) -> None:
    assert errors(received(Sender(multipart(*parts)))) == wrong


def test_several_files_where_several_are_taken() -> None:
    parts = [("image", b"%d" % index, f"{index}.png") for index in range(4)]
    form = received(Sender(multipart(*parts[:3])), most_files=3)
    assert [upload.name for upload in form.files] == ["0.png", "1.png", "2.png"]
    assert errors(received(Sender(multipart(*parts)), most_files=3)) == [
        ("/image", "at most 3 files are taken")
    ]


def test_an_ordinary_form_is_understood_and_lacks_its_file() -> None:
    form = received(Sender(b"model=horses&image=x", content_type="application/x-www-form-urlencoded"))
    assert form.texts == {"model": "horses"}
    assert errors(form) == [("/image", "must be a file")]


@pytest.mark.parametrize("content_type", [None, f"multipart/form-data; boundary={BOUNDARY}"])
def test_no_body_is_a_missing_file(content_type: str | None) -> None:
    assert errors(received(Sender(b"", content_type=content_type))) == [("/image", "a file is needed")]


@pytest.mark.parametrize(
    ("sender", "problem"),
    [
        (lambda: Sender(b"{}" * 5000, content_type="application/json"), UnsupportedMedia),
        (lambda: Sender(b"\x89PNG" * 5000, content_type=None), UnsupportedMedia),
        (
            lambda: Sender(multipart(("image", b"x" * 5000, "a")), content_type="multipart/form-data"),
            BadRequest,
        ),
        (lambda: Sender(b"nonsense" * 5000), BadRequest),
        (lambda: Sender(multipart(*[("image", b"x", str(n)) for n in range(500)])), Unprocessable),
        (lambda: Sender(multipart(*[(f"f{n}", b"x") for n in range(500)])), BadRequest),
        (lambda: Sender(multipart(("hints", b"[" * (MOST_TEXT_BYTES + 1)))), TooLarge),
        (lambda: Sender(multipart(("x" * 100_000, b""))), BadRequest),
    ],
)
def test_a_body_that_is_no_form_is_refused_after_its_last_byte(
    sender: Callable[[], Sender], problem: type[Problem]
) -> None:
    sending = sender()
    inbox = Inbox(10_000_000)
    with pytest.raises(problem):
        received(sending, inbox)
    assert sending.emptied
    inbox.take("anyone", 10_000_000)


@pytest.mark.parametrize("cut", [0, 10, 90, 2000])
def test_an_upload_that_is_cut_off_leaves_nothing(cut: int) -> None:
    inbox = Inbox(10_000_000)
    body = multipart(("image", b"x" * 5000, "a.png"))[:cut]
    with pytest.raises(BadRequest, match="cut off"):
        received(Sender(body, hangs_up=True), inbox)
    inbox.take("anyone", 10_000_000)


@pytest.mark.parametrize("declared", [True, False])
def test_more_bytes_than_can_be_held_are_refused_and_given_back(declared: bool) -> None:
    inbox = Inbox(100_000)
    body = multipart(("image", b"x" * 60_000, "a.png"))
    length = len(body) if declared else None

    def second_meanwhile(_: Form) -> None:
        async def second() -> None:
            sender = Sender(body, length=length)
            with pytest.raises(Unavailable) as caught:
                async with inbox.receive(sender.request, files="image", texts=()):
                    pass
            assert caught.value.headers["Retry-After"]
            assert sender.emptied

        with asyncio.Runner() as runner:
            runner.run(second())

    async def first() -> None:
        async with inbox.receive(Sender(body, length=length).request, files="image", texts=()) as form:
            await asyncio.to_thread(second_meanwhile, form)
            assert form.files[0].read() == b"x" * 60_000

    asyncio.run(first())
    assert received(Sender(body, length=length), inbox).errors == []


def test_a_full_disk_is_an_outage_not_an_error_of_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    async def write(self: UploadFile, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(UploadFile, "write", write)
    sender = Sender(multipart(("image", b"x" * 5000, "a.png")))
    with pytest.raises(Unavailable, match="no room"):
        received(sender)
    assert sender.emptied


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("gran.png", "gran"),
        ("../../etc/passwd", "passwd"),
        ("C:\\pictures\\gran.old.jpeg", "gran.old"),
        ('a"; filename="b.exe', 'a"; filename="b'),
        ("Großmutter 1950.tif", "Großmutter 1950"),
        ("line\r\nSet-Cookie: a=b.png", "lineSet-Cookie: a=b"),
        ("\u202egnp.exe", "gnp"),
        (".png", "png"),
        ("", ""),
        ("..", ""),
        ("x" * 500 + ".png", "x" * 100),
    ],
)
def test_names_are_reduced_to_plain_text(name: str, stem: str) -> None:
    import io

    assert Upload(name, io.BytesIO()).stem == stem


def test_one_client_holds_half_at_most_and_others_find_room() -> None:
    inbox = Inbox(100)
    inbox.take("greedy", 40)
    with pytest.raises(InboxFull):
        inbox.take("greedy", 20)
    inbox.take("modest", 50)
    with pytest.raises(InboxFull):
        inbox.take("other", 20)


def test_a_lone_upload_may_be_as_large_as_any_in_however_many_pieces() -> None:
    inbox = Inbox(100)
    for held in range(0, 100, 20):
        inbox.take("alone", 20, beside=held)


def test_an_answer_that_is_not_read_keeps_its_reader_from_sending() -> None:
    told: list[int] = []
    inbox = Inbox(100, told.append)
    with inbox.sending("slow", 120):
        for client in ("slow", "other"):
            with pytest.raises(InboxFull):
                inbox.take(client, 1)
    inbox.take("slow", 100)
    assert told == [120, 0, 100]
