"""Logs with request ids and Prometheus metrics: what an operator sees of the service."""

import logging
import operator
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

import structlog
from asgi_correlation_id import correlation_id
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.types import EventDict, Processor, WrappedLogger

log = structlog.get_logger("app.access")

UNMATCHED = "unmatched"
"""Route label of requests that met no route, so that probing for paths makes no new time series."""
QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Routes asked by machines every few seconds; logged at debug level."""
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """One application's metrics; `registry` is where the parts of the service add their own.

    Where several processes serve, prometheus_client keeps each one's numbers in a shared folder; `exposition`
    adds them up, whichever process is asked.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._shared = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        if self._shared is None:
            ProcessCollector(registry=self.registry)
        self.requests = Counter(
            "chromalab_http_requests",
            "Requests answered.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "chromalab_http_request_duration_seconds",
            "From a request's first byte to the last of its answer.",
            ["method", "route"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.in_progress = Gauge(
            "chromalab_http_requests_in_progress",
            "Requests being answered now.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.processes = Gauge(
            "chromalab_web_processes",
            "Processes that serve.",
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        self.processes.set(1)

    def exposition(self) -> bytes:
        """Everything that was counted, in Prometheus' text format (blocking)."""
        if self._shared is None:
            return generate_latest(self.registry)
        everybody = CollectorRegistry()
        MultiProcessCollector(everybody, self._shared)  # type: ignore[no-untyped-call]
        pids = _live_pids(Path(self._shared))
        everybody.register(_Processes(pids))
        return generate_latest(everybody)


class _Processes(Collector):
    """What `ProcessCollector` tells of one process, of several together."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._each = [ProcessCollector(pid=partial(int, pid), registry=None) for pid in pids]

    def collect(self) -> Iterator[Metric]:
        """Sums, but for the start: that of the first."""
        summed: dict[str, Metric] = {}
        for family in (family for each in self._each for family in each.collect()):
            if (known := summed.setdefault(family.name, family)) is not family:
                add = min if family.name == "process_start_time_seconds" else operator.add
                pairs = zip(known.samples, family.samples, strict=True)
                known.samples = [a._replace(value=add(a.value, b.value)) for a, b in pairs]
        yield from summed.values()


def _live_pids(folder: Path) -> list[int]:
    """Processes that keep numbers in the folder and are alive; the gauges of those that died are removed."""
    pids = {int(found[1]) for each in folder.iterdir() if (found := re.search(r"_(\d+)\.db$", each.name))}
    alive = []
    for pid in sorted(pids):
        try:
            os.kill(pid, 0)
            alive.append(pid)
        except ProcessLookupError:
            mark_process_dead(pid, str(folder))  # type: ignore[no-untyped-call]
    return alive


class TelemetryMiddleware:
    """Counts, times and logs every request under its route's template, never under the path asked for."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and note how it went; a client that left before an answer counts as 499."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 499
        begun = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self.metrics.in_progress.inc()
        try:
            await self.app(scope, receive, watched)
        except Exception:
            status = 500
            raise
        finally:
            self.metrics.in_progress.dec()
            self._note(scope, status, time.perf_counter() - begun)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        route = route_template(scope)
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self.metrics.requests.labels(method, route, str(status)).inc()
        self.metrics.seconds.labels(method, route).observe(seconds)
        tell = log.debug if route in QUIET and status < 400 else log.info
        tell(
            "request",
            method=scope["method"],
            path=scope["path"],
            status=status,
            milliseconds=round(seconds * 1000, 1),
            client=client[0] if (client := scope.get("client")) else None,
            **({"key": key.name} if (key := scope.get("chromalab.key")) else {}),  # app.guards puts it there
        )


def route_template(scope: Scope) -> str:
    """Template of the route a finished request met, such as `/api/v1/models/{model_id}`; `unmatched` if none.

    The route of an included router lacks the prefix; FastAPI keeps the whole in its part of the scope.
    A mount leaves its path behind as the root, a plain Starlette route only its endpoint.
    """
    for route in (scope.get("fastapi", {}).get("effective_route_context"), scope.get("route")):
        template = getattr(route, "path", None)
        if isinstance(template, str) and template:
            return template
    if (root := scope.get("root_path", "")) != scope.get("app_root_path", root):
        return f"{root}/…"
    if "endpoint" in scope and not scope.get("path_params"):
        return str(scope["path"])
    return UNMATCHED


def configure_logging(level: str, style: str) -> None:
    """Send all log lines, ours and the libraries', to standard error in one style: console or json."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _add_request_id,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    render: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if style == "json"
        # Not rich's: it prints every local variable, secrets included, and takes seconds to do so.
        else [
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
            )
        ]
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())


def _add_request_id(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    if (request_id := correlation_id.get()) is not None:
        event["request_id"] = request_id
    return event
