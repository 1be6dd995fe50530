"""Operators, the codes they gave, and the requests they signed.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_MOMENT = pg.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "operators",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("enrolled_at", _MOMENT, nullable=False),
        sa.Column("enrolled_by", sa.Text),
        sa.Column("revoked_at", _MOMENT),
        sa.Column("revoked_by", sa.Text),
        sa.Column("wrong_codes", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("locked_at", _MOMENT),
        sa.Column("last_step", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "approval_codes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("operator", sa.Text),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
    )
    op.create_index("ix_approval_codes_at", "approval_codes", ["at"])
    _create_requests()


def _create_requests() -> None:
    op.create_table(
        "approval_requests",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("plan_hash", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("requested_by", sa.Text),
        sa.Column("requested_at", _MOMENT),
        sa.Column("decided_by", sa.Text),
        sa.Column("decided_at", _MOMENT),
        sa.Column("used_at", _MOMENT),
        sa.Column("flow_run_id", sa.Uuid),
        sa.Column("answers", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("forms", sa.Integer, nullable=False, server_default=sa.text("0")),
    )
    op.create_index(
        "ux_approval_requests_run",
        "approval_requests",
        ["flow_run_id", "action"],
        unique=True,
        postgresql_where=sa.text("flow_run_id IS NOT NULL"),
    )


def downgrade() -> None:
    for table in ("approval_requests", "approval_codes", "operators"):
        op.drop_table(table)
