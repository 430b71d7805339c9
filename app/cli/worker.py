"""`chromalab worker`."""

import os
import sys
from typing import Annotated

import typer

from app.settings import Settings
from app.telemetry import configure_logging


def worker(
    supervised: Annotated[
        bool, typer.Option("--supervised", hidden=True, help="End when the standard input does.")
    ] = False,
) -> None:
    """Run jobs from the database that the settings name, beside any number of other workers."""
    settings = Settings()
    configure_logging(settings.log_level, settings.log_format)
    from app.jobs.worker.process import Worker  # brings DBOS

    found = Worker(settings)
    found.stop_on_signals()
    if supervised:
        found.stop_with_parent()
    code = found.run()
    sys.stderr.flush()
    os._exit(code)  # jobs that go on elsewhere still have their threads here
