"""Soaks, their ticks and ladders, and the heads of the journals they write.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MOMENT = pg.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "journal_heads",
        sa.Column("journal", sa.Text, primary_key=True),
        sa.Column("count", sa.BigInteger, primary_key=True),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("inode", sa.BigInteger),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_table(
        "soaks",
        sa.Column("soak", sa.Text, primary_key=True),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("phase", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("hours", pg.JSONB, nullable=False),
        sa.Column("every_s", sa.Float, nullable=False),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("phase_started_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
    )
    op.create_table(
        "soak_ticks",
        sa.Column("soak", sa.Text, primary_key=True),
        sa.Column("phase", sa.Text, primary_key=True),
        sa.Column("region", sa.Text, primary_key=True),
        sa.Column("slot", _MOMENT, primary_key=True),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("reason_code", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("record", pg.JSONB, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_table(
        "soak_ladders",
        sa.Column("soak", sa.Text, primary_key=True),
        sa.Column("phase", sa.Text, primary_key=True),
        sa.Column("region", sa.Text, primary_key=True),
        sa.Column("fails", sa.Integer, nullable=False),
        sa.Column("changed_at", _MOMENT, nullable=False),
    )


def downgrade() -> None:
    for table in ("soak_ladders", "soak_ticks", "soaks", "journal_heads"):
        op.drop_table(table)
