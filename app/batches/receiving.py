"""A multipart body of many files into the storage, piece by piece: memory holds a piece, whatever comes."""

import hashlib
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from app.batches.names import shown_name
from app.batches.record import Upload, stored_as
from app.colorizing.inbox import refusal
from app.jobs.storage import Storage, StorageError, Writing
from app.lab.shown import Json
from app.problems import BadRequest, FieldError, Problem, TooLarge, Unavailable, UnsupportedMedia

PIECE = 1 << 18
"""Bytes gathered before a thread writes them."""
MOST_TEXTS = 32
MOST_TEXT_BYTES = 64 * 1024
MOST_HEADER_BYTES = 8192

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Received:
    """A form as it came: files are in the storage already."""

    uploads: list[Upload] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)
    bytes: int = 0
    """Of the files that are kept."""
    digest: str = ""
    """SHA-256 of the files' names and contents, in order."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is taken."""

    files: int
    file_bytes: int
    too_large: Callable[[int], Json]
    """The problem of a file of so many bytes or more."""


async def receive(
    request: Request, storage: Storage, origin: str, *, files: str, texts: Collection[str], limits: Limits
) -> Received:
    """The form, its files named `files` in the storage. Raises Problem; what was stored is the caller's.

    What is wrong with the form's values is in its `errors`; a file that is too large is told of in its place.
    """
    content_type, options = parse_options_header(request.headers.get("content-type"))
    boundary = options.get(b"boundary")
    if content_type != b"multipart/form-data" or not boundary:
        await drain(request)
        raise UnsupportedMedia("Send the pictures as multipart/form-data.")
    reader = _Reader(storage, origin, files, texts, limits, boundary)
    try:
        async for piece in _pieces(request):
            await run_in_threadpool(reader.feed, piece)
        return await run_in_threadpool(reader.finish)
    except ClientDisconnect:
        raise BadRequest("The upload was cut off before its end; nothing was kept.") from None
    except (FormParserError, _Unreadable) as error:
        await drain(request)
        raise BadRequest(f"The form cannot be read: {str(error).rstrip('.')}.") from None
    except StorageError as error:
        await drain(request)
        raise out_of_order(error) from None
    except Problem:
        await drain(request)
        raise
    finally:
        await run_in_threadpool(reader.close)


def no_room() -> Unavailable:
    """The problem of a storage that takes no more."""
    return Unavailable(
        "The service has no room for pictures at the moment; nothing was kept.", retry_after=60
    )


def out_of_order(error: StorageError) -> Unavailable:
    """The problem of a storage that does not take or give a file, and a line in the log."""
    log.error("the storage of pictures cannot be used", reason=str(error))
    if error.full:
        return no_room()
    return Unavailable("The storage of pictures does not answer at the moment.", retry_after=10)


async def drain(request: Request) -> None:
    """Read on to the end: a client that is still sending would be cut off before it could read the answer."""
    with suppress(ClientDisconnect, RuntimeError):  # RuntimeError: already at the end
        async for _ in request.stream():
            pass


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    gathered = bytearray()
    async for chunk in request.stream():
        gathered += chunk
        if len(gathered) >= PIECE:
            yield bytes(gathered)
            gathered.clear()
    if gathered:
        yield bytes(gathered)


class _Unreadable(ValueError):
    pass


@dataclass(slots=True)
class _Part:
    """The part under way: a file if it has a file name, else a text."""

    header: bytearray = field(default_factory=bytearray)
    value: bytearray = field(default_factory=bytearray)
    headers: dict[bytes, bytes] = field(default_factory=dict)
    name: str = ""
    filename: bytes | None = None
    size: int = 0
    hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    writing: Writing | None = None


