"""When all of a service's database was last read and found whole.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "database_checks",
        sa.Column("database", sa.Text, primary_key=True),
        sa.Column("inode", sa.BigInteger, nullable=False),
        sa.Column("checked_at", pg.TIMESTAMP(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("database_checks")
