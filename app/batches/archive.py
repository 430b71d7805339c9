"""A batch as a ZIP, made while it is sent: pictures as they are, in order, and a manifest at the end."""

import io
import json
import zipfile
from collections.abc import Iterator, Sequence

from app.batches.record import Entry, stored_as
from app.jobs.storage import Storage
from app.lab.shown import Json

MANIFEST = "manifest.json"
_MADE = (1980, 1, 1, 0, 0, 0)
"""The time of every file, ZIP's first: the same batch gives the same bytes."""
_READABLE = 0o644 << 16


class _Pipe(io.RawIOBase):
    """Where the ZIP is written to; what has been is taken away piece by piece."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        """Always; it cannot be sought in, so that sizes follow the contents."""
        return True

    def write(self, data: object) -> int:
        """Keep some bytes until they are taken."""
        self._pieces.append(bytes(data))  # type: ignore[call-overload]
        return len(self._pieces[-1])

    def taken(self) -> bytes:
        """All that was written since the last time."""
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def manifest(settings: Json, found: Sequence[Entry]) -> Json:
    """What became of every picture, in order."""
    return {**settings, "files": [entry.to_json() for entry in found]}


def archive(storage: Storage, origin: str, settings: Json, found: Sequence[Entry]) -> Iterator[bytes]:
    """The ZIP's bytes, some at a time. Raises StorageError."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as made:
        for entry in found:
            if entry.output is None:
                continue
            with made.open(_member(entry.output), "w") as member:
                for piece in storage.pieces(origin, stored_as("out", entry.index)):
                    member.write(piece)
                    yield pipe.taken()
        text = json.dumps(manifest(settings, found), indent=1, ensure_ascii=False)
        made.writestr(_member(MANIFEST), text.encode("utf-8", "replace"))
    yield pipe.taken()


def _member(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _MADE)
    info.external_attr = _READABLE
    info.create_system = 3  # so that the rights above are read
    return info
