"""`chromalab serve`."""

import logging
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from app.keys import KeysError
from app.serving.place import REQUESTS_MAY_TAKE, Place
from app.serving.shared import shared_folder
from app.settings import Settings, unknown_variables

if TYPE_CHECKING:
    from app.serving.server import Company

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""prometheus_client reads it when it is first imported, and keeps its numbers there from then on."""

log = structlog.get_logger(__name__)


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to listen on. [CHROMALAB_HOST, else 127.0.0.1]")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port; 0 takes a free one. [CHROMALAB_PORT, else 8000]")
    ] = None,
    processes: Annotated[
        int | None, typer.Option(help="Web processes. [CHROMALAB_PROCESSES, else one a CPU, up to 4]")
    ] = None,
    sibling: Annotated[str | None, typer.Option("--sibling", hidden=True)] = None,
) -> None:
    """Serve the pages and the REST API until interrupted; what was begun is finished first."""
    given = {"host": host, "port": port, "processes": processes}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    try:
        if sibling is not None:
            index, count, descriptors, folder = sibling.split("/", 3)
            place = Place(int(index), int(count), Path(folder))
            _run(settings, place, [socket.socket(fileno=int(each)) for each in descriptors.split(",")])
            return
        with _place(1 if sys.platform == "win32" else settings.processes) as place:
            _run(settings, place, None)
    except KeysError as error:
        typer.echo(f"chromalab: {error}", err=True)
        raise typer.Exit(2) from None


@contextmanager
def _place(count: int) -> Iterator[Place]:
    """The first of `count` processes, with a folder to share if there are others."""
    if count == 1:
        yield Place()
        return
    with shared_folder() as folder:  # when it served to the end, the server has removed it already
        os.environ[METRICS_FOLDER] = str(folder)  # before app.telemetry is imported, here and in the others
        yield Place(0, count, folder)


def _run(settings: Settings, place: Place, sockets: list[socket.socket] | None) -> None:
    # Imported here, because the place of the metrics has to be known first.
    from app import guards
    from app.jobs.supervisor import Supervisor
    from app.main import THREADS_MAY_TAKE, create_app
    from app.serving import server as web
    from app.telemetry import configure_logging

    if "allowed_hosts" not in settings.model_fields_set and guards.is_loopback(settings.host):
        settings = settings.model_copy(update={"allowed_hosts": guards.loopback_names(settings.host)})
    configure_logging(settings.log_level, settings.log_format)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # below that it repeats what is said here
    if place.is_first:
        for name in unknown_variables(os.environ):
            log.warning("this variable is no setting", variable=name)
        # The others read their settings from the environment, and must find what was given here as options.
        os.environ.update(CHROMALAB_HOST=settings.host, CHROMALAB_PORT=str(settings.port))
    web.may_open_many()

    def begun(listening: list[socket.socket]) -> "list[Company]":
        if not place.is_first:
            return []
        typer.echo(f"Chromalab serves on {web.address(listening)}  (Ctrl+C stops it)")
        company: list[Company] = [Supervisor(settings.workers)]
        if place.folder is not None:
            shared = place.folder
            company.append(
                Supervisor(
                    place.count - 1,
                    lambda number: web.sibling_command(number + 1, place.count, listening, shared),
                    what="a web process",
                    pass_fds=[each.fileno() for each in listening],
                    stop_may_take=REQUESTS_MAY_TAKE + THREADS_MAY_TAKE + 2,
                )
            )
        return company

    app = create_app(settings, place)
    server = web.Server(web.configuration(app, settings), app, place, begun, settings.drain_seconds)
    if not place.is_first:
        server.stop_with_parent()
    with suppress(KeyboardInterrupt):
        server.run(sockets=sockets)
