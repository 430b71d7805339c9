"""What is counted of pictures."""

from prometheus_client import CollectorRegistry

from app.colorizing.meters import STAGES, Meters
from app.colorizing.timings import Timings


def test_a_picture_s_stages_are_observed_each_once() -> None:
    registry = CollectorRegistry()
    Meters(registry).done("horses", Timings(queue=0.5, decode=1, network=2, join=3, encode=4))
    assert (
        registry.get_sample_value("chromalab_colorize_pictures_total", {"model": "horses", "outcome": "done"})
        == 1
    )
    sums = {
        stage: registry.get_sample_value("chromalab_colorize_stage_seconds_sum", {"stage": stage})
        for stage in STAGES
    }
    assert sums == {"queue": 0.5, "decode": 1, "network": 2, "join": 3, "encode": 4}
