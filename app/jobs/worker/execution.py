"""Takes one job from where it is to its end, whatever happens on the way."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import sqlalchemy as sa
import structlog

from app.jobs.folders import Folders
from app.jobs.job import BATCH, document
from app.jobs.ledger import Claim, Ledger, Superseded, Taken
from app.jobs.worker.pool import Pool, Runner, StepFailed, TimedOut
from app.jobs.writing import Told
from app.lab.shown import Json, Picture
from app.settings import Settings

DATABASE_AWAY = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError, sa.exc.TimeoutError)
"""What a database raises that is stopped, full or locked: try again."""
MOST_EVENTS = 100_000
MOST_STATE = 16 << 20
MOST_RESTARTS = 3
CANCELLED_WITHIN = 1.0
"""Seconds that a step gets to end by itself once its job is cancelled."""
_LONGEST_WAIT = 2.0

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Stopping(Exception):
    """The worker is to stop; the job goes on elsewhere."""


class _Cancelled(Exception):
    pass


@dataclass(frozen=True)
class Means:
    """What executions share."""

    settings: Settings
    ledger: Ledger
    pool: Pool
    folders: Folders
    stopping: threading.Event
    """Set when no step is to be begun any more."""
    leaving: threading.Event
    """Set when no step is waited for any more."""
    is_known: Callable[[], bool] = lambda: True
    """Whether others still count on this worker; once they do not, their claims are the newer ones."""

    def patiently(self, write: Callable[[], T]) -> T:
        """What `write` gives, tried until the database takes it; raises Stopping when that is in vain."""
        wait = 0.05
        while True:
            try:
                return write()
            except DATABASE_AWAY as error:
                log.warning("the database does not take it yet", reason=str(error.__cause__ or error)[:200])
                if self.leaving.wait(wait):
                    raise Stopping from None
                wait = min(2 * wait, _LONGEST_WAIT)


class Executor:
    """Executes jobs, each in the thread that calls."""

    def __init__(self, means: Means) -> None:
        self._means = means

    def execute(self, job_id: str) -> None:
        """Claim a job and take it to its end. Raises Stopping, with the job as the last step left it."""
        because = ""
        while True:
            attempt = _Attempt(self._means, job_id)
            try:
                attempt.run(because)
                return
            except StepFailed as error:
                because = str(error)
                log.warning("a step failed with its process", job=job_id, reason=because)
                if attempt.place is None and self._means.stopping.wait(_LONGEST_WAIT):
                    raise Stopping from None
            except Superseded:
                log.info("the job is no longer this worker's", job=job_id)
                return


@dataclass
class _Place:
    """How far a claimed job has come."""

    claim: Claim
    step: int
    state: str | None
    told: int
    """Steps that readers know; after a restart they are taken again, and not told again."""
    events: int
    left: float
    """Seconds that its steps may still take."""
    deaths: int
    """Processes in a row that the next step has cost."""
    restarts: int = 0


class _Attempt:
    """One claim of a job, from the last step on."""

    def __init__(self, means: Means, job_id: str) -> None:
        self._means, self._job_id = means, job_id
        self._ledger, self._patiently = means.ledger, means.patiently
        self._cancelled_at: float | None = None
        self.place: _Place | None = None

    def run(self, because: str) -> None:
        """Take one step after the other. Raises Stopping, StepFailed, Superseded.

        The job is claimed once there is a process for it, and not before: a worker's death counts against
        the jobs it was at, not against those that waited.
        """
        try:
            while True:
                with self._means.pool.lend(self._while_waiting) as runner:
                    self._while_waiting()
                    if self.place is None and not self._claim(because):
                        return
                    answer, seconds = self._ask(runner)
                if self._keep(answer, seconds):
                    return
        except TimedOut as error:
            if self._may_try_again():
                raise StepFailed("it took too long") from error
            self._fail(self._too_long())
        except _Cancelled:
            self._patiently(partial(self._ledger.cancel, self._claimed.claim))
        except (Stopping, StepFailed, Superseded):
            raise
        except Exception as error:  # whatever it is, the job must come to an end
            log.exception("a job cannot go on", job=self._job_id)
            if self.place is None:
                raise
            self._fail(f"The worker could not go on with it ({type(error).__name__}).")

    @property
    def _claimed(self) -> _Place:
        assert self.place is not None
        return self.place

    def _claim(self, because: str) -> bool:
        if not self._patiently(self._means.is_known):
            raise Stopping
        claim = self._patiently(partial(self._ledger.claim, self._job_id, because))
        if claim is None:
            return False
        left = self._means.settings.job_timeout - claim.worked
        events, deaths = claim.job.last_event, claim.stalls - 1
        self.place = _Place(claim, claim.step, claim.state, claim.told, events, left, deaths)
        return True

    def _ask(self, runner: Runner) -> tuple[Json, float]:
        """What the next step gave, and the seconds it took."""
        place, settings = self._claimed, self._means.settings
        job = place.claim.job
        asked = {
            "demo": job.demo,
            "params": job.params,
            "seed": job.seed,
            "model_id": job.model_id,
            "folder": str(self._means.folders.of(job.origin)),
            "deaths": place.deaths,
            "data": None if settings.datasets_dir is None else str(settings.datasets_dir.absolute()),
        }
        begun, left = time.monotonic(), place.left
        try:
            answer = runner.ask(asked, place.state, min(settings.step_timeout, left), self._while_working)
        finally:
            place.left = left - (time.monotonic() - begun)
        return answer, left - place.left

    def _keep(self, answer: Json, seconds: float) -> bool:
        """Write down what a step gave; True if the job has ended with it."""
        place = self._claimed
        if (reason := answer.get("failed")) is not None:
            return self._fail(reason)
        if (reason := answer.get("lost")) is not None:
            return self._restart(reason)
        taken = _taken(place, answer, seconds)
        place.events += len(taken.told)
        if (reason := _too_much(place.events, taken)) is not None:
            return self._fail(reason)
        if (outcome := answer["outcome"]) is not None:
            self._patiently(partial(self._ledger.succeed, place.claim, taken, outcome, answer["versions"]))
            return True
        if self._patiently(partial(self._ledger.take, place.claim, taken)):
            raise _Cancelled
        place.step, place.state, place.deaths = place.step + 1, taken.state, 0
        place.told = max(place.told, place.step)
        return False

    def _restart(self, reason: str) -> bool:
        place = self._claimed
        log.warning("a job's work is lost; it begins again", job=self._job_id, reason=reason)
        place.restarts += 1
        if place.restarts > MOST_RESTARTS:
            return self._fail(f"Its work was lost again and again: {reason}.")
        self._patiently(partial(self._ledger.restart, place.claim))
        place.step, place.state = 0, None
        return False

    def _fail(self, reason: str) -> bool:
        self._patiently(partial(self._ledger.fail, self._claimed.claim, reason))
        return True

    def _may_try_again(self) -> bool:
        """Whether a step that took too long is taken again: a batch does without the picture in the end."""
        return self._claimed.claim.job.demo == BATCH and self._claimed.left > 0

    def _too_long(self) -> str:
        settings = self._means.settings
        if self._claimed.left <= 0:
            return f"It took longer than the {settings.job_timeout} s that a job may take."
        return f"A step took longer than the {settings.step_timeout} s that one may take, so it was stopped."

    def _while_waiting(self) -> None:
        """Raise if no step of the job should be begun."""
        if self._means.stopping.is_set():
            raise Stopping
        if self._is_cancelled():
            raise _Cancelled

    def _while_working(self) -> None:
        """Raise if the step under way is not to be waited for."""
        if self._means.leaving.is_set():
            raise Stopping
        if self._cancelled_at is None and self._is_cancelled():
            self._cancelled_at = time.monotonic()
        if self._cancelled_at is not None and time.monotonic() - self._cancelled_at > CANCELLED_WITHIN:
            raise _Cancelled

    def _is_cancelled(self) -> bool:
        """Whether the claimed job is to be cancelled; a queued one ends without its worker."""
        if self.place is None:
            return False
        try:
            return self._ledger.is_cancelled(self.place.claim)
        except DATABASE_AWAY:
            return False  # the write after the step will tell


def _taken(place: _Place, answer: Json, seconds: float) -> Taken:
    """A step as it is to be written; nothing is told that was told before the job began again."""
    told: list[Told] = []
    pictures: list[Picture] = []
    if place.step >= place.told:
        told += [("point", point) for point in answer["points"]]
        pictures += [Picture(**picture) for picture in answer["pictures"]]
        progress: Json = {"progress": answer["progress"], **answer.get("told", {})}
        if pictures:
            progress["pictures"] = [picture.name for picture in pictures]
        told.append(("progress", progress))
    return Taken(place.step, document(answer["state"]), answer["progress"], told, pictures, seconds)


def _too_much(events: int, taken: Taken) -> str | None:
    if events > MOST_EVENTS:
        return f"It shows more than the {MOST_EVENTS} points that a job may show."
    if len(taken.state) > MOST_STATE:
        return f"Its state has grown beyond the {MOST_STATE >> 20} MiB that are kept."
    return None
