"""OpenTelemetry traces, if an operator wants them: FastAPI tells of requests, this of a picture's stages."""

import time
from collections.abc import Mapping

from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace

_tracer = trace.get_tracer("chromalab")
SECOND = 1_000_000_000
"""In the nanoseconds that OpenTelemetry counts in."""


def telemetry(traces: bool) -> TelemetryConfig:
    """What FastAPI sends by itself: spans of requests if wanted. Metrics and logs have ways of their own."""
    return {"auto_configure": traces, "tracing": traces, "metrics": False, "logs": False}


def note_stages(name: str, seconds: Mapping[str, float], **attributes: str | int) -> None:
    """A span within that of the current request, which ends now, and one for each of its stages in turn.

    Stages are measured apart and may alternate with waiting, so that only their order and length are shown.
    """
    if not trace.get_current_span().is_recording():
        return
    named = {f"chromalab.{key}": value for key, value in attributes.items()}
    ended = time.time_ns()
    begun = ended - round(sum(seconds.values()) * SECOND)
    whole = _tracer.start_span(name, start_time=begun, attributes=named)
    inside = trace.set_span_in_context(whole)
    for stage, took in seconds.items():
        span = _tracer.start_span(stage, context=inside, start_time=begun)
        begun += round(took * SECOND)
        span.end(begun)
    whole.end(ended)
