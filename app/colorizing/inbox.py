"""Multipart uploads in, bounded: so many bytes of all uploads and of each client's, so many parts of one."""

import os
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import BinaryIO

import structlog
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from app.guards import client_name
from app.problems import (
    BadRequest,
    FieldError,
    Problem,
    TooLarge,
    Unavailable,
    Unprocessable,
    UnsupportedMedia,
)

MOST_FIELDS = 32
MOST_TEXT_BYTES = 256 * 1024

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Upload:
    """An uploaded file. Small ones are in memory, larger ones in a nameless temporary file."""

    name: str
    file: BinaryIO
    client: str = ""
    """Who sent it, for taking turns."""

    def read(self) -> bytes:
        """All bytes, from the beginning; to be called on a worker thread."""
        self.file.seek(0)
        return self.file.read()

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self.file.seek(0, os.SEEK_END)

    @property
    def stem(self) -> str:
        """The client's file name without folders, ending or anything that is not plain text; may be empty."""
        base = PurePosixPath(self.name.replace("\\", "/")).stem
        return "".join(char for char in base if char.isprintable())[:100].strip(" .")


@dataclass(frozen=True, slots=True)
class Form:
    """A form as received: its files, its texts (empty ones left out), and what is wrong with its parts."""

    files: list[Upload] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)


class InboxFull(RuntimeError):
    """The uploads that are being received and worked on hold as many bytes as may be held."""


class Inbox:
    """Receives uploads, `capacity` bytes altogether until each is done with. Used from one event loop.

    One client may hold half of that, so that nobody fills it alone. `watch` is told how many bytes are held.
    """

    def __init__(self, capacity: int, watch: Callable[[int], object] = lambda _: None) -> None:
        self._capacity, self._held = capacity, 0
        self._of_client: dict[str, int] = {}
        self._watch = watch

    @asynccontextmanager
    async def receive(
        self, request: Request, *, files: str, texts: Collection[str], most_files: int = 1
    ) -> AsyncIterator[Form]:
        """A form with files named `files` and text fields named `texts`; temporary files go when it is left.

        What is wrong with single parts is in its `errors`. Raises BadRequest, UnsupportedMedia, Unavailable.
        """
        client = client_name(request.scope)
        with self._share(client) as share:
            try:
                items = await _parse(request, share, files, most_files)
            except InboxFull:
                await _drain(request)
                raise Unavailable(
                    "The service is receiving as many uploads as it can hold; nothing was kept.",
                    retry_after=2,
                ) from None
            try:
                yield _sort(items, files, texts, most_files, client)
            finally:
                for _, value in items:
                    if isinstance(value, UploadFile):
                        value.file.close()

    @contextmanager
    def _share(self, client: str) -> Iterator["_Share"]:
        share = _Share(self, client)
        try:
            yield share
        finally:
            self._count(client, -share.held)

    def take(self, client: str, count: int, beside: int = 0) -> None:
        """Count in a client's bytes, beside those its upload holds already; raises InboxFull if too many."""
        if self._held + count > self._capacity:
            raise InboxFull
        own = self._of_client.get(client, 0)
        if own > beside and own + count > self._capacity // 2:  # a lone upload may be as large as any
            raise InboxFull
        self._count(client, count)

    @contextmanager
    def sending(self, client: str, count: int) -> Iterator[None]:
        """Hold an answer's bytes until its client has read it: who reads slowly sends no more meanwhile."""
        self._count(client, count)
        try:
            yield
        finally:
            self._count(client, -count)

    def _count(self, client: str, count: int) -> None:
        if not count:
            return
        self._held += count
        self._watch(self._held)
        left = self._of_client.get(client, 0) + count
        if left:
            self._of_client[client] = left
        else:
            del self._of_client[client]


@dataclass(slots=True)
class _Share:
    inbox: Inbox
    client: str
    held: int = 0

    def hold(self, total: int) -> None:
        """Hold at least `total` bytes from now on."""
        if total > self.held:
            self.inbox.take(self.client, total - self.held, self.held)
            self.held = total


Items = list[tuple[str, str | UploadFile]]


