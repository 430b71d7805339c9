"""What is written down of a batch: its settings, the files as they came, and what became of each."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

from pydantic import Field, field_validator

from app.colorizing.options import Options
from app.jobs.storage import Storage, StorageError
from app.lab.demo import Params
from app.lab.shown import Json

INDEX = "index.json"
BATCH_OPTIONS = tuple(name for name in Options.model_fields if name not in ("hints", "candidate"))
"""What can be asked of all pictures alike; hints and candidates are of a single one."""
Status = Literal["waiting", "ok", "problem"]


class BatchParams(Params):
    """Settings of a batch."""

    model: str
    options: Options = Options()
    files: int = Field(ge=1)
    bytes: int = Field(ge=0)

    @field_validator("options")
    @classmethod
    def _for_all_alike(cls, value: Options) -> Options:
        if value.hints or value.candidate:
            raise ValueError("hints and candidates are of a single picture")
        return value

    def to_json(self) -> Json:
        """The settings as a job keeps them."""
        return self.model_dump(mode="json", exclude={"options": {"hints", "candidate"}})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came."""

    name: str
    bytes: int
    problem: Json | None = None
    """RFC 9457 problem of one that was not even kept."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture of a batch and what has become of it; the manifest's lines."""

    index: int
    """From 1, in the order of the uploads."""
    name: str
    bytes: int
    status: Status = "waiting"
    output: str | None = None
    """Name in the ZIP."""
    format: str | None = None
    width: int | None = None
    height: int | None = None
    problem: Json | None = None
    """RFC 9457 problem of one that could not be coloured."""

    def to_json(self) -> Json:
        """The entry as the manifest has it."""
        return asdict(self)


def stored_as(kind: Literal["in", "out", "small"], index: int) -> str:
    """Where an upload, its output, or the small picture of that is kept."""
    return f"{kind}/{index:06}"


def write_index(storage: Storage, origin: str, uploads: Sequence[Upload]) -> None:
    """Write down what came. Raises StorageError."""
    storage.write(origin, INDEX, json.dumps([asdict(upload) for upload in uploads]).encode())


def read_index(storage: Storage, origin: str) -> list[Upload]:
    """What came. Raises StorageError."""
    try:
        return [Upload(**upload) for upload in json.loads(storage.read(origin, INDEX))]
    except (ValueError, TypeError) as error:
        raise StorageError(f"{INDEX}: {error}") from error


def entries(uploads: Iterable[Upload], told: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """Every file, with what the job's events have told of it."""
    known = {outcome["index"]: Entry(**outcome) for outcome in told}
    waiting = (Entry(index, upload.name, upload.bytes) for index, upload in enumerate(uploads, start=1))
    return [known.get(entry.index, entry) for entry in waiting]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many pictures are done, and how many of those had a problem."""

    done: int = 0
    problems: int = 0

    @classmethod
    def of(cls, found: Sequence[Entry]) -> Self:
        """Counted from entries."""
        done = sum(entry.status != "waiting" for entry in found)
        return cls(done, sum(entry.status == "problem" for entry in found))
