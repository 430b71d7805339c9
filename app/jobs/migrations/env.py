"""Runs the migrations on the connection that `app.jobs.database` hands over, in its transaction."""

from alembic import context

from app.jobs.database import VERSION_TABLE
from app.jobs.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=True,
    render_as_batch=True,  # SQLite cannot alter columns in place
)
context.run_migrations()
