"""One model's bounded queue and the threads that empty it, small pictures of a size together."""

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np
import structlog
from numpy.typing import NDArray

from app.colorizing.backends import Backend, limit_threads
from app.colorizing.crew import Crew
from app.colorizing.registry import UnknownModel, UnusableModel
from app.colorizing.turns import Turns

Floats = NDArray[np.float32]

BATCH_PIXELS = 32 * 64 * 64
"""Most input pixels of one batch: it pays for small inputs, whose pass is mostly overhead, not for large."""

LOOK_EVERY = 60.0
"""Seconds without work after which a worker looks whether its model is still there."""

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
    client: str


class Worker:
    """Runs one model. A lone input runs at once, never waiting for company; what then waits runs together.

    Of what waits still, up to `lanes` passes run beside each other, each on a part of the cores: two passes
    of one thread each are done sooner than one of two threads after another. Its threads end by themselves
    when `is_gone` says so of the model, which a job may have trained and somebody deleted.
    """

    def __init__(
        self,
        load: Callable[[], Backend],
        *,
        name: str,
        queue_size: int,
        max_batch: int,
        lanes: int = 1,
        is_gone: Callable[[], bool] = lambda: False,
        crew: Crew | None = None,
    ) -> None:
        self._load, self._name, self._is_gone, self._crew = load, name, is_gone, crew
        self._queue_size, self._max_batch, self._most_lanes = queue_size, max_batch, lanes
        self._asks: Turns[_Ask] = Turns()
        self._wake = threading.Condition()
        self._closing = False
        self._pace = 0.0  # seconds per input, smoothed
        self._lanes: list[threading.Thread] = []
        self._idle = 0
        with self._wake:
            self._open_lane()

    def submit(self, planes: Floats, client: str = "") -> Future[Answer]:
        """Queue a client's input planes (P, H, W); cancel the future to abandon them. Raises EngineBusy.

        Clients take turns. In a full queue the one with most in it loses its newest place to one with fewer,
        and meets EngineBusy in its future.
        """
        ask = _Ask(planes, Future(), time.perf_counter(), client)
        given_up = None
        with self._wake:
            if greedy := self._check_room(client):
                given_up = self._asks.last_of(greedy)
            self._asks.add(client, ask)
            if len(self._asks) > self._idle and len(self._lanes) < self._most_lanes:
                self._open_lane()
            self._wake.notify()
        if given_up is not None and given_up.future.set_running_or_notify_cancel():
            given_up.future.set_exception(self._busy())
        return ask.future

    def check_room(self, client: str = "") -> None:
        """Raise EngineBusy if an input that this client submitted now would be refused."""
        with self._wake:
            self._check_room(client)

    def close(self) -> None:
        """Take no more inputs; those taken are finished."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()

    @property
    def is_closed(self) -> bool:
        """Whether it takes no more inputs."""
        return self._closing

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the threads to end after `close`; False if one has not."""
        deadline = None if timeout is None else time.monotonic() + timeout
        for lane in self._lanes:
            lane.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        return not any(lane.is_alive() for lane in self._lanes)

    def _open_lane(self) -> None:
        lane = threading.Thread(target=self._serve, name=f"network-{self._name}", daemon=True)
        self._lanes.append(lane)
        lane.start()

    def _check_room(self, client: str) -> str | None:
        """Raise EngineBusy, or tell the client that has to give up a place for this one, if any."""
        if self._closing:
            raise EngineBusy("the service is shutting down")
        if len(self._asks) < self._queue_size:
            return None
        self._asks.keep(lambda ask: not ask.future.cancelled())
        if len(self._asks) < self._queue_size:
            return None
        if (greedy := self._asks.greediest(than=client)) is None:
            raise self._busy()
        return greedy

    def _busy(self) -> EngineBusy:
        wait = max(1, math.ceil(self._pace * len(self._asks) / len(self._lanes)))
        return EngineBusy(f"{self._queue_size} pictures already wait for the model {self._name!r}", wait)

    def _serve(self) -> None:
        while batch := self._take():
            wanted = [ask for ask in batch if ask.future.set_running_or_notify_cancel()]
            if wanted:
                self._answer(wanted)

    def _run(self, backend: Backend, planes: Floats) -> Floats:
        if self._crew is None:
            return backend(planes)
        with self._crew.at_work() as threads:
            limit_threads(threads)  # here, in the thread that runs the network: OpenMP counts for each
            return backend(planes)

    def _take(self) -> list[_Ask]:
        """The ask whose turn it is and those of its shape behind it; empty only when closed and done."""
        with self._wake:
            self._idle += 1
            while not self._wake.wait_for(lambda: self._asks or self._closing, LOOK_EVERY):
                self._closing = self._is_gone()
            self._idle -= 1
            if not self._asks:
                return []
            first = self._asks.take()
            pixels = first.planes.shape[-2] * first.planes.shape[-1]
            limit = min(self._max_batch, max(1, BATCH_PIXELS // pixels))
            if limit == 1 or not self._asks:
                return [first]
            alike = (ask for ask in list(self._asks) if ask.planes.shape == first.planes.shape)
            batch = [first, *islice(alike, limit - 1)]
            for ask in batch[1:]:
                self._asks.remove(ask.client, ask)
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
            probabilities = self._run(backend, np.stack([ask.planes for ask in batch]))
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
