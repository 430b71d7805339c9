"""Names of files inside a ZIP, from whatever names the uploads had."""

import re
import unicodedata
from pathlib import PurePosixPath

MOST_NAME = 255
"""Characters that are kept of an upload's name."""
_MOST_STEM, _MOST_STEM_BYTES = 80, 160
_ENDINGS = {"jpeg": "jpg"}
_NOT_IN_NAMES = re.compile(r'[<>:"|?*/\\]+')


def shown_name(raw: bytes) -> str:
    """An upload's name as it is shown: its last part, without what cannot be printed."""
    text = raw.decode("utf-8", "replace").replace("\\", "/").rstrip("/").rpartition("/")[2]
    return _printable(text)[:MOST_NAME].strip() or "picture"


def output_name(index: int, count: int, name: str, format: str) -> str:
    """Name of the output of picture `index` (from 1) of `count`: safe on every system, and its own.

    The number leads: it keeps the order and sets equal names, and those that Windows reserves, apart.
    """
    stem = _NOT_IN_NAMES.sub("_", PurePosixPath(name).stem)[:_MOST_STEM]
    stem = stem.encode()[:_MOST_STEM_BYTES].decode(errors="ignore").strip(" .") or "picture"
    digits = max(3, len(str(count)))
    return f"{index:0{digits}}-{stem}.{_ENDINGS.get(format, format)}"


def _printable(text: str) -> str:
    """Composed, and without controls, marks of direction and halves of characters (categories C)."""
    kept = (char for char in unicodedata.normalize("NFC", text) if unicodedata.category(char)[0] != "C")
    return "".join(kept)
