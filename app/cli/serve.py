"""`chromalab serve`."""

import asyncio
import logging
import os
import socket
from contextlib import suppress
from typing import Annotated

import structlog
import typer
import uvicorn
from fastapi import FastAPI

from app import guards
from app.jobs.supervisor import Supervisor
from app.keys import KeysError
from app.main import REQUESTS_MAY_TAKE, create_app
from app.settings import Settings, unknown_variables
from app.telemetry import configure_logging

log = structlog.get_logger(__name__)


class _Server(uvicorn.Server):
    """Says where it serves once it does, and has workers beside it for as long."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, workers: Supervisor) -> None:
        super().__init__(config)
        self._app, self._workers = app, workers

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            typer.echo(
                f"Chromalab serves on http://{f'[{host}]' if ':' in host else host}:{port}  (Ctrl+C stops it)"
            )
            self._workers.start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop the workers while requests finish; streams of events would never finish by themselves."""
        self._app.state.services.jobs.feed.close()
        await asyncio.gather(asyncio.to_thread(self._workers.stop), super().shutdown(sockets))


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. [CHROMALAB_HOST, else 127.0.0.1]")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0 takes a free one. [CHROMALAB_PORT, else 8000]")
    ] = None,
) -> None:
    """Serve the pages and the REST API until interrupted; what was begun is finished first."""
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = Settings(**given)  # type: ignore[arg-type]
    if "allowed_hosts" not in settings.model_fields_set and guards.is_loopback(settings.host):
        settings = settings.model_copy(update={"allowed_hosts": guards.loopback_names(settings.host)})
    configure_logging(settings.log_level, settings.log_format)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # below that it repeats what is said here
    for name in unknown_variables(os.environ):
        log.warning("this variable is no setting", variable=name)
    try:
        app = create_app(settings)
    except KeysError as error:
        typer.echo(f"chromalab: {error}", err=True)
        raise typer.Exit(2) from None
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,  # app.telemetry writes one, with request ids
        log_config=None,
        forwarded_allow_ips=settings.trusted_proxies,
        server_header=False,
        timeout_graceful_shutdown=REQUESTS_MAY_TAKE,
    )
    with suppress(KeyboardInterrupt):
        _Server(config, app, Supervisor(settings.workers)).run()
