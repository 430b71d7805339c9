"""Runners: processes that take steps, each killed and replaced when it does not answer in time."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue

import app
from app.jobs.worker.limits import environment, with_package
from app.lab.shown import Json
from app.settings import Settings, as_variables

START_MAY_TAKE = 60.0
LOOK_EVERY = 0.5
"""Seconds between looks at whether a job whose step is under way is still wanted."""
PASSED_ON = ("data_dir", "models_dir", "storage_url", "max_body_bytes", "max_pixels")
_WINDOWS_BELOW_NORMAL = 0x4000


class StepFailed(Exception):
    """The step ended its process or was ended with it; the message says how."""


class TimedOut(StepFailed):
    """The step took too long."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a runner may use."""

    threads: int
    niceness: int
    memory: int
    demo_packages: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    """Settings for what is run there, as the environment has them."""

    @classmethod
    def of(cls, settings: Settings) -> "Means":
        """As the settings say."""
        return cls(
            settings.worker_threads,
            settings.worker_niceness,
            settings.worker_memory_bytes,
            tuple(settings.demo_packages),
            as_variables(settings, PASSED_ON),
        )


class Runner:
    """One process and the pipes to it; used by one thread at a time."""

    def __init__(self, means: Means) -> None:
        told = {
            "niceness": means.niceness,
            "memory": means.memory,
            "demo_packages": list(means.demo_packages),
        }
        package = str(Path(app.__file__).resolve().parent.parent)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "app.jobs.worker.runner", json.dumps(told)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=with_package({**os.environ, **environment(means.threads), **means.variables}, package),
            encoding="utf-8",
            start_new_session=True,  # it stands back as a session, see `stand_back`
            creationflags=_WINDOWS_BELOW_NORMAL if sys.platform == "win32" else 0,
        )
        self._answers: SimpleQueue[str | None] = SimpleQueue()
        self._is_ready = False
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def ask(self, asked: Json, state: str | None, seconds: float, look: Callable[[], None]) -> Json:
        """The answer to a request, the state being JSON.

        The time counts from when the process is ready. `look` is called meanwhile, and may raise to give up.
        The process is killed unless it answers. Raises StepFailed, TimedOut, and what `look` raises.
        """
        try:
            self._wait_until_ready(look)
            self._send(f'{json.dumps({**asked, "seconds": seconds})[:-1]}, "state": {state or "null"}}}\n')
            if (line := self._next_line(seconds, look)) is None:
                raise TimedOut
            answer: Json = json.loads(line)
            if answer.pop("last", False):
                self.kill()
            return answer
        except BaseException:
            self.kill()
            raise

    def kill(self) -> None:
        """End the process now."""
        self._process.kill()
        self._process.wait()
        with suppress(OSError):  # what was not written yet
            self._process.stdin.close()  # type: ignore[union-attr]

    def _wait_until_ready(self, look: Callable[[], None]) -> None:
        if not self._is_ready:
            if self._next_line(START_MAY_TAKE, look) is None:
                raise StepFailed(f"its process was not ready within {START_MAY_TAKE:.0f} s")
            self._is_ready = True

    def _next_line(self, seconds: float, look: Callable[[], None]) -> str | None:
        """What the process says next, None if it says nothing in that time. Raises StepFailed."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                line = self._answers.get(timeout=min(left, LOOK_EVERY))
            except Empty:
                look()
                continue
            if line is None:
                raise StepFailed(self._how_it_ended())
            return line
        return None

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):  # it has ended; the answer that never comes tells how
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def _listen(self) -> None:
        with self._process.stdout as lines:  # type: ignore[union-attr]
            for line in lines:
                self._answers.put(line)
        self._answers.put(None)

    def _how_it_ended(self) -> str:
        code = self._process.wait()
        if code < 0:
            return f"its process was ended by signal {-code}"
        return f"its process ended with code {code}"


class Pool:
    """A fixed number of runners, lent out in the order in which they are asked for."""

    def __init__(self, means: Means, size: int) -> None:
        self._means = means
        self._idle: SimpleQueue[Runner | None] = SimpleQueue()
        for _ in range(size):
            self._idle.put(None)  # started when first needed
        self._lock = threading.Lock()
        self._running: set[Runner] = set()
        self._closed = False

    @contextmanager
    def lend(self, look: Callable[[], None]) -> Iterator[Runner]:
        """A runner for one request; `look` is called while none is free, and may raise to give up."""
        while True:
            try:
                runner = self._idle.get(timeout=LOOK_EVERY)
                break
            except Empty:
                look()
        try:
            if runner is None or not runner.is_alive:
                runner = self._replace(runner)
            yield runner
        finally:
            self._idle.put(runner)

    def warm(self) -> None:
        """Start every runner ahead of the first step. One that cannot be is asked for again by a step."""
        with suppress(StepFailed):  # closed meanwhile, or the machine has no room
            for _ in range(self._idle.qsize()):
                with self.lend(lambda: None):
                    pass

    def close(self) -> None:
        """End all runners, and start none again."""
        with self._lock:
            self._closed = True
            for runner in self._running:
                runner.kill()

    def _replace(self, old: Runner | None) -> Runner:
        with self._lock:
            if self._closed:
                raise StepFailed("the worker is stopping")
            if old is not None:
                self._running.discard(old)
                old.kill()
            try:
                runner = Runner(self._means)
            except OSError as error:
                raise StepFailed(f"no process can be started ({error})") from None
            self._running.add(runner)
            return runner
