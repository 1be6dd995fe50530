"""Promotions of the trading runtime, and the confirmation that is typed with a signature.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = pg.TIMESTAMP(timezone=True)
    op.add_column("approval_requests", sa.Column("phrase_hash", sa.Text))
    op.create_table(
        "promotions",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("runtime", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("opened_at", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.Column("flow_run_id", pg.UUID),
        sa.Column("plan_hash", sa.Text),
        sa.Column("plan", pg.JSONB),
        sa.Column("confirm_hash", sa.Text),
        sa.Column("request", sa.Integer),
        sa.Column("requested_by", sa.Text),
        sa.Column("approved_by", sa.Text),
    )
    ends = "state NOT IN ('done', 'rolled_back', 'rejected', 'expired')"
    op.create_index("ux_promotions_open", "promotions", ["runtime"], unique=True, postgresql_where=sa.text(ends))


def downgrade() -> None:
    op.drop_table("promotions")
    op.drop_column("approval_requests", "phrase_hash")
