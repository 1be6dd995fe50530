"""What a release was when it was verified, and whether a switch went back or to a new one.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("release_words", sa.Column("identity", pg.JSONB))
    op.add_column("release_switches", sa.Column("kind", sa.Text, nullable=False, server_default="back"))


def downgrade() -> None:
    op.drop_column("release_switches", "kind")
    op.drop_column("release_words", "identity")
