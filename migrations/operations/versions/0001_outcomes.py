"""Outcomes, covered periods, incidents, metric snapshots and baselines.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_MOMENT = pg.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "outcomes",
        sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("procedure", sa.Text, nullable=False),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("exit_code", sa.Integer, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("lines", pg.ARRAY(sa.Text), nullable=False),
        sa.Column("fields", pg.JSONB, nullable=False),
        sa.Column("flow_run_id", pg.UUID(as_uuid=True)),
        sa.Column("frozen", sa.Boolean, nullable=False, server_default=sa.text("false")),
    )
    op.create_index("ix_outcomes_procedure_at", "outcomes", ["procedure", "at"])
    op.create_table(
        "covered_periods",
        sa.Column("procedure", sa.Text, primary_key=True),
        sa.Column("period", sa.Text, primary_key=True),
        sa.Column("covered_at", _MOMENT, nullable=False),
        sa.Column("outcome_id", sa.Integer, sa.ForeignKey("outcomes.id")),
    )
    op.create_table(
        "incidents",
        sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("procedure", sa.Text, nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("closed_at", _MOMENT),
        sa.Column("line", sa.Text, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False, server_default=sa.text("1")),
        sa.Column("opening_notified_at", _MOMENT),
        sa.Column("closing_notified_at", _MOMENT),
    )
    op.create_index(
        "ux_incidents_open",
        "incidents",
        ["procedure"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "metric_snapshots",
        sa.Column("id", sa.Integer, sa.Identity(), primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("procedure", sa.Text, nullable=False),
        sa.Column("window_days", sa.Integer, nullable=False),
        sa.Column("metrics", pg.JSONB, nullable=False),
    )
    op.create_index("ix_metric_snapshots_at", "metric_snapshots", ["procedure", "at"])
    op.create_table(
        "baselines",
        sa.Column("baseline_id", sa.Text, primary_key=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("source_commit", sa.Text, nullable=False),
        sa.Column("schema_version", sa.Integer, nullable=False),
        sa.Column("metrics", pg.JSONB, nullable=False),
    )


def downgrade() -> None:
    for table in ("baselines", "metric_snapshots", "incidents", "covered_periods", "outcomes"):
        op.drop_table(table)
