"""`chromalab migrate`."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from app.settings import Settings
from app.telemetry import configure_logging

if TYPE_CHECKING:
    from app.jobs.database import Database

_EVERY = 1.0


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; wait until somebody else has done it.")
    ] = False,
    wait: Annotated[
        int, typer.Option(min=0, help="Seconds to wait for the database, and with --check for its tables.")
    ] = 60,
) -> None:
    """Make the tables of jobs, or bring them up to date; what is up to date is left as it is.

    The exit code is 0 once they are, 1 if that took too long, 2 for settings that cannot be used.
    """
    settings = Settings()
    configure_logging(settings.log_level, settings.log_format)
    import sqlalchemy as sa

    from app.jobs.database import HEAD, Database, database_url, is_newer

    database = Database(database_url(settings))
    deadline = time.monotonic() + wait
    reason = "its tables are not up to date"
    try:
        while True:
            try:
                if not check:
                    _bring_up_to_date(database)
                found = database.revision()
                if found == HEAD or is_newer(found):
                    typer.echo(f"The database is at revision {found}; this version needs {HEAD}.")
                    return
                reason = f"its tables are at revision {found}, and this version needs {HEAD}"
            except (sa.exc.SQLAlchemyError, OSError) as error:
                reason = " ".join(str(error.__cause__ or error).split())[:300]
            if time.monotonic() >= deadline:
                typer.echo(f"chromalab: the database cannot be used after {wait} s: {reason}", err=True)
                raise typer.Exit(1)
            time.sleep(_EVERY)
    finally:
        database.close()


def _bring_up_to_date(database: "Database") -> None:
    """The queue's tables first: whoever finds ours finds all."""
    from app.jobs.queue import Queue

    database.make_place()
    queue = Queue(database)
    queue.open()
    queue.close()
    database.prepare()
