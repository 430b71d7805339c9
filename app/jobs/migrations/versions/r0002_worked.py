"""How long the steps of a job took, kept with its checkpoint: by its start, a clock put right aged it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; a worker of the version before writes rows without it."""
    op.add_column(
        "job_checkpoints", sa.Column("worked", sa.Double, nullable=False, server_default=sa.text("0"))
    )


def downgrade() -> None:
    """Remove the column."""
    op.drop_column("job_checkpoints", "worked")
