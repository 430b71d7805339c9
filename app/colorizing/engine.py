"""Runs the networks: a bounded queue and one thread a model, never on the caller's thread."""

import asyncio
import threading
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from app.colorizing.backends import Backend, limit_threads
from app.colorizing.registry import Registry
from app.colorizing.worker import Answer, EngineBusy, NetworkFailure, Worker

__all__ = ["Answer", "Engine", "EngineBusy", "NetworkFailure"]

Floats = NDArray[np.float32]


class Engine:
    """Every model's queue and thread, started when the model is first asked.

    `queue_size` bounds what waits for each model, `max_batch` what runs together, `threads` one pass's cores.
    """

    def __init__(
        self, registry: Registry, *, queue_size: int = 16, max_batch: int = 32, threads: int | None = None
    ) -> None:
        self._registry = registry
        self._queue_size, self._max_batch, self._threads = queue_size, max_batch, threads
        self._workers: dict[str, Worker] = {}
        self._lock = threading.Lock()
        self._closed = False

    async def infer(self, model_id: str, gray: Floats) -> Floats:
        """Probabilities (C, h, w) of the model's colours for gray 0..1 (H, W); raises what `answer` does."""
        return (await self.answer(model_id, gray[None])).probabilities

    async def answer(self, model_id: str, planes: Floats) -> Answer:
        """What the model says of input planes (P, H, W), gray first; abandoned when the caller is cancelled.

        Raises UnknownModel, UnusableModel, EngineBusy (nothing was queued) or NetworkFailure.
        """
        return await asyncio.wrap_future(self._worker(model_id).submit(planes))

    def check_room(self, model_id: str) -> None:
        """Raise EngineBusy now rather than after a picture has been decoded for nothing; or UnknownModel."""
        self._worker(model_id).check_room()

    def close(self, timeout: float | None = None) -> bool:
        """Take no more and finish what was taken (blocking); False if that exceeds `timeout` seconds."""
        with self._lock:
            self._closed = True
            workers = list(self._workers.values())
        for worker in workers:
            worker.close()
        deadline = None if timeout is None else time.monotonic() + timeout
        done = True
        for worker in workers:
            done &= worker.join(None if deadline is None else max(0.0, deadline - time.monotonic()))
        return done

    def _worker(self, model_id: str) -> Worker:
        worker = self._workers.get(model_id)
        if worker is not None:
            return worker
        self._registry.card(model_id)
        with self._lock:
            if self._closed:
                raise EngineBusy("the service is shutting down")
            if model_id not in self._workers:
                self._workers[model_id] = Worker(
                    self._loader(model_id),
                    name=model_id,
                    queue_size=self._queue_size,
                    max_batch=self._max_batch,
                )
            return self._workers[model_id]

    def _loader(self, model_id: str) -> Callable[[], Backend]:
        limited = self._threads is None

        def load() -> Backend:
            nonlocal limited
            if not limited and self._threads is not None:
                limit_threads(self._threads)  # in the thread that runs the network: OpenMP counts for each
                limited = True
            return self._registry.load(model_id)

        return load
