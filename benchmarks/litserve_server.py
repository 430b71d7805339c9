"""The same colouring behind LitServe, for `benchmarks.throughput`; LitServe is installed for that only.

    python -m benchmarks.litserve_server PORT MODELS_FOLDER MODEL WORKERS

Pictures come and go in base64 in JSON, as LitServe's documentation does it: its workers are other processes,
and a form's file cannot be handed to them.
"""

import base64
import sys
from pathlib import Path
from typing import Any

import litserve

from app.colorizing.backends import limit_threads
from app.colorizing.pipeline import NeedsRoom, Order, Result, Step, Steps, advance, steps
from app.colorizing.registry import Registry
from app.colorizing.timings import Timings
from app.settings import Settings


class Colorize(litserve.LitAPI):  # type: ignore[misc]
    """decode, predict and encode are the pipeline's own steps."""

    def __init__(self, folder: str, model: str, threads: int) -> None:
        super().__init__()
        self.folder, self.model, self.threads = folder, model, threads

    def setup(self, device: str) -> None:
        """Load the network."""
        registry = Registry(Path(self.folder))
        limit_threads(self.threads)
        self.card, self.backend = registry.card(self.model), registry.load(self.model)

    def decode_request(self, request: dict[str, Any]) -> tuple[Steps, Step]:
        """Bytes to the network's input."""
        data = base64.b64decode(request["image"])
        work = steps(
            lambda: data,
            self.card,
            Order(),
            max_pixels=Settings().max_pixels,
            timings=Timings(),
            threads=self.threads,
        )
        assert isinstance(advance(work), NeedsRoom)
        return work, advance(work)

    def predict(self, decoded: tuple[Steps, Any]) -> tuple[Steps, Any]:
        """The network."""
        work, planes = decoded
        return work, self.backend(planes[None])[0]

    def encode_response(self, output: tuple[Steps, Any]) -> dict[str, str]:
        """The network's answer to bytes."""
        result = advance(*output)
        assert isinstance(result, Result) and result.image is not None
        return {"image": base64.b64encode(result.image).decode()}


if __name__ == "__main__":
    port, models, chosen, workers = sys.argv[1:]
    threads = max(1, Settings().threads // int(workers))
    server = litserve.LitServer(
        Colorize(models, chosen, threads), accelerator="cpu", workers_per_device=int(workers), timeout=120
    )
    server.run(host="127.0.0.1", port=int(port), generate_client_file=False, log_level="error")
