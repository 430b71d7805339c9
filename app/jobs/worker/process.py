"""A worker from its start to its end."""

import os
import secrets
import signal
import socket
import sys
import threading
import time

import sqlalchemy as sa
import structlog
from dbos import DBOS, DBOSPortableJSONSerializer

from app.jobs.database import Database, database_url
from app.jobs.folders import Folders
from app.jobs.ledger import Ledger
from app.jobs.queue import (
    APPLICATION,
    IDLE_TRANSACTION_SECONDS,
    POLLING_SECONDS,
    QUEUE,
    VERSION,
    WORKFLOW,
    Queue,
    quieten,
)
from app.jobs.storage import Storage
from app.jobs.worker import housekeeping
from app.jobs.worker.execution import Executor, Means, Stopping
from app.jobs.worker.heart import BEAT_EVERY, Heart, Observer
from app.jobs.worker.pool import Means as RunnerMeans
from app.jobs.worker.pool import Pool
from app.settings import Settings

STEPS_MAY_TAKE = 5.0
"""Seconds that steps under way at the stop get to finish."""
STRANGERS_EVERY = 5.0
"""Seconds between looks for jobs in the hands of nobody."""
DECLARED_DEAD = 3
"""Exit code of a worker that others took for dead."""
_LISTENER_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Worker:
    """Executes jobs until it is told to stop."""

    def __init__(self, settings: Settings) -> None:
        self.id = f"{socket.gethostname()[:40]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._settings = settings
        self._database = Database(database_url(settings))
        self._queue = Queue(self._database)
        self._folders = Folders(settings.data_dir)
        self._storage = Storage.of(settings)
        locks = settings.data_dir.absolute() / "workers"
        self._heart = Heart(self._database, self.id, locks)
        self._observer = Observer(self._database, self.id, locks)
        self._pool = Pool(RunnerMeans.of(settings), settings.worker_processes)
        ledger = Ledger(self._database, self.id, settings.max_attempts)
        self._stopping, self._leaving = threading.Event(), threading.Event()
        self._executor = Executor(
            Means(
                settings,
                ledger,
                self._pool,
                self._folders,
                self._stopping,
                self._leaving,
                self._heart.is_known,
            )
        )
        self._ledger = ledger
        self._code = 0
        self._busy = 0
        self._idle = threading.Condition()

    def run(self) -> int:
        """Work until `stop`; the exit code. The process is to end then: threads may still wait in it."""
        if not self._prepare():
            return self._code
        self._launch()
        for task in (self._keep_beating, self._keep_watch, self._pool.warm):
            threading.Thread(target=task, daemon=True).start()
        log.info("the worker is ready", worker=self.id)
        self._stopping.wait()
        log.info("the worker stops", worker=self.id)
        self._leave()
        return self._code

    def stop(self) -> None:
        """Begin no step any more; have `run` return."""
        self._stopping.set()

    def stop_with_parent(self) -> None:
        """Stop when the standard input ends, as it does when the process at its other end dies."""

        def listen() -> None:
            while os.read(sys.stdin.fileno(), 4096):
                pass
            self.stop()

        threading.Thread(target=listen, daemon=True).start()

    def stop_on_signals(self) -> None:
        """Stop on SIGTERM and SIGINT; to be called in the main thread."""
        # A handler interrupts whatever the main thread does. If that is `wait` of this event, a `set` in it
        # waits forever for the lock that `wait` holds: so a thread of its own is told, by a pipe.
        heard, tell = os.pipe()

        def listen() -> None:
            os.read(heard, 1)
            self.stop()

        threading.Thread(target=listen, daemon=True).start()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: os.write(tell, b"\0"))

    def _prepare(self) -> bool:
        """Wait for the database; False if told to stop before it came."""
        while not self._stopping.is_set():
            try:
                self._database.prepare()
                self._heart.start()
                return True
            except (sa.exc.SQLAlchemyError, OSError) as error:
                log.warning("the database cannot be used yet", reason=str(error)[:300])
                self._stopping.wait(2.0)
        return False

    def _launch(self) -> None:
        quieten()
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": self._database.address,
                "executor_id": self.id,
                "application_version": VERSION,
                "serializer": DBOSPortableJSONSerializer(),
                "log_level": "WARNING",
                "notification_listener_polling_interval_sec": _LISTENER_SECONDS,
                "sys_db_idle_transaction_timeout_sec": IDLE_TRANSACTION_SECONDS,
            }
        )

        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)  # the ledger counts attempts
        def run_job(job_id: str) -> None:
            self._run_job(job_id)

        DBOS.listen_queues([QUEUE])
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=self._settings.worker_slots,
            polling_interval_sec=POLLING_SECONDS,
            on_conflict="always_update",
        )

    def _run_job(self, job_id: str) -> None:
        """The workflow. Its steps are kept in the job's own rows, written together with their events."""
        with self._idle:
            self._busy += 1
        try:
            self._executor.execute(job_id)
        except Stopping:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()
            threading.Event().wait()  # unfinished in DBOS's eyes, until the process ends
        with self._idle:
            self._busy -= 1
            self._idle.notify_all()

    def _keep_beating(self) -> None:
        while not self._leaving.wait(BEAT_EVERY):
            try:
                if not self._heart.beat():
                    log.error("others took this worker for dead; it stops", worker=self.id)
                    self._code = DECLARED_DEAD
                    self.stop()
                    return
            except Exception as error:  # the next one may be
                log.warning("the heartbeat was not written", reason=str(error.__cause__ or error)[:200])

    def _keep_watch(self) -> None:
        """Have the jobs of dead workers go on, and tidy up."""
        tidied = looked = time.monotonic()
        while True:
            try:
                for one in self._observer.dead():
                    if one.signed_off:
                        log.info("a worker has left; what it left goes back into the queue", worker=one.id)
                    else:
                        log.warning("a worker has died; its jobs go back into the queue", worker=one.id)
                    DBOS._recover_pending_workflows([one.id])
                    self._observer.bury(one.id)
                if time.monotonic() - looked > STRANGERS_EVERY:
                    for stranger in self._observer.strangers(self._queue.holders()):
                        log.warning("jobs of no worker go back into the queue", worker=stranger)
                        DBOS._recover_pending_workflows([stranger])
                    looked = time.monotonic()
                if time.monotonic() - tidied > housekeeping.EVERY:
                    days = self._settings.job_retention_days
                    housekeeping.tidy(self._database, self._queue, self._folders, self._storage, days)
                    tidied = time.monotonic()
            except Exception as error:  # what was left is done the next time
                log.warning(
                    "the database could not be looked after", reason=str(error.__cause__ or error)[:200]
                )
            if self._stopping.wait(BEAT_EVERY):
                return

    def _leave(self) -> None:
        """Wait for the steps under way a little, then let everything go; another worker takes it up."""
        with self._idle:
            self._idle.wait_for(lambda: not self._busy, STEPS_MAY_TAKE)
        self._leaving.set()
        self._pool.close()
        try:
            self._ledger.hand_back()
            self._heart.stop()
        except sa.exc.SQLAlchemyError as error:
            log.warning("the worker could not sign off", reason=str(error.__cause__ or error)[:200])
