"""What OpenTelemetry is told of a picture."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fastapi.testclient import TestClient

from app.colorizing.meters import STAGES
from app.imaging.pictures import encode_picture
from app.main import create_app
from app.settings import Settings

sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="the extra `traces` is not installed")

from opentelemetry import trace  # noqa: E402
from opentelemetry.sdk.trace.export import SimpleSpanProcessor  # noqa: E402
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter  # noqa: E402

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture(scope="module")
def everything() -> Iterator[InMemorySpanExporter]:
    """All spans of the process; a provider can be set only once in one."""
    exporter = InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    yield exporter
    provider.shutdown()


@pytest.fixture
def spans(everything: InMemorySpanExporter) -> InMemorySpanExporter:
    everything.clear()
    return everything


def ask(settings: Settings) -> None:
    picture = encode_picture(np.zeros((8, 8, 3), np.uint8), format="png")
    with TestClient(create_app(settings)) as client:
        answer = client.post("/api/v1/colorize", files={"image": picture}, headers={"traceparent": PARENT})
        assert answer.status_code == 200


def test_a_picture_s_stages_are_spans_within_its_request_s(
    tiny_models: Path, tmp_path: Path, spans: InMemorySpanExporter
) -> None:
    ask(Settings(models_dir=tiny_models, data_dir=tmp_path, preload=False, threads=1, traces_enabled=True))
    found = {span.name: span for span in spans.get_finished_spans()}
    request = found["POST /api/v1/colorize"]
    whole = found["colorize"]
    assert request.parent is not None and whole.parent is not None
    assert f"{request.context.trace_id:032x}" == PARENT.split("-")[1]
    # FastAPI puts spans of its own between the request and what answers it.
    parents = {span.context.span_id: span.parent for span in spans.get_finished_spans()}
    above = whole.parent.span_id
    while above != request.context.span_id:
        parent = parents[above]
        assert parent is not None
        above = parent.span_id
    assert whole.attributes is not None
    assert dict(whole.attributes) == {"chromalab.model": "photo", "chromalab.pixels": 64}
    stages = [found[stage] for stage in STAGES]
    ended = whole.start_time
    for stage in stages:
        assert stage.parent is not None and stage.parent.span_id == whole.context.span_id
        assert stage.start_time == ended
        assert stage.end_time is not None
        ended = stage.end_time
    assert whole.end_time is not None and ended is not None
    assert abs(ended - whole.end_time) < 10
    assert request.start_time is not None and whole.start_time is not None
    assert request.start_time <= whole.start_time


def test_nothing_is_traced_unless_wanted(
    tiny_models: Path, tmp_path: Path, spans: InMemorySpanExporter
) -> None:
    ask(Settings(models_dir=tiny_models, data_dir=tmp_path, preload=False, threads=1))
    assert spans.get_finished_spans() == ()
