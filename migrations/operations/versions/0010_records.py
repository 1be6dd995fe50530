"""Records that hold on to each other: the shift log and the notes of incidents.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "records",
        sa.Column("chain", sa.Text, primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", pg.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject", sa.Text),
        sa.Column("key", sa.Text),
        sa.Column("document", sa.Text),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("line", sa.Text, nullable=False),
    )
    op.create_index(
        "ux_records_key", "records", ["chain", "key"], unique=True, postgresql_where=sa.text("key IS NOT NULL")
    )
    op.create_index("ix_records_subject", "records", ["chain", "subject"])
    op.create_table(
        "record_documents",
        sa.Column("sha256", sa.Text, primary_key=True),
        sa.Column("at", pg.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("record_documents")
    op.drop_table("records")
