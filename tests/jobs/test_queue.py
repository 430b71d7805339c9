"""The queue that DBOS keeps: a job is in it when, and only if, its transaction commits."""

import logging
from collections.abc import Iterator

import pytest
from dbos import DBOSClient

from app.jobs.database import Database
from app.jobs.queue import DbosLog, Queue


@pytest.fixture
def queue(database: Database) -> Iterator[Queue]:
    queue = Queue(database)
    queue.open()
    yield queue
    queue.close()


def queued(database: Database) -> list[str]:
    client = DBOSClient(system_database_url=database.address)
    try:
        return [status.workflow_id for status in client.list_workflows()]
    finally:
        client.destroy()


def test_a_job_is_queued_with_its_transaction_or_not_at_all(database: Database, queue: Queue) -> None:
    with database.engine.begin() as connection:
        queue.put(connection, "kept")
    with pytest.raises(ZeroDivisionError), database.engine.begin() as connection:
        queue.put(connection, "lost")
        raise ZeroDivisionError
    assert queued(database) == ["kept"]
    queue.forget("kept")
    queue.forget("never there")
    assert queued(database) == []


def test_what_dbos_says_again_and_again_is_logged_once_in_a_while() -> None:
    quiet = DbosLog(seconds=30)

    def record(text: str, at: float) -> logging.LogRecord:
        made = logging.LogRecord("dbos", logging.WARNING, "", 0, text, (), None)
        made.created = at
        return made

    away = "The database cannot be reached, trying again: {}"
    said = [(away.format(1), 0), (away.format(2), 29), ("something else", 29.5)]
    assert [quiet.filter(record(text, at)) for text, at in said] == [True, False, True]
    assert quiet.filter(record(away.format(3), 31))
