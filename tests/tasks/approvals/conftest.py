"""One database for all tests of approvals, emptied before each: making one costs more than most of these tests."""

import pytest

from tests.operations_tables import empty, shared_operations
from tests.people import KEY


@pytest.fixture(scope="module")
def approvals_database(postgres):
    with shared_operations(postgres) as dsn:
        yield dsn


@pytest.fixture
def approvals(approvals_database, monkeypatch):
    """The DSN of an operations database in which nobody is enrolled, and the key to enrol with."""
    empty(approvals_database, "operators", "approval_codes", "approval_requests", "outcomes")
    monkeypatch.setenv("WATCHKEEPER_DSN", approvals_database)
    monkeypatch.setenv("WATCHKEEPER_APPROVAL_KEY", KEY)
    return approvals_database
