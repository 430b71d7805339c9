"""How long each part of colouring a picture took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Literal

Stage = Literal["queue", "decode", "network", "join", "encode"]


@dataclass(slots=True)
class Timings:
    """Seconds of each stage: waiting, bytes to picture, network, colours onto picture, picture to bytes."""

    queue: float = 0.0
    decode: float = 0.0
    network: float = 0.0
    join: float = 0.0
    encode: float = 0.0

    def add(self, stage: Stage, seconds: float) -> None:
        """Add to a stage's time."""
        setattr(self, stage, getattr(self, stage) + seconds)

    @contextmanager
    def measure(self, stage: Stage) -> Iterator[None]:
        """Add the time of a block to a stage."""
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.add(stage, time.perf_counter() - begun)

    def server_timing(self) -> str:
        """The value of a `Server-Timing` header (W3C Server Timing), in milliseconds."""
        return ", ".join(f"{field.name};dur={1000 * getattr(self, field.name):.2f}" for field in fields(self))
