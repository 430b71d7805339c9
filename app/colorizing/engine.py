"""Runs the networks: a bounded queue and a few threads a model, never on the caller's thread."""

import asyncio
import threading
import time

import numpy as np
from numpy.typing import NDArray

from app.colorizing.backends import MOST_AT_ONCE
from app.colorizing.crew import Crew
from app.colorizing.registry import Registry
from app.colorizing.worker import Answer, EngineBusy, NetworkFailure, Worker
from app.serving.place import Place

__all__ = ["Answer", "Engine", "EngineBusy", "NetworkFailure"]

Floats = NDArray[np.float32]


class Engine:
    """Every model's queue and threads, started when the model is first asked.

    `queue_size` bounds what waits for each model, `max_batch` what runs together, `threads` the cores that
    all passes share.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        queue_size: int = 16,
        max_batch: int = 32,
        threads: int | None = None,
        place: Place | None = None,
    ) -> None:
        self._registry = registry
        self._queue_size, self._max_batch = queue_size, max_batch
        self._crew = None if threads is None else Crew(threads, place)
        self._lanes = min(threads or 1, MOST_AT_ONCE)
        self._workers: dict[str, Worker] = {}
        self._lock = threading.Lock()
        self._closed = False

    async def infer(self, model_id: str, gray: Floats) -> Floats:
        """Probabilities (C, h, w) of the model's colours for gray 0..1 (H, W); raises what `answer` does."""
        return (await self.answer(model_id, gray[None])).probabilities

    async def answer(self, model_id: str, planes: Floats, client: str = "") -> Answer:
        """What the model says of input planes (P, H, W), gray first; abandoned when the caller is cancelled.

        Raises UnknownModel, UnusableModel, EngineBusy (nothing was queued) or NetworkFailure.
        """
        return await asyncio.wrap_future(self._worker(model_id).submit(planes, client))

    def check_room(self, model_id: str, client: str = "") -> None:
        """Raise EngineBusy now rather than after a picture has been decoded for nothing; or UnknownModel."""
        self._worker(model_id).check_room(client)

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
        if worker is not None and (self._closed or not worker.is_closed):
            return worker
        self._registry.card(model_id)
        with self._lock:
            if self._closed:
                raise EngineBusy("the service is shutting down")
            self._workers = {name: one for name, one in self._workers.items() if not one.is_closed}
            if model_id not in self._workers:
                self._workers[model_id] = Worker(
                    lambda: self._registry.load(model_id),
                    name=model_id,
                    queue_size=self._queue_size,
                    max_batch=self._max_batch,
                    lanes=self._lanes,
                    is_gone=lambda: not self._registry.has(model_id),
                    crew=self._crew,
                )
            return self._workers[model_id]
