"""What the rungs of a soak ask for, and of each soak its clock, its files and why it ended; one active in a region.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MOMENT = pg.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.add_column("soaks", sa.Column("ended_reason", sa.Text))
    op.add_column("soaks", sa.Column("clock", sa.Text, nullable=False, server_default="real"))
    op.add_column("soaks", sa.Column("files", pg.JSONB, nullable=False, server_default=sa.text("'{}'")))
    op.create_index(
        "ux_soaks_active", "soaks", ["region", "clock"], unique=True, postgresql_where=sa.text("ended_at IS NULL")
    )
    op.create_table(
        "soak_actions",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("journal", sa.Text, nullable=False),
        sa.Column("soak", sa.Text, nullable=False),
        sa.Column("phase", sa.Text, nullable=False),
        sa.Column("region", sa.Text, nullable=False),
        sa.Column("slot", _MOMENT, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("reason_code", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("hook", sa.Text),
        sa.Column("result", sa.Text),
        sa.Column("planned_at", _MOMENT, nullable=False),
        sa.Column("finished_at", _MOMENT),
    )


def downgrade() -> None:
    op.drop_table("soak_actions")
    op.drop_index("ux_soaks_active", "soaks")
    for column in ("files", "clock", "ended_reason"):
        op.drop_column("soaks", column)