async def _parse(request: Request, share: _Share, files: str, most_files: int) -> Items:
    content_type, _ = parse_options_header(request.headers.get("content-type"))
    declared = request.headers.get("content-length", "")
    share.hold(int(declared[:20]) if declared.isascii() and declared.isdigit() else 0)
    try:
        return await _read(request, content_type, share, most_files)
    except ClientDisconnect:
        raise BadRequest("The upload was cut off before its end.") from None
    except MultiPartException as error:
        await _drain(request)
        raise _unreadable(error.message.rstrip("."), files, most_files) from None
    except OSError as error:
        log.error("an upload could not be kept", reason=error.strerror)
        await _drain(request)
        raise Unavailable("The service has no room for uploads at the moment.", retry_after=10) from None


def _unreadable(reason: str, files: str, most_files: int) -> Problem:
    """Starlette tells what passes its limits from what is broken by its words only."""
    if reason.startswith("Too many files"):
        return refusal([FieldError(f"/{files}", _at_most(most_files))])
    if reason.startswith("Part exceeded maximum size"):
        return TooLarge(f"A field of the form has more than {MOST_TEXT_BYTES:,} bytes.")
    return BadRequest(f"The form cannot be read: {reason}.")


def _at_most(files: int) -> str:
    return "one file is taken" if files == 1 else f"at most {files} files are taken"


async def _read(request: Request, content_type: bytes, share: _Share, most_files: int) -> Items:
    async with aclosing(_counted(request, share)) as stream:
        if content_type == b"multipart/form-data":
            # One file over the limit is let through, to be named as an error rather than as a broken body.
            form = await MultiPartParser(
                request.headers,
                stream,
                max_files=most_files + 1,
                max_fields=MOST_FIELDS,
                max_part_size=MOST_TEXT_BYTES,
            ).parse()
        elif content_type == b"application/x-www-form-urlencoded":
            form = await FormParser(
                request.headers, stream, max_fields=MOST_FIELDS, max_part_size=MOST_TEXT_BYTES
            ).parse()
        elif content_type or await anext(stream, b""):
            await _drain(request)
            raise UnsupportedMedia("Send the picture as multipart/form-data.")
        else:
            return []
        return form.multi_items()


async def _counted(request: Request, share: _Share) -> AsyncGenerator[bytes, None]:
    total = 0
    async with aclosing(request.stream()) as stream:
        async for chunk in stream:
            total += len(chunk)
            share.hold(total)
            yield chunk


async def _drain(request: Request) -> None:
    """Read on to the end: a client that is still sending would be cut off before it could read the answer."""
    with suppress(ClientDisconnect, RuntimeError):  # RuntimeError: already at the end
        async for _ in request.stream():
            pass


def _sort(items: Items, files: str, texts: Collection[str], most_files: int, client: str) -> Form:
    form = Form()
    seen: set[str] = set()
    for name, value in items:
        twice = name in seen
        seen.add(name)
        if name == files:
            if isinstance(value, str):
                form.errors.append(FieldError(f"/{files}", "must be a file"))
            elif value.filename or value.size:  # a browser sends an empty part when no file was chosen
                form.files.append(Upload(value.filename or "", value.file, client))
        elif name not in texts:
            pointer = "/" + name[:100].replace("~", "~0").replace("/", "~1")
            form.errors.append(FieldError(pointer, f"unknown field; known are {', '.join([files, *texts])}"))
        elif not isinstance(value, str):
            form.errors.append(FieldError(f"/{name}", "must be text, not a file"))
        elif twice:
            form.errors.append(FieldError(f"/{name}", "given more than once"))
        elif value.strip():
            form.texts[name] = value
    if len(form.files) > most_files:
        form.errors.append(FieldError(f"/{files}", _at_most(most_files)))
    elif not form.files and not form.errors:
        form.errors.append(FieldError(f"/{files}", "a file is needed"))
    return form


def refusal(errors: list[FieldError]) -> Unprocessable:
    """The problem that names every refused value."""
    named = "; ".join(f"{error.pointer}: {error.detail.rstrip('.')}" for error in errors[:3])
    more = f"; and {len(errors) - 3} more" if len(errors) > 3 else ""
    return Unprocessable(f"{named}{more}.", errors=errors)
