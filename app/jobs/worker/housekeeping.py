"""Removes what has been finished for long: jobs, notes about them, folders. Finds what was dropped."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
import structlog
from dbos import DBOS

from app.jobs.database import Database
from app.jobs.folders import Folders
from app.jobs.job import UNFINISHED
from app.jobs.queue import Queue
from app.jobs.schema import jobs
from app.jobs.storage import Storage
from app.jobs.store import Store

EVERY = 60.0
_DAY = 86400.0
_SETTLED = 60.0
_AT_ONCE = 200
_NOTES_KEPT = timedelta(hours=1)

log = structlog.get_logger(__name__)


def remove_old_jobs(database: Database, days: int) -> int:
    """Remove jobs that finished before so many days, a few at a time; how many."""
    old = sa.select(jobs.c.number).where(jobs.c.finished < database.now - days * _DAY).limit(_AT_ONCE)
    removed = 0
    while True:
        with database.engine.begin() as connection:
            gone = connection.execute(sa.delete(jobs).where(jobs.c.number.in_(old))).rowcount
        removed += gone
        if gone < _AT_ONCE:
            return removed


def remove_old_notes() -> int:
    """Remove DBOS's record of finished executions, which nobody asks for; how many."""
    before = (datetime.now(UTC) - _NOTES_KEPT).isoformat()
    removed = 0
    while True:
        found = DBOS.list_workflows(
            completed_before=before, limit=_AT_ONCE, load_input=False, load_output=False
        )
        if not found:
            return removed
        DBOS.delete_workflows([status.workflow_id for status in found])
        removed += len(found)


def queue_again(database: Database, queue: Queue) -> int:
    """Put jobs back into the queue that have dropped out of it, as after a fault of ours; how many."""
    unfinished = sa.select(jobs.c.id).where(
        jobs.c.state.in_(UNFINISHED), jobs.c.created < database.now - _SETTLED
    )
    with database.engine.connect() as connection:
        ids = connection.execute(unfinished.order_by(jobs.c.number).limit(_AT_ONCE)).scalars().all()
    lost = queue.missing(ids) if ids else []
    for job_id in lost:
        queue.forget(job_id)
        with database.engine.begin() as connection:
            queue.put(connection, job_id)
    return len(lost)


def tidy(database: Database, queue: Queue, folders: Folders, storage: Storage, days: int) -> None:
    """Do all of it."""
    if lost := queue_again(database, queue):
        log.error("jobs had dropped out of the queue and are back in it", jobs=lost)
    remove_old_jobs(database, days)
    remove_old_notes()
    origins = Store(database).origins
    folders.sweep(origins)
    storage.sweep(origins)
