"""API keys in a file: of each its name, what it is good for, how long, and its SHA-256.

A key holds 256 random bits. Nobody can try them out, so a slow hash, made for passwords that people think of,
would only slow the service down; and because it is found by its digest, which nobody can choose, the time
that looking it up takes tells nothing of the keys that are there.
"""

import errno
import hashlib
import os
import re
import secrets
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

from filelock import FileLock, Timeout

from app.scopes import ALL, Scope

PREFIX = "chromalab_"
PATIENCE = 30.0
"""Seconds to wait for another who changes the file; it takes milliseconds."""
_KNOWN: dict[str, Scope] = {scope: scope for scope in get_args(Scope)}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_LINE = re.compile(
    rf"(?P<name>{_NAME.pattern})\s+sha256:(?P<digest>[0-9a-f]{{64}})"
    r"(?:\s+scopes=(?P<scopes>\S+))?(?:\s+created=(?P<created>\S+))?(?:\s+expires=(?P<expires>\S+))?"
)
_SPAN = re.compile(r"([1-9][0-9]{0,4})([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


class KeysError(ValueError):
    """A file of keys that cannot be used, or a value that cannot be; the message says which line or why."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is kept: all but the key itself."""

    name: str
    digest: str
    scopes: frozenset[Scope] = ALL
    created: datetime | None = None
    expires: datetime | None = None

    @property
    def has_expired(self) -> bool:
        """Whether its time is over."""
        return self.expires is not None and datetime.now(UTC) >= self.expires


def digest(key: str) -> str:
    """SHA-256 of a key as lower-case hex, the form in which it is kept."""
    return hashlib.sha256(key.encode()).hexdigest()


def read_keys(path: Path) -> dict[str, Key]:
    """Keys by digest, from lines `name sha256:hex scopes=a,b created=… expires=…`; a `#` begins a comment.

    A line without scopes, as older versions wrote them, has all. Raises KeysError.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KeysError(f"{path}: cannot be read ({type(error).__name__})") from None
    keys: dict[str, Key] = {}
    names: set[str] = set()
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        if not (match := _LINE.fullmatch(content)):
            raise KeysError(f"{path}: line {number} is not `name sha256:<64 hex digits> …`")
        try:
            key = Key(
                match["name"],
                match["digest"],
                ALL if match["scopes"] is None else known_scopes(match["scopes"].split(",")),
                *(None if when is None else _moment(when) for when in match.group("created", "expires")),
            )
        except KeysError as error:
            raise KeysError(f"{path}: line {number}: {error}") from None
        if key.name in names:
            raise KeysError(f"{path}: line {number}: the name {key.name} is there twice")
        names.add(key.name)
        keys[key.digest] = key
    return keys


def known_scopes(names: Collection[str]) -> frozenset[Scope]:
    """Scopes by their names. Raises KeysError."""
    if unknown := sorted(set(names) - set(_KNOWN)):
        raise KeysError(f"{unknown[0][:64]!r} is no scope; there are {', '.join(_KNOWN)}")
    return frozenset(_KNOWN[name] for name in names)


def expiry(text: str) -> datetime:
    """When a key ends: a span from now, such as `90d`, `12h`, `30m`, or a date of UTC. Raises KeysError."""
    now = datetime.now(UTC)
    if match := _SPAN.fullmatch(text):
        return (now + timedelta(**{_UNITS[match[2]]: int(match[1])})).replace(microsecond=0)
    if (when := _moment(text)) <= now:
        raise KeysError(f"{text} is over already")
    return when


def add_key(path: Path, name: str, scopes: Collection[Scope] = ALL, expires: datetime | None = None) -> str:
    """Make a key, keep its digest under `name`, return the key, which is kept nowhere. Raises KeysError."""
    if not _NAME.fullmatch(name):
        raise KeysError(f"{name!r} is not a name: up to 64 letters, digits, dots, dashes, underscores and @")
    with _changing(path) as file:
        if file.exists() and name in {each.name for each in read_keys(file).values()}:
            raise KeysError(f"there is a key named {name} already")
        key = PREFIX + secrets.token_urlsafe(32)
        before = file.read_text(encoding="utf-8") if file.exists() else ""
        joint = "" if not before or before.endswith("\n") else "\n"
        told = [name, f"sha256:{digest(key)}", f"scopes={','.join(sorted(scopes))}"]
        told.append(f"created={_written(datetime.now(UTC))}")
        if expires is not None:
            told.append(f"expires={_written(expires)}")
        _replace(file, f"{before}{joint}{' '.join(told)}\n")
    return key


def revoke_key(path: Path, name: str) -> None:
    """Forget the key of that name; running services refuse it from the next request on. Raises KeysError."""
    with _changing(path) as file:
        if name not in {each.name for each in read_keys(file).values()}:
            raise KeysError(f"there is no key named {name}")
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        _replace(file, "".join(line for line in lines if line.split()[:1] != [name]))


@contextmanager
def _changing(path: Path) -> Iterator[Path]:
    """The file itself, where a link leads to it; nobody else changes it meanwhile."""
    file = path.resolve()
    if not file.parent.is_dir():  # or the lock's folder would be made
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file.parent))
    try:
        with FileLock(f"{file}.lock", timeout=PATIENCE, mode=0o600):
            yield file
    except Timeout:
        raise KeysError(f"{path}: somebody else is changing it; {file}.lock says so") from None


def _replace(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner only."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if hasattr(os, "chown") and path.exists():  # root may add a key to the file of the service's user
            with suppress(PermissionError):
                os.chown(temporary, path.stat().st_uid, path.stat().st_gid)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _moment(text: str) -> datetime:
    try:
        when = datetime.fromisoformat(text)
        return when.astimezone(UTC) if when.tzinfo else when.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise KeysError(f"{text[:64]!r} is no date such as 2030-01-31 or 2030-01-31T12:00:00Z") from None


def _written(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
