"""The queue that DBOS keeps in the database: who puts jobs in, and by what names."""

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from app.jobs.database import Database

if TYPE_CHECKING:
    from dbos import DBOSClient

APPLICATION = "chromalab"
QUEUE = "lab"
WORKFLOW = "run-job"
VERSION = "1"
"""One for good: DBOS leaves the workflows of another version to workers of that version.

What an interrupted job finds changed, it must find under `if DBOS.patch(name)`.
"""
POLLING_SECONDS = 0.1
IDLE_TRANSACTION_SECONDS = 10
_ALIVE = ["ENQUEUED", "PENDING", "DELAYED"]


class DbosLog(logging.Filter):
    """Lets DBOS say each thing once in a while: while a database is away it repeats itself."""

    def __init__(self, seconds: float = 30.0) -> None:
        super().__init__()
        self._seconds = seconds
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether this was not said lately."""
        start = str(record.msg)[:40]
        if record.created - self._said.get(start, -self._seconds) < self._seconds:
            return False
        self._said[start] = record.created
        return True


def quieten() -> None:
    """Have DBOS log warnings and errors like everyone else, without repeating itself."""
    logger = logging.getLogger("dbos")
    logger.setLevel(logging.WARNING)
    if not logger.handlers:  # else DBOS adds its own, with another format
        logger.addHandler(logging.NullHandler())
        logger.addFilter(DbosLog())


class Queue:
    """Puts jobs into the queue; runs nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._opening = threading.Lock()
        self._client: DBOSClient | None = None

    def open(self) -> None:
        """Connect, and bring DBOS's tables up to date: outside of any transaction, unlike `put`."""
        self._connected()

    def put(self, connection: sa.Connection, job_id: str) -> None:
        """Queue a job in the caller's transaction: it is there when, and only if, that commits."""
        options: Any = {
            "workflow_name": WORKFLOW,
            "queue_name": QUEUE,
            "workflow_id": job_id,
            "app_version": VERSION,
        }
        self._connected().enqueue_in_transaction(connection, options, job_id)

    def missing(self, job_ids: Sequence[str]) -> list[str]:
        """Those of the jobs that are neither queued nor in some worker's hands."""
        found = self._connected().list_workflows(
            workflow_ids=list(job_ids), status=_ALIVE, load_input=False, load_output=False
        )
        alive = {status.workflow_id for status in found}
        return [job_id for job_id in job_ids if job_id not in alive]

    def holders(self) -> set[str]:
        """Ids of the workers that have jobs in hand, as the queue sees it."""
        found = self._connected().list_workflows(status="PENDING", load_input=False, load_output=False)
        return {status.executor_id for status in found if status.executor_id is not None}

    def forget(self, job_id: str) -> None:
        """Drop a deleted job's entry; one that stays does no harm, so no failure is told."""
        with suppress(sa.exc.SQLAlchemyError):
            self._connected().delete_workflows([job_id])

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.destroy()
            self._client = None

    def _connected(self) -> "DBOSClient":
        with self._opening:
            if self._client is None:
                from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer

                quieten()
                DBOS.migrate(self._database.address)
                self._client = DBOSClient(
                    system_database_url=self._database.address,
                    serializer=DBOSPortableJSONSerializer(),
                    application_name=APPLICATION,
                    retry_connection_errors=False,  # a request would wait for a stopped database
                    sys_db_idle_transaction_timeout_sec=IDLE_TRANSACTION_SECONDS,
                )
            return self._client
