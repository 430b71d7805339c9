"""One model's bounded queue and the one thread that empties it, small pictures of a size together."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import structlog
from numpy.typing import NDArray

from app.colorizing.backends import Backend
from app.colorizing.registry import UnknownModel, UnusableModel

Floats = NDArray[np.float32]

BATCH_PIXELS = 32 * 64 * 64
"""Most input pixels of one batch: it pays for small inputs, whose pass is mostly overhead, not for large."""

log = structlog.get_logger(__name__)


class EngineBusy(RuntimeError):
    """A queue is full or closing; `retry_after` is a fair wait in seconds."""

    def __init__(self, detail: str, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class NetworkFailure(RuntimeError):
    """The network raised, or answered with something that is not a distribution."""


class Answer(NamedTuple):
    """What a network said of one input: probabilities (C, h, w), seconds waited and run, batch size."""

    probabilities: Floats
    waited: float
    ran: float
    batch: int


@dataclass(slots=True, eq=False)
class _Ask:
    planes: Floats
    future: Future[Answer]
    asked: float


class Worker:
    """Runs one model. A lone input runs at once, never waiting for company; what then waits runs together."""

    def __init__(self, load: Callable[[], Backend], *, name: str, queue_size: int, max_batch: int) -> None:
        self._load, self._name = load, name
        self._queue_size, self._max_batch = queue_size, max_batch
        self._asks: deque[_Ask] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._pace = 0.0  # seconds per input, smoothed
        self._thread = threading.Thread(target=self._serve, name=f"network-{name}", daemon=True)
        self._thread.start()

    def submit(self, planes: Floats) -> Future[Answer]:
        """Queue input planes (P, H, W); cancel the future to abandon them. Raises EngineBusy."""
        ask = _Ask(planes, Future(), time.perf_counter())
        with self._wake:
            self._check_room()
            self._asks.append(ask)
            self._wake.notify()
        return ask.future

    def check_room(self) -> None:
        """Raise EngineBusy if an input submitted now would be refused."""
        with self._wake:
            self._check_room()

    def close(self) -> None:
        """Take no more inputs; those taken are finished."""
        with self._wake:
            self._closing = True
            self._wake.notify()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the thread to end after `close`; False if it has not."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _check_room(self) -> None:
        if self._closing:
            raise EngineBusy("the service is shutting down")
        if len(self._asks) < self._queue_size:
            return
        self._asks = deque(ask for ask in self._asks if not ask.future.cancelled())
        if len(self._asks) >= self._queue_size:
            wait = max(1, math.ceil(self._pace * len(self._asks)))
            raise EngineBusy(f"{self._queue_size} pictures already wait for the model {self._name!r}", wait)

    def _serve(self) -> None:
        while batch := self._take():
            wanted = [ask for ask in batch if ask.future.set_running_or_notify_cancel()]
            if wanted:
                self._answer(wanted)

    def _take(self) -> list[_Ask]:
        """The oldest ask and those of its shape behind it; empty only when closed and done."""
        with self._wake:
            self._wake.wait_for(lambda: self._asks or self._closing)
            if not self._asks:
                return []
            first = self._asks.popleft()
            pixels = first.planes.shape[-2] * first.planes.shape[-1]
            limit = min(self._max_batch, max(1, BATCH_PIXELS // pixels))
            batch, others = [first], deque[_Ask]()
            while self._asks and len(batch) < limit:
                ask = self._asks.popleft()
                (batch if ask.planes.shape == first.planes.shape else others).append(ask)
            others.extend(self._asks)
            self._asks = others
            return batch

    def _answer(self, batch: list[_Ask]) -> None:
        try:
            backend = self._load()
        except (UnknownModel, UnusableModel) as error:
            for ask in batch:
                ask.future.set_exception(error)
            return
        begun = time.perf_counter()
        try:
            probabilities = backend(np.stack([ask.planes for ask in batch]))
            sound = np.isfinite(probabilities.reshape(len(batch), -1).sum(axis=1))
        except Exception as error:
            if len(batch) > 1:  # one input may have spoilt it for the others: each alone
                for ask in batch:
                    self._answer([ask])
                return
            log.exception("a network failed", model=self._name, shape=batch[0].planes.shape)
            failure = NetworkFailure(f"the model {self._name!r} failed on this picture")
            failure.__cause__ = error
            batch[0].future.set_exception(failure)
            return
        ran = time.perf_counter() - begun
        self._pace += 0.2 * (ran / len(batch) - self._pace)
        for ask, answer, finite in zip(batch, probabilities, sound, strict=True):
            if finite:
                ask.future.set_result(Answer(answer, begun - ask.asked, ran, len(batch)))
            else:
                log.error("a network answered with numbers that are not finite", model=self._name)
                ask.future.set_exception(NetworkFailure(f"the model {self._name!r} gave no colours"))
