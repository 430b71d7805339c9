"""The one database of jobs: SQLite or PostgreSQL, its tables brought up to date by whoever comes first."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy import event
from sqlalchemy.pool import ConnectionPoolEntry

from app.jobs.schema import probes
from app.settings import Settings

HEAD = "0002"
"""The newest revision in `migrations/versions`."""
VERSION_TABLE = "job_schema"
_LOCK = 7_302_684_113
"""Advisory lock under which PostgreSQL's tables are made: any number of our own."""
_BUSY_MILLISECONDS = 30_000
_SILENCE = {
    "connect_timeout": "5",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
"""How soon libpq gives a server up that has gone without a word: by itself after a quarter of an hour."""
_GUARDS = (
    "SET idle_in_transaction_session_timeout = '10s'",  # or a machine that is cut off keeps its locks
    "SET tcp_keepalives_idle = 10",
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
)
"""How soon the server gives a client up."""

log = structlog.get_logger(__name__)


def database_url(settings: Settings) -> sa.URL:
    """Where jobs are kept."""
    if settings.database_url is None:
        return sa.URL.create("sqlite", database=str(settings.data_dir.absolute() / "chromalab.sqlite"))
    url = sa.make_url(settings.database_url.get_secret_value())
    return url if url.get_backend_name() == "sqlite" else url.set(drivername="postgresql+psycopg")


@event.listens_for(sa.Engine, "connect")
def _tune(connection: Any, _: Any) -> None:
    """Set up every SQLite connection of this process, those that DBOS opens included.

    Without a write-ahead log a step costs twenty times as much, and readers and writers wait for each other.
    """
    if isinstance(connection, sqlite3.Connection):
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")


def is_newer(revision: str | None) -> bool:
    """Whether a revision is later than all that this version knows; revisions are numbered."""
    return revision is not None and revision > HEAD


class Database:
    """Connections to the database; nothing is opened before the first use."""

    def __init__(self, url: sa.URL) -> None:
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.engine = sa.create_engine(url, pool_size=8, max_overflow=8, pool_timeout=30, **self._options())
        self._closed = False
        event.listen(self.engine, "checkin", self._take_back)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _set_up)
        else:
            event.listen(self.engine, "connect", _set_guards)

    @property
    def address(self) -> str:
        """The address in full, password included, as DBOS is to use it."""
        url = self.url if self.is_sqlite else self.url.update_query_dict(_SILENCE | dict(self.url.query))
        return url.render_as_string(hide_password=False)

    @property
    def now(self) -> sa.ColumnElement[float]:
        """Seconds since 1970 by the database's clock."""
        if self.is_sqlite:
            return (sa.func.julianday("now", type_=sa.Double) - 2440587.5) * 86400.0
        return sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Double)

    def prepare(self) -> None:
        """Make or migrate our tables; harmless when done, or done by several at once.

        Tables of a newer version are left alone: a revision only adds what the version before can do without,
        so that both work side by side while an upgrade goes from host to host.
        """
        self.make_place()
        found = self.revision()
        if found == HEAD:
            return
        if is_newer(found):
            log.info("the tables are of a newer version", revision=found, known=HEAD)
        else:
            self._migrate()

    def make_place(self) -> None:
        """Make the folder of a SQLite file."""
        if self.is_sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)

    def revision(self) -> str | None:
        """The revision that the tables are at; None without tables."""
        with self.engine.connect() as connection:
            return _revision(connection)

    def queue_up(self, connection: sa.Connection) -> None:
        """Wait for other transactions that call this to end; SQLite has one writer at a time anyway."""
        if not self.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK + 1)))

    def writable(self) -> bool:
        """Whether a row can be written right now."""
        try:
            with self.engine.begin() as connection:
                connection.execute(sa.update(probes).values(written=self.now))
        except sa.exc.SQLAlchemyError:
            return False
        return True

    def close(self) -> None:
        """Close the connections, those that other threads still use as soon as these give them back."""
        self._closed = True
        self.engine.dispose()

    def _take_back(self, _: Any, record: ConnectionPoolEntry) -> None:
        # A pool that was disposed of would only drop them, open as they are.
        if self._closed:
            record.invalidate()

    def _options(self) -> dict[str, Any]:
        if self.is_sqlite:
            return {}
        return {
            "pool_pre_ping": True,
            "connect_args": {
                "application_name": "chromalab",
                **{name: value for name, value in _SILENCE.items() if name not in self.url.query},
            },
        }

    def _migrate(self) -> None:
        # Imported here: a start with tables in order does without.
        logging.getLogger("alembic").setLevel(logging.WARNING)  # it begins to talk while it is imported
        from alembic import command
        from alembic.config import Config

        with self._alone() as connection:
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
            config.attributes["connection"] = connection
            if not is_newer(_revision(connection)):  # a newer version may have come first
                command.upgrade(config, "head")

    @contextmanager
    def _alone(self) -> Iterator[sa.Connection]:
        """A transaction that no other process migrates beside."""
        with self.engine.begin() as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            yield connection


def _revision(connection: sa.Connection) -> str | None:
    if not sa.inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.scalar(sa.text(f"SELECT version_num FROM {VERSION_TABLE}"))
    return None if found is None else str(found)


def _set_up(connection: Any, _: Any) -> None:
    """Have rows go with their job, and every transaction take SQLite's write lock where it begins to write.

    One that reads first and then writes could not wait for the lock.
    """
    connection.execute("PRAGMA foreign_keys=ON")
    connection.isolation_level = "IMMEDIATE"


def _set_guards(connection: Any, _: Any) -> None:
    """Have the server give up sessions whose client is gone."""
    with connection.cursor() as cursor:
        for guard in _GUARDS:
            cursor.execute(guard)
    connection.commit()
