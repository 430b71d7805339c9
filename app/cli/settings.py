"""`chromalab settings`."""

import rich
from rich.table import Table

from app.settings import ENV_PREFIX, Settings


def settings() -> None:
    """Show every setting, its value here and now, and what it does."""
    now = Settings()
    table = Table("variable", "value", "what it does")
    for name, field in Settings.model_fields.items():
        mark = " (set)" if name in now.model_fields_set else ""
        value = getattr(now, name)
        shown = ", ".join(value) if isinstance(value, list) else "" if value is None else str(value)
        table.add_row(f"{ENV_PREFIX}{name.upper()}", shown + mark, field.description)
    rich.print(table)
