"""What an incident's two messages say: line and link of the run that opened and of the one that closed it.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

COLUMNS = ("link", "closing_line", "closing_link")


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("incidents", sa.Column(column, sa.Text))


def downgrade() -> None:
    for column in COLUMNS:
        op.drop_column("incidents", column)
