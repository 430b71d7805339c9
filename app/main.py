"""The application: `create_app(settings)` wires the parts together and does nothing else."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import numpy as np
import structlog
from asgi_correlation_id import CorrelationIdMiddleware
from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from app import __version__, api, guards, memory, pages, problems
from app.batches.service import Batches
from app.colorizing.backends.tuner import Tuner
from app.colorizing.colorizer import Colorizer
from app.colorizing.engine import Engine
from app.colorizing.meters import Meters
from app.colorizing.registry import Registry
from app.head import HeadMiddleware
from app.jobs.service import Jobs
from app.keyring import FOLDER, KeyRing, LastUses
from app.lane import Lane
from app.pages import write_up
from app.services import Services
from app.serving.place import Place
from app.serving.rates import SharedWindows
from app.settings import Settings
from app.telemetry import Metrics, TelemetryMiddleware
from app.tracing import telemetry

THREADS_MAY_TAKE = 5
"""Seconds that a network's pass gets after requests at shutdown; its thread ends with the process."""
ARITHMETIC_THREADS = 2
ARITHMETIC_WAITING = 64
"""Questions about shapes under way at the same time; more are answered 503."""
BATCH_PATHS = (f"{api.PREFIX}/colorize/batch", "/batch")
"""Where many pictures come in one body."""
DESCRIPTION = "Colour gray pictures with networks trained here. Every error is an RFC 9457 problem."

log = structlog.get_logger(__name__)


def create_app(settings: Settings | None = None, place: Place | None = None) -> FastAPI:
    """The whole service as an ASGI application; its parts are built when it starts.

    `place` tells which of several web processes it is that serves it.
    """
    place = place or Place()
    settings = settings or Settings()
    metrics = Metrics()
    meters = Meters(metrics.registry)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        jobs = Jobs(settings)
        tuner = Tuner(settings.data_dir, settings.backend, threads=settings.threads)
        registry = await asyncio.to_thread(Registry, settings.models_dir, jobs.folders.model, tuner)
        engine = Engine(
            registry,
            queue_size=settings.queue_size,
            max_batch=settings.max_batch,
            threads=settings.threads,
            place=place,
        )
        colorizer = Colorizer(registry, engine, settings, place, meters)
        arithmetic = Lane(ARITHMETIC_THREADS, ARITHMETIC_WAITING)
        batches = Batches(jobs, registry, settings)
        parts = Services(settings, metrics, registry, engine, colorizer, arithmetic, jobs, batches, place)
        app.state.services = parts
        beside = (_warm(parts, place), _open_jobs(parts), memory.keep_giving_back())
        preloading = [asyncio.create_task(each) for each in beside]
        try:
            yield
        finally:
            parts.jobs.feed.close()
            for task in preloading:
                task.cancel()
            await asyncio.gather(*preloading, return_exceptions=True)
            await asyncio.to_thread(parts.close, THREADS_MAY_TAKE)

    app = FastAPI(
        title="Chromalab",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        middleware=_middleware(settings, metrics, place),
        telemetry=telemetry(settings.traces_enabled),
    )
    problems.install(app, pages.problem_page)
    api.install(app, asks_for_keys=settings.api_keys_file is not None)
    app.include_router(pages.router)
    pages.mount_static(app)
    return app


async def _warm(parts: Services, place: Place) -> None:
    """The model first, which pictures wait for; it brings torch, which the write-up needs too."""
    await _preload(parts)
    if place.is_first:  # the others have it checked when they are asked for it
        await _check_write_up(parts)


async def _check_write_up(parts: Services) -> None:
    """Have the write-up's claims checked before its page is first asked for."""
    if parts.settings.preload:
        try:
            await write_up.found(parts)
        except Exception:
            log.exception("the write-up could not be checked ahead")


async def _preload(parts: Services) -> None:
    """Have the default model loaded and warm before the first picture comes; nobody waits for it."""
    default_id = parts.registry.default_id
    if not parts.settings.preload or default_id is None:
        return
    side = parts.registry.card(default_id).input_size
    try:
        await parts.colorizer.rehearse()
        await parts.engine.infer(default_id, np.zeros((side, side), np.float32))
    except Exception:  # whoever asks for the model is told
        log.exception("the default model could not be loaded ahead", model=default_id)


async def _open_jobs(parts: Services) -> None:
    """Have the database of jobs open before the first one is handed in."""
    if parts.settings.preload:
        with suppress(problems.Problem):  # logged where it was found; whoever asks is told
            await asyncio.to_thread(parts.jobs.open)


def _middleware(settings: Settings, metrics: Metrics, place: Place) -> list[Middleware]:
    """The layers around every route, outermost first: what fails in one still passes those before it."""
    layers = [
        Middleware(CorrelationIdMiddleware),
        Middleware(TelemetryMiddleware, metrics=metrics),
        Middleware(
            guards.SecurityHeadersMiddleware,
            strict_transport=guards.STRICT_TRANSPORT.get(settings.strict_transport),
        ),
    ]
    if settings.cors_origins:
        layers.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors_origins,
                allow_methods=["GET", "POST", "DELETE"],
                allow_headers=[
                    "Authorization",
                    "Content-Type",
                    "Idempotency-Key",
                    "Last-Event-ID",
                    "X-API-Key",
                ],
                expose_headers=[
                    "Idempotent-Replayed",
                    "Location",
                    "Retry-After",
                    "Server-Timing",
                    "X-Model",
                    "X-Request-ID",
                ],
            )
        )
    layers += [
        Middleware(problems.ProblemMiddleware, page=pages.problem_page),
        Middleware(guards.TrustedHostsMiddleware, allowed_hosts=settings.allowed_hosts),
        Middleware(guards.OtherSitesMiddleware, allowed_origins=settings.cors_origins),
    ]
    if settings.api_keys_file is not None:
        ring = KeyRing(settings.api_keys_file, LastUses(settings.data_dir / FOLDER))
        layers.append(Middleware(guards.ApiKeyMiddleware, keys=ring))
    if settings.rate_limit:
        counted = SharedWindows(place.folder / "rates.sqlite") if place.folder else None
        layers.append(Middleware(guards.RateLimitMiddleware, rates=settings.rate_limit, counted_in=counted))
    many = dict.fromkeys(BATCH_PATHS, settings.batch_max_bytes)
    layers.append(Middleware(guards.BodyLimitMiddleware, max_bytes=settings.max_body_bytes, others=many))
    layers += [Middleware(guards.BodyPaceMiddleware), Middleware(HeadMiddleware)]
    return layers
