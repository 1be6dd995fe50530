"""One database for all tests of records, emptied before each; operators and their key."""

import psycopg
import pytest

from tests.conftest import _fresh_database
from tests.people import KEY


@pytest.fixture(scope="module")
def records_database(postgres):
    from tasks import operations
    from tasks.approvals import memory as people  # noqa: F401  its tables
    from tasks.records import memory  # noqa: F401  its tables

    with _fresh_database(postgres) as dsn:
        engine = operations._engine(dsn)
        operations.Base.metadata.create_all(engine)
        yield dsn
        engine.dispose()


@pytest.fixture
def records(records_database, monkeypatch, tmp_path):
    """The DSN of an operations database without any record; artifacts and working folder are empty."""
    with psycopg.connect(records_database) as conn:
        conn.execute(
            "TRUNCATE records, record_documents, operators, approval_codes, approval_requests, outcomes, incidents"
            " CASCADE"
        )
    monkeypatch.setenv("WATCHKEEPER_DSN", records_database)
    monkeypatch.setenv("WATCHKEEPER_APPROVAL_KEY", KEY)
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path / "artifacts"))
    monkeypatch.delenv("RUNTIME_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return records_database
