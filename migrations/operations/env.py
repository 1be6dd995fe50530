"""For `alembic` by hand; `watchkeeper db-bootstrap --plan migrations/operations` needs no environment script."""

import os

from alembic import context
from sqlalchemy import create_engine

url = os.environ["WATCHKEEPER_DSN"].replace("postgresql://", "postgresql+psycopg://", 1)
with create_engine(url).connect() as connection:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
