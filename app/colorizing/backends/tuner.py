"""Finds out in the background what runs each model best here, and has it served by that from then on."""

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import structlog
from filelock import FileLock, Timeout

from app.colorizing.backends import Backend, Floats, check, helper
from app.colorizing.backends.choice import Choice, Choices, key
from app.colorizing.backends.kinds import EAGER, KINDS
from app.networks.card import Card

FOLDER = "backends"
"""In `data_dir`, where the choices are remembered."""
AUTO = "auto"
QUIET = 2.0
"""Seconds without a pass after which measuring may begin."""
PATIENCE = 60.0
"""Seconds after which it begins, busy or not: it stands back behind requests in any case."""
LOOK_EVERY = 0.5

State = Literal["eager", "waiting", "measuring", "building", "tuned", "failed"]

log = structlog.get_logger(__name__)


class Tuned:
    """Eager float32 until the best backend is ready, and again should that ever fail."""

    def __init__(self, eager: Backend, load: Callable[[], Backend]) -> None:
        self._now, self._load = eager, load
        self._is_eager = True
        self.used = 0.0
        """When a pass last ended, by `time.monotonic`."""
        self.state: State = "waiting"
        self.choice: Choice | None = None

    @property
    def name(self) -> str:
        """What runs it now."""
        return self._now.name

    def __call__(self, planes: Floats) -> Floats:
        """Probabilities (N, C, h, w) for input planes (N, P, H, W), the first of them gray 0..1."""
        backend = self._now
        try:
            return backend(planes)
        except Exception:
            if self._is_eager:
                raise
            eager = self._load()
            answer = eager(planes)  # if it raises, too, the fault is not the backend's
            log.exception("a backend failed where eager float32 does not", backend=backend.name)
            self._now, self._is_eager, self.state = eager, True, "failed"
            return answer
        finally:
            self.used = time.monotonic()

    def switch(self, backend: Backend, choice: Choice | None) -> None:
        """Be served by another backend from the next pass on; the one until now is let go."""
        self.choice, self.state = choice, "tuned"
        self._is_eager = False
        self._now = backend


@dataclass(frozen=True, slots=True)
class _Task:
    folder: Path
    card: Card
    tuned: Tuned


class Tuner:
    """One thread for all models of this process. `wanted` is AUTO or the name of a kind of backend."""

    def __init__(self, data_dir: Path, wanted: str = AUTO, *, threads: int = 1) -> None:
        self._choices, self._wanted, self._threads = Choices(data_dir / FOLDER), wanted, threads
        self._tasks: queue.SimpleQueue[_Task] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def tune(self, folder: Path, card: Card, eager: Backend, load: Callable[[], Backend]) -> Backend:
        """What serves a model from now on: `eager`, to be replaced by what is best; `load` gives it anew."""
        if self._wanted == EAGER:
            return eager
        tuned = Tuned(eager, load)
        self._tasks.put(_Task(folder, card, tuned))
        with self._lock:
            if self._thread is None and not self._stop.is_set():
                self._thread = threading.Thread(target=self._work, name="tuner", daemon=True)
                self._thread.start()
        return tuned

    def close(self) -> None:
        """End what is under way and the thread (blocking, briefly)."""
        with self._lock:
            self._stop.set()
        if self._thread is not None:
            self._thread.join(10 * LOOK_EVERY)

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                task = self._tasks.get(timeout=LOOK_EVERY)
            except queue.Empty:
                continue
            try:
                self._tune(task)
            except Exception as error:  # it goes on as it is
                task.tuned.state = "failed"
                if not self._stop.is_set():
                    reason = str(error) or type(error).__name__
                    log.warning("no better backend was found", model=task.card.id, reason=reason)

    def _tune(self, task: _Task) -> None:
        if self._wanted == AUTO:
            choice = self._choose(task)
            name, threads = choice.name, choice.threads
            task.tuned.choice = choice
        else:
            choice, name, threads = None, self._wanted, self._threads
        if name == EAGER and threads == self._threads:
            task.tuned.state = "eager"
            return
        task.tuned.state = "building"
        backend = self._build(task, name, threads)
        check(backend, task.card)
        task.tuned.switch(backend, choice)
        found = choice.chosen if choice else None
        log.info(
            "a model is served by the backend that is best here",
            model=task.card.id,
            backend=backend.name,
            threads=threads,
            speed=found and found.speed and round(found.speed, 2),
            delta_e=found and found.delta_e and round(found.delta_e, 3),
        )

    def _choose(self, task: _Task) -> Choice:
        """What is remembered, else what is measured, by one process at a time."""
        about = key(task.card, self._threads)
        if known := self._choices.read(about):
            return known
        lock = FileLock(self._choices.lock(about), thread_local=False)
        while True:
            try:
                lock.acquire(timeout=0)
                break
            except Timeout:
                if self._stop.wait(4 * LOOK_EVERY):
                    raise helper.HelperFailed("it was stopped") from None
        with lock:
            if known := self._choices.read(about):  # by the one waited for
                return known
            self._wait_for_quiet(task.tuned)
            task.tuned.state = "measuring"
            log.info("what runs a model best is being measured", model=task.card.id)
            arguments = [str(task.folder.resolve()), str(self._threads)]
            printed = helper.run("app.colorizing.backends.trial", arguments, self._stop)
            choice = Choice.model_validate_json(printed)
            self._choices.write(about, choice)
            return choice

    def _build(self, task: _Task, name: str, threads: int) -> Backend:
        kind = KINDS[name]
        if not kind.converted:
            return kind.build(task.folder, task.card, threads)
        with TemporaryDirectory(prefix="chromalab-", ignore_cleanup_errors=True) as folder:
            arguments = [str(task.folder.resolve()), folder]
            helper.run("app.colorizing.backends.conversion", arguments, self._stop)
            return kind.build(Path(folder), task.card, threads)

    def _wait_for_quiet(self, tuned: Tuned) -> None:
        patience = time.monotonic() + PATIENCE
        while time.monotonic() < min(patience, tuned.used + QUIET) and not self._stop.wait(LOOK_EVERY):
            pass
