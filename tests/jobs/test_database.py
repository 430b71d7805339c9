"""The database: its tables, its clock, and several processes that make it at once."""

import sqlite3
import threading
import time
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from app.jobs.database import HEAD, VERSION_TABLE, Database, database_url
from app.jobs.migrations import versions
from app.jobs.schema import metadata
from app.settings import Settings


def test_migrations_make_the_tables_that_the_schema_names(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
        assert connection.scalar(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")) == HEAD


def test_the_head_is_the_newest_revision() -> None:
    found = sorted(path.stem for path in Path(versions.__path__[0]).glob("r*.py"))
    assert found[-1].startswith(f"r{HEAD}_")


def test_any_number_may_prepare_it_at_once(database: Database, tmp_path: Path) -> None:
    with database.engine.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(sa.text(f"DROP TABLE {VERSION_TABLE}"))
    failures: list[Exception] = []

    def prepare() -> None:
        own = Database(database.url)
        try:
            own.prepare()
        except Exception as error:
            failures.append(error)
        own.close()

    threads = [threading.Thread(target=prepare) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert database.writable()


def test_its_clock_tells_the_time(database: Database) -> None:
    with database.engine.connect() as connection:
        assert connection.scalar(sa.select(database.now)) == pytest.approx(time.time(), abs=2)


def test_a_database_that_is_away_takes_no_writes(tmp_path: Path) -> None:
    (tmp_path / "here").write_text("this is no database, however long one reads it")
    assert not Database(sa.URL.create("sqlite", database=str(tmp_path / "here"))).writable()
    nowhere = "postgresql+psycopg://nobody@127.0.0.1:1/none"
    assert not Database(sa.make_url(nowhere)).writable()


def test_a_full_database_takes_no_writes_and_keeps_what_it_has(sqlite: Database) -> None:
    with sqlite.engine.begin() as connection:
        pages = connection.scalar(sa.text("PRAGMA page_count"))
        connection.execute(sa.text("CREATE TABLE filling (text)"))
        connection.execute(sa.text(f"PRAGMA max_page_count={pages + 3}"))
        with pytest.raises(sa.exc.OperationalError, match="full"):
            connection.execute(sa.text("INSERT INTO filling VALUES (zeroblob(1000000))"))
    assert sqlite.writable(), "there is room for small rows"


@pytest.mark.parametrize(
    ("setting", "url"),
    [
        ("sqlite:////srv/jobs.db", "sqlite:////srv/jobs.db"),
        ("postgresql://u:p@db/jobs", "postgresql+psycopg://u:p@db/jobs"),
        ("postgres://u:p@db/jobs", "postgresql+psycopg://u:p@db/jobs"),
    ],
)
def test_where_it_is(setting: str, url: str) -> None:
    found = database_url(Settings.model_validate({"database_url": setting}))
    assert found.render_as_string(hide_password=False) == url


def test_it_is_in_the_data_folder_unless_set(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new" / "folder")
    database = Database(database_url(settings))
    database.prepare()
    assert (tmp_path / "new" / "folder" / "chromalab.sqlite").exists()
    database.close()


def test_closing_it_leaves_no_connection_open_that_a_thread_still_uses(database: Database) -> None:
    own = Database(database.url)
    with own.engine.connect() as used:
        assert used.scalar(sa.select(1)) == 1
        driver = used.connection.driver_connection
        own.close()
        assert used.scalar(sa.select(1)) == 1
    if isinstance(driver, sqlite3.Connection):
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            driver.execute("SELECT 1")
    else:
        assert isinstance(driver, psycopg.Connection)
        assert driver.closed
