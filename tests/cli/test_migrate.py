"""`chromalab migrate`: tables made once, waited for by others, and a database that does not come."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from app.cli import cli
from app.jobs.database import HEAD, VERSION_TABLE, Database, database_url
from app.jobs.service import Jobs
from app.settings import Settings
from tests.jobs.postgres import running_cluster


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty database, and its address in the environment."""
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path}/new/folder/jobs.sqlite"
        monkeypatch.setenv("CHROMALAB_DATABASE_URL", address)
        yield address
        return
    with running_cluster() as cluster:
        address = cluster.create_database()
        monkeypatch.setenv("CHROMALAB_DATABASE_URL", address)
        yield address


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["migrate", *arguments])


def tables(url: str) -> set[str]:
    database = Database(database_url(Settings.model_validate({"database_url": url})))
    try:
        schemas: list[str | None] = [None] if database.is_sqlite else [None, "dbos"]
        return {name for schema in schemas for name in sa.inspect(database.engine).get_table_names(schema)}
    finally:
        database.close()


def test_it_makes_all_tables_and_may_be_run_again(url: str) -> None:
    for _ in range(2):
        done = run()
        assert done.exit_code == 0, done.output
        assert f"at revision {HEAD}" in done.output
    made = tables(url)
    assert {"jobs", "job_events", VERSION_TABLE, "workflow_status"} <= made
    jobs = Jobs(Settings.model_validate({"database_url": url}))
    try:
        jobs.submit(jobs.order("rmsprop-counterexample", {}, 0, "host:1"))
        assert run().exit_code == 0
        assert len(jobs.page(None, None, 10, None)[0]) == 1, "nothing is lost"
        assert tables(url) == made, "nobody needs more"
    finally:
        jobs.close()


def test_a_check_changes_nothing_and_waits_for_the_one_that_does(tmp_path: Path) -> None:
    (tmp_path / "place").mkdir()
    file = tmp_path / "place" / "jobs.sqlite"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHROMALAB_DATABASE_URL", f"sqlite:///{file}")
        early = run("--check", "--wait", "0")
        assert early.exit_code == 1
        assert f"this version needs {HEAD}" in early.output
        with sqlite3.connect(file) as connection:
            assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
        connection.close()
        with ThreadPoolExecutor(1) as threads:
            begun = threading.Event()

            def wait() -> Result:
                begun.set()
                return run("--check", "--wait", "300")

            waiting = threads.submit(wait)
            begun.wait()
            own = Database(database_url(Settings()))
            own.prepare()
            own.close()
            assert waiting.result().exit_code == 0


@pytest.mark.parametrize("arguments", [[], ["--check"]])
def test_a_database_that_is_away_is_told(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMALAB_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none")
    done = run(*arguments, "--wait", "0")
    assert done.exit_code == 1
    assert "cannot be used after 0 s" in done.output
    assert "refused" in done.output
    assert "secret" not in done.output


def test_tables_of_a_newer_version_will_do(url: str) -> None:
    assert run().exit_code == 0
    database = Database(database_url(Settings.model_validate({"database_url": url})))
    try:
        with database.engine.begin() as connection:
            connection.execute(sa.text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
        for arguments in ([], ["--check"]):
            done = run(*arguments)
            assert done.exit_code == 0, done.output
            assert "at revision 9999" in done.output
        database.prepare()
        assert database.revision() == "9999", "an older version leaves it alone"
    finally:
        database.close()
