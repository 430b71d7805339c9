"""What an operator sees of colouring: how long each stage takes, what was sent away, what is held."""

from dataclasses import fields

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from app.colorizing.timings import Timings

_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
STAGES = tuple(field.name for field in fields(Timings))


class Meters:
    """The metrics of one colouring service."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "chromalab_colorize_stage_seconds",
            "Seconds of each stage of colouring a picture: queue, decode, network, join, encode.",
            ["stage"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._stages = {stage: self._seconds.labels(stage) for stage in STAGES}
        self.pictures = Counter(
            "chromalab_colorize_pictures",
            "Pictures by model and outcome: done, refused, busy and late (both 503), gone, failed.",
            ["model", "outcome"],
            registry=registry,
        )
        self.under_way = Gauge(
            "chromalab_colorize_under_way",
            "Pictures that wait or are worked on.",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self.held_bytes = Gauge(
            "chromalab_uploads_held_bytes",
            "Bytes counted for uploads under way and answers not yet read.",
            registry=registry,
            multiprocess_mode="livesum",
        )

    def done(self, model: str, timings: Timings) -> None:
        """A picture was coloured."""
        self.pictures.labels(model, "done").inc()
        for stage, histogram in self._stages.items():
            histogram.observe(getattr(timings, stage))
