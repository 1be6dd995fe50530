"""The registry of published projects, and what its file last looked like.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_MOMENT = pg.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "published_projects",
        sa.Column("monorepo", sa.Text, primary_key=True),
        sa.Column("source_dir", sa.Text, primary_key=True),
        sa.Column("project_name", sa.Text, primary_key=True),
        sa.Column("repo", sa.Text, nullable=False),
        sa.Column("branch", sa.Text, nullable=False),
        sa.Column("local_path", sa.Text, nullable=False),
        sa.Column("last_published_sha", sa.Text, nullable=False),
        sa.Column("last_remote_sha", sa.Text),
        sa.Column("parity_verified", sa.Boolean, nullable=False),
        sa.Column("last_published_at", _MOMENT, nullable=False),
        sa.Column("archived_at", _MOMENT),
        sa.Column("archived_path", sa.Text),
        sa.Column("deleted_at", _MOMENT),
    )
    op.create_table(
        "registry_files",
        sa.Column("monorepo", sa.Text, primary_key=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )


def downgrade() -> None:
    for table in ("registry_files", "published_projects"):
        op.drop_table(table)
