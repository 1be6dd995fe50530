"""What is in the archive of published projects, and which step each archive is in.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_MOMENT = pg.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "project_archives",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("monorepo", sa.Text, nullable=False),
        sa.Column("source_dir", sa.Text, nullable=False),
        sa.Column("project_name", sa.Text, nullable=False),
        sa.Column("archives", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("committed", sa.Text, nullable=False),
        sa.Column("files", sa.Integer, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("archived_at", _MOMENT, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
    )
    op.create_index(
        "ux_project_archives_open",
        "project_archives",
        ["monorepo", "source_dir", "project_name"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('deleted', 'restored', 'cancelled')"),
    )


def downgrade() -> None:
    op.drop_table("project_archives")
