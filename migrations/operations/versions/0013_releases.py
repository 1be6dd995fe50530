"""What each release of a service has shown of itself, and the rollbacks from one to another.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "release_words",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", pg.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("standing", sa.Text, nullable=False),
    )
    op.create_index("ix_release_words_service", "release_words", ["service", "name"])
    op.create_table(
        "release_switches",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("begun_at", pg.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", pg.TIMESTAMP(timezone=True)),
        sa.Column("service", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("to", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
    )
    op.create_index(
        "ux_release_switches_open",
        "release_switches",
        ["service"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("release_switches")
    op.drop_table("release_words")
