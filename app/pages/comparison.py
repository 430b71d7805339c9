"""The comparison table of the models page: columns the cards share, rows in the order asked for."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from urllib.parse import urlencode

from app.networks.card import Card
from app.pages.measures import figures, measure, shared


@dataclass(frozen=True)
class Column:
    """A column: its key in the address, its heading, what it was measured on, and which way is better."""

    key: str
    title: str
    data: str = ""
    number: bool = True
    higher_is_better: bool = False

    @property
    def heading(self) -> str:
        """Title and data in one line."""
        return f"{self.title} ({self.data})" if self.data else self.title


@dataclass(frozen=True)
class Cell:
    """A value to sort by and the text to show."""

    value: float | str | None
    text: str


@dataclass(frozen=True)
class Table:
    """Models side by side; `sort` is the column they are ordered by."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Card, tuple[Cell, ...]], ...]
    sort: str
    descending: bool

    @property
    def data(self) -> str:
        """What all of it was measured on; empty where columns differ and each has to say so."""
        named = {column.data for column in self.columns if column.key not in _UNMEASURED}
        return named.pop() if len(named) == 1 else ""

    def aria_sort(self, column: Column) -> str | None:
        """The `aria-sort` of a heading."""
        if column.key != self.sort:
            return None
        return "descending" if self.descending else "ascending"

    def link(self, column: Column) -> str:
        """Query that sorts by a column: best first, and the other way round when it is asked again."""
        first = column.higher_is_better
        descending = not self.descending if column.key == self.sort else first
        return "?" + urlencode({"sort": column.key, "order": "desc" if descending else "asc"})


_NAME = Column("title", "Network", number=False)
_OWN = (Column("parameters", "Parameters"), Column("input_size", "Input (px)"))
_UNMEASURED = {column.key for column in (_NAME, *_OWN)}


def compare(cards: Sequence[Card], sort: str = "", order: str = "", *, every: bool = False) -> Table:
    """The cards as a table, by the first measure and best first unless told otherwise.

    With `every`, all measures that the cards share have a column, not only those worth comparing.
    """
    measured = [
        Column(f"{data}.{name}".strip("."), measure(name).title, data, True, measure(name).higher_is_better)
        for data, name in shared(cards)
        if every or measure(name).compared
    ]
    columns = (_NAME, *measured, *_OWN)
    by = next((column for column in columns if column.key == sort), (measured or columns)[0])
    descending = {"desc": True, "asc": False}.get(order, by.higher_is_better)
    at = columns.index(by)
    rows = [(card, tuple(_cell(card, column) for column in columns)) for card in cards]
    known = [row for row in rows if row[1][at].value is not None]
    known.sort(key=lambda row: _sortable(row[1][at]), reverse=descending)
    unknown = [row for row in rows if row[1][at].value is None]
    return Table(columns, (*known, *unknown), by.key, descending)


def as_csv(table: Table) -> str:
    """The table as CSV, numbers in full."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    writer.writerow(["id", *(column.heading for column in table.columns)])
    for card, cells in table.rows:
        writer.writerow([card.id, *("" if cell.value is None else cell.value for cell in cells)])
    return buffer.getvalue()


def _cell(card: Card, column: Column) -> Cell:
    match column.key:
        case "title":
            return Cell(card.title, card.title)
        case "parameters":
            return Cell(card.parameters, f"{card.parameters:,}")
        case "input_size":
            return Cell(card.input_size, f"{card.input_size} \N{MULTIPLICATION SIGN} {card.input_size}")
    for figure in figures(card):
        if f"{figure.data}.{figure.name}".strip(".") == column.key:
            return Cell(figure.value, figure.text)
    return Cell(None, "\N{EN DASH}")


def _sortable(cell: Cell) -> tuple[bool, float, str]:
    if isinstance(cell.value, str):
        return (True, 0.0, cell.value.casefold())
    return (False, float(cell.value or 0.0), "")
