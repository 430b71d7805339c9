"""What steers the colours of one picture from the command line: its hints, and that there is one."""

from pathlib import Path
from typing import Any

from pydantic_core import from_json

from app.cli.painters import SetupError
from app.cli.picture_files import FileError, read_bytes
from app.colorizing.hint_text import hints_json, read_hint

LONGEST_FILE = 1 << 20


def given_hints(texts: list[str], file: Path | None) -> list[Any]:
    """Hints of `--hints`, then those of `--hint`, which lie above; not yet checked. Raises SetupError."""
    hints: list[Any] = []
    try:
        if file is not None:
            hints += from_json(hints_json(read_bytes(file, LONGEST_FILE).decode()), allow_inf_nan=False)
    except (ValueError, FileError) as error:
        raise SetupError(f"--hints {file}: {error}") from None
    try:
        hints += [read_hint(text) for text in texts]
    except ValueError as error:
        raise SetupError(f"--hint: {error}") from None
    return hints


def check_one_picture(count: int, names: dict[str, bool]) -> None:
    """Raise SetupError if options that are of one picture (those that are true) were given for several."""
    given = [name for name, there in names.items() if there]
    if given and count != 1:
        raise SetupError(f"{', '.join(given)}: of one picture only, and there are {count}")
