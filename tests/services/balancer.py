"""The smallest balancer there is: in turn, to the hosts that say they are ready; nothing is sent twice."""

import threading
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from typing import Any

import httpx2

from tests.services.plant import Plant, eventually

_LOOK_EVERY = 0.2
_LOOK_MAY_TAKE = 30.0


class Balancer:
    """Spreads requests over plants, as it last saw them."""

    def __init__(self, plants: Sequence[Plant]) -> None:
        self._plants = plants
        self._ready: set[int] = set()
        self._turn = count()
        self._over = threading.Event()
        self._looking = [threading.Thread(target=self._look, args=(n,)) for n in range(len(plants))]
        for thread in self._looking:
            thread.start()

    def is_ready(self, plant: Plant) -> bool:
        """Whether requests are sent there."""
        return self._plants.index(plant) in self._ready

    def send(self, method: str, path: str, **request: Any) -> httpx2.Response:
        """The answer of the host whose turn it is, once there is one; what goes wrong is the caller's."""
        ready: list[int] = eventually(lambda: sorted(self._ready))
        plant = self._plants[ready[next(self._turn) % len(ready)]]
        return plant.client.request(method, plant.address + path, **request)

    def close(self) -> None:
        """Look no more."""
        self._over.set()
        for thread in self._looking:
            thread.join()

    def _look(self, number: int) -> None:
        plant = self._plants[number]
        while not self._over.wait(_LOOK_EVERY):
            answers = False
            with suppress(httpx2.HTTPError):
                found = plant.client.get(f"{plant.address}/readyz", timeout=_LOOK_MAY_TAKE)
                answers = found.status_code == 200
            (self._ready.add if answers else self._ready.discard)(number)
