"""Tables on standard output, whole wherever they are going."""

import sys

from rich.console import Console
from rich.table import Table

ENDLESS = 10_000


def print_table(table: Table) -> None:
    """Print a table: folded to a terminal's width, as wide as it is into a file or a pipe."""
    if sys.stdout.isatty():
        Console().print(table)
        return
    console = Console(width=ENDLESS)
    Console(width=console.measure(table).maximum).print(table)
