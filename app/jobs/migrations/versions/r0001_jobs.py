"""The tables of jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def _of_job(*, primary_key: bool = True, index: bool = False) -> sa.Column[int]:
    job = sa.ForeignKey("jobs.number", ondelete="CASCADE")
    return sa.Column("job", NUMBER, job, primary_key=primary_key, index=index, nullable=False)


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "jobs",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("origin", sa.String(32), nullable=False, index=True),
        sa.Column("resumed_from", sa.String(32), unique=True),
        sa.Column("demo", sa.String(100), nullable=False),
        sa.Column("params", sa.Text, nullable=False),
        sa.Column("seed", sa.BigInteger, nullable=False),
        sa.Column("client", sa.String(200), nullable=False),
        sa.Column("state", sa.String(16), nullable=False, index=True),
        sa.Column("progress", sa.Double, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("started", sa.Double),
        sa.Column("finished", sa.Double, index=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("stalls", sa.Integer, nullable=False),
        sa.Column("cancelling", sa.Boolean, nullable=False),
        sa.Column("worker", sa.String(64)),
        sa.Column("error", sa.Text),
        sa.Column("last_event", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "job_checkpoints",
        _of_job(),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("told", sa.Integer, nullable=False),
        sa.Column("state", sa.Text),
    )
    op.create_table(
        "job_events",
        _of_job(),
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "job_pictures",
        _of_job(),
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("alt", sa.Text, nullable=False),
        sa.Column("media_type", sa.String(40), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_table(
        "job_outcomes",
        _of_job(),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("versions", sa.Text, nullable=False),
    )
    op.create_table(
        "job_keys",
        sa.Column("client", sa.String(200), primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        _of_job(primary_key=False, index=True),
    )
    op.create_table(
        "job_workers",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started", sa.Double, nullable=False),
        sa.Column("seen", sa.Double, nullable=False),
        sa.Column("gone", sa.Boolean, nullable=False),
    )
    probes = op.create_table(
        "job_probes",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("written", sa.Double, nullable=False),
    )
    op.execute(sa.insert(probes).values(id=1, written=0.0))


def downgrade() -> None:
    """Remove all tables, jobs included."""
    for table in (
        "job_probes",
        "job_workers",
        "job_keys",
        "job_outcomes",
        "job_pictures",
        "job_events",
        "job_checkpoints",
        "jobs",
    ):
        op.drop_table(table)