class _Reader:
    """Takes the body in; runs on threads, one piece at a time."""

    def __init__(
        self,
        storage: Storage,
        origin: str,
        files: str,
        texts: Collection[str],
        limits: Limits,
        boundary: bytes,
    ) -> None:
        self._storage, self._origin = storage, origin
        self._files, self._texts, self._limits = files, texts, limits
        self._found = Received()
        self._digest = hashlib.sha256()
        self._part: _Part | None = None
        self._names = 0
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._header("header", data[start:end]),
                "on_header_value": lambda data, start, end: self._header("value", data[start:end]),
                "on_header_end": self._end_header,
                "on_headers_finished": self._open,
                "on_part_data": lambda data, start, end: self._take(data[start:end]),
                "on_part_end": self._end_part,
                "on_end": self._end,
            },
        )

    def feed(self, piece: bytes) -> None:
        """The next piece of the body."""
        self._parser.write(piece)

    def finish(self) -> Received:
        """The whole form. Raises _Unreadable when it has no end."""
        self._parser.finalize()
        if not self._ended:
            raise _Unreadable("its end is missing")
        found = self._found
        if len(found.uploads) > self._limits.files:
            detail = f"at most {self._limits.files} files are taken, and {len(found.uploads):,} came"
            found.errors.append(FieldError(f"/{self._files}", detail))
        elif not found.uploads and not found.errors:
            found.errors.append(FieldError(f"/{self._files}", "at least one file is needed"))
        found.digest = self._digest.hexdigest()
        return found

    def close(self) -> None:
        """Let go of the file under way, if there is one."""
        if self._part is not None and self._part.writing is not None:
            self._part.writing.drop()
        self._part = None

    @property
    def _now(self) -> _Part:
        assert self._part is not None
        return self._part

    def _begin(self) -> None:
        self._part = _Part()

    def _header(self, kind: str, data: bytes) -> None:
        target: bytearray = getattr(self._now, kind)
        target += data
        if len(target) > MOST_HEADER_BYTES:
            raise _Unreadable("a header of a part is too long")

    def _end_header(self) -> None:
        part = self._now
        part.headers[bytes(part.header).lower()] = bytes(part.value)
        part.header.clear()
        part.value.clear()
        if len(part.headers) > MOST_TEXTS:
            raise _Unreadable("a part has too many headers")

    def _open(self) -> None:
        part = self._now
        kind, options = parse_options_header(part.headers.get(b"content-disposition", b""))
        if kind != b"form-data" or b"name" not in options:
            raise _Unreadable("a part has no name")
        part.name = options[b"name"].decode("utf-8", "replace")
        part.filename = options.get(b"filename")
        if part.filename is None:
            self._names += 1
            if self._names > MOST_TEXTS:
                raise _Unreadable(f"it has more than {MOST_TEXTS} fields")

    def _take(self, data: bytes) -> None:
        part = self._now
        part.size += len(data)
        if part.filename is None:
            part.value += data
            if len(part.value) > MOST_TEXT_BYTES:
                raise TooLarge(f"A field of the form has more than {MOST_TEXT_BYTES:,} bytes.")
            return
        if part.name != self._files:
            return
        part.hash.update(data)
        if part.size > self._limits.file_bytes:
            if part.writing is not None:
                part.writing.drop()
                part.writing = None
            return
        if self._place > self._limits.files:
            return
        if part.writing is None:
            part.writing = self._storage.begin(self._origin, stored_as("in", self._place))
        part.writing.write(data)

    @property
    def _place(self) -> int:
        """Number of the file under way, from 1."""
        return len(self._found.uploads) + 1

    def _end_part(self) -> None:
        part = self._now
        if part.filename is None:
            self._end_text(part)
        elif part.name != self._files:
            self._complain(part.name, "must be text, not a file" if part.name in self._texts else None)
        elif part.filename or part.size:  # a browser sends an empty part when no file was chosen
            self._end_file(part)
        self._part = None

    def _end_file(self, part: _Part) -> None:
        name = shown_name(part.filename or b"")
        self._digest.update(f"{len(name)}:{name}:{part.hash.hexdigest()};".encode())
        problem = None
        if part.size > self._limits.file_bytes:
            problem = self._limits.too_large(part.size)
        elif self._place <= self._limits.files:
            if part.writing is None:
                part.writing = self._storage.begin(self._origin, stored_as("in", self._place))
            part.writing.keep()
            part.writing = None
            self._found.bytes += part.size
        self._found.uploads.append(Upload(name, part.size, problem))

    def _end_text(self, part: _Part) -> None:
        if part.name == self._files:
            if part.value:  # some send an empty text when no file was chosen
                self._complain(part.name, "must be files")
        elif part.name not in self._texts:
            self._complain(part.name, None)
        elif part.name in self._found.texts:
            self._complain(part.name, "given more than once")
        elif text := part.value.decode("utf-8", "replace").strip():
            self._found.texts[part.name] = text

    def _complain(self, name: str, detail: str | None) -> None:
        known = ", ".join((self._files, *self._texts))
        pointer = "/" + name[:100].replace("~", "~0").replace("/", "~1")
        error = FieldError(pointer, detail or f"unknown field; known are {known}")
        if error not in self._found.errors and len(self._found.errors) < MOST_TEXTS:
            self._found.errors.append(error)

    def _end(self) -> None:
        self._ended = True


def check(found: Received) -> None:
    """Raise the problem that names every refused value, if there is one."""
    if found.errors:
        raise refusal(found.errors)
