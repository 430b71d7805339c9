"""API keys, kept only as SHA-256 in a file: a key holds 256 random bits, so a slow hash would add nothing."""

import hashlib
import os
import re
import secrets
import tempfile
from pathlib import Path

import structlog

PREFIX = "chromalab_"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_LINE = re.compile(rf"(?P<name>{_NAME.pattern})\s+sha256:(?P<digest>[0-9a-f]{{64}})")

log = structlog.get_logger(__name__)


class KeysError(ValueError):
    """A file of keys that cannot be used, or a name that cannot be; the message says which line or why."""


def digest(key: str) -> str:
    """SHA-256 of a key as lower-case hex, the form in which it is kept."""
    return hashlib.sha256(key.encode()).hexdigest()


def read_keys(path: Path) -> dict[str, str]:
    """Names by digest, from lines `name sha256:hex`; what follows a `#` is skipped. Raises KeysError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KeysError(f"{path}: cannot be read ({type(error).__name__})") from None
    names: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        if not (match := _LINE.fullmatch(content)):
            raise KeysError(f"{path}: line {number} is not `name sha256:<64 hex digits>`")
        if match["name"] in names.values():
            raise KeysError(f"{path}: line {number}: the name {match['name']} is there twice")
        names[match["digest"]] = match["name"]
    return names


def add_key(path: Path, name: str) -> str:
    """Make a key, keep its digest under `name`, return the key, which is kept nowhere. Raises KeysError."""
    if not _NAME.fullmatch(name):
        raise KeysError(f"{name!r} is not a name: up to 64 letters, digits, dots, dashes, underscores and @")
    if path.exists() and name in read_keys(path).values():
        raise KeysError(f"there is a key named {name} already")
    key = PREFIX + secrets.token_urlsafe(32)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    joint = "" if not before or before.endswith("\n") else "\n"
    _replace(path, f"{before}{joint}{name} sha256:{digest(key)}\n")
    return key


def revoke_key(path: Path, name: str) -> None:
    """Forget the key of that name; running services refuse it from the next request on. Raises KeysError."""
    if name not in read_keys(path).values():
        raise KeysError(f"there is no key named {name}")
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    _replace(path, "".join(line for line in lines if line.split()[:1] != [name]))


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner only."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


class KeyRing:
    """The keys of a file, read again whenever the file changes, so that a revoked key stops at once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = self._stat()
        self._names = read_keys(path)

    def owner(self, key: str) -> str | None:
        """Name under which the key was added; None if it is unknown."""
        if (stamp := self._stat()) != self._stamp:
            self._stamp = stamp
            self._reload()
        return self._names.get(digest(key))

    def _reload(self) -> None:
        try:
            self._names = read_keys(self._path)
        except KeysError as error:
            log.error(
                "the changed file of API keys is not used; the keys read before stay", reason=str(error)
            )

    def _stat(self) -> tuple[int, int, int] | None:
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino
