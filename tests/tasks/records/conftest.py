"""One database for all tests of records, emptied before each; operators and their key."""

import pytest

from tests.operations_tables import empty, shared_operations
from tests.people import KEY


@pytest.fixture(scope="module")
def records_database(postgres):
    from tasks.records import memory  # noqa: F401  its tables

    with shared_operations(postgres) as dsn:
        yield dsn


@pytest.fixture
def records(records_database, monkeypatch, tmp_path):
    """The DSN of an operations database without any record; artifacts and working folder are empty."""
    empty(
        records_database,
        *("records", "record_documents", "outcomes", "incidents"),
        *("operators", "approval_codes", "approval_requests"),
    )
    monkeypatch.setenv("WATCHKEEPER_DSN", records_database)
    monkeypatch.setenv("WATCHKEEPER_APPROVAL_KEY", KEY)
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path / "artifacts"))
    monkeypatch.delenv("RUNTIME_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return records_database
