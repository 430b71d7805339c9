"""The tables, as SQLAlchemy Core sees them; `migrations/` makes them.

Times are seconds since 1970 by the database's clock. Documents are JSON text.
"""

import sqlalchemy as sa

metadata = sa.MetaData()

# SQLite counts up only an INTEGER PRIMARY KEY.
_Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_Text = sa.String


def _of_job(*, primary_key: bool = True, index: bool = False) -> sa.Column[int]:
    job = sa.ForeignKey("jobs.number", ondelete="CASCADE")
    return sa.Column("job", _Number, job, primary_key=primary_key, index=index, nullable=False)


jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("number", _Number, primary_key=True, autoincrement=True),
    sa.Column("id", _Text(32), nullable=False, unique=True),
    sa.Column("origin", _Text(32), nullable=False, index=True, doc="First job of a chain of resumed ones."),
    sa.Column("resumed_from", _Text(32), unique=True),
    sa.Column("demo", _Text(100), nullable=False),
    sa.Column("params", sa.Text, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("client", _Text(200), nullable=False),
    sa.Column("state", _Text(16), nullable=False, index=True),
    sa.Column("progress", sa.Double, nullable=False, default=0.0),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("started", sa.Double),
    sa.Column("finished", sa.Double, index=True),
    sa.Column("attempts", sa.Integer, nullable=False, default=0, doc="Claims so far; the last one's token."),
    sa.Column("stalls", sa.Integer, nullable=False, default=0, doc="Claims since the last step was taken."),
    sa.Column("cancelling", sa.Boolean, nullable=False, default=False),
    sa.Column("worker", _Text(64)),
    sa.Column("error", sa.Text),
    sa.Column("last_event", sa.Integer, nullable=False, default=0),
    sqlite_autoincrement=True,  # the number of a deleted job is never given again
)

checkpoints = sa.Table(
    "job_checkpoints",
    metadata,
    _of_job(),
    sa.Column("step", sa.Integer, nullable=False, doc="Steps taken; the next has this number."),
    sa.Column("told", sa.Integer, nullable=False, doc="Steps whose events are written."),
    sa.Column("state", sa.Text, doc="None: to be started."),
    sa.Column("worked", sa.Double, nullable=False, default=0.0, doc="Seconds that the steps taken took."),
)

events = sa.Table(
    "job_events",
    metadata,
    _of_job(),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False, doc="Grows by one from 1."),
    sa.Column("kind", _Text(16), nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

pictures = sa.Table(
    "job_pictures",
    metadata,
    _of_job(),
    sa.Column("name", _Text(100), primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("alt", sa.Text, nullable=False),
    sa.Column("media_type", _Text(40), nullable=False),
    sa.Column("data", sa.Text, nullable=False),
)

outcomes = sa.Table(
    "job_outcomes",
    metadata,
    _of_job(),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("versions", sa.Text, nullable=False),
)

keys = sa.Table(
    "job_keys",
    metadata,
    sa.Column("client", _Text(200), primary_key=True),
    sa.Column("key", _Text(255), primary_key=True),
    sa.Column("fingerprint", _Text(64), nullable=False, doc="SHA-256 of the request."),
    _of_job(primary_key=False, index=True),
)

workers = sa.Table(
    "job_workers",
    metadata,
    sa.Column("id", _Text(64), primary_key=True),
    sa.Column("host", _Text(255), nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("started", sa.Double, nullable=False),
    sa.Column("seen", sa.Double, nullable=False, doc="Its last heartbeat."),
    sa.Column("gone", sa.Boolean, nullable=False, default=False),
)

probes = sa.Table(
    "job_probes",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("written", sa.Double, nullable=False),
)
