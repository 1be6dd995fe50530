"""One database for all tests of approvals, emptied before each: making one costs more than most of these tests."""

import psycopg
import pytest

from tests.conftest import _fresh_database
from tests.people import KEY


@pytest.fixture(scope="module")
def approvals_database(postgres):
    from tasks import operations
    from tasks.approvals import memory  # noqa: F401  its tables

    with _fresh_database(postgres) as dsn:
        engine = operations._engine(dsn)
        operations.Base.metadata.create_all(engine)
        yield dsn
        engine.dispose()


@pytest.fixture
def approvals(approvals_database, monkeypatch):
    """The DSN of an operations database in which nobody is enrolled, and the key to enrol with."""
    with psycopg.connect(approvals_database) as conn:
        conn.execute("TRUNCATE operators, approval_codes, approval_requests, outcomes CASCADE")
    monkeypatch.setenv("WATCHKEEPER_DSN", approvals_database)
    monkeypatch.setenv("WATCHKEEPER_APPROVAL_KEY", KEY)
    return approvals_database
