"""The load validations that were accepted.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "load_runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", pg.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("config", sa.Text, nullable=False),
        sa.Column("file", sa.Text, nullable=False),
        sa.Column("percentiles", pg.JSONB, nullable=False),
    )
    op.create_index("ix_load_runs_config_at", "load_runs", ["config", "at"])


def downgrade() -> None:
    op.drop_table("load_runs")
