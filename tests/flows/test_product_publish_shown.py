"""What a publish leaves in the Prefect UI, and what it leaves nowhere (runbook 003, Security Operations)."""

import base64
import json
import logging
from urllib.parse import quote

import psycopg
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from psycopg import sql

from flows.publishing.product_publish import product_publish
from tests.acceptance.test_privacy import watched_arguments
from tests.gitea.fixtures import PASSWORD, commit_files
from tests.publishing_monorepo import everything_in, run_publish


def tables(key):
    """The tables of that name, the newest last."""
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=wanted)
    return [one.data for one in sorted(found, key=lambda one: str(one.created))]


@pytest.mark.row("P003-118")
def test_a_run_ends_in_one_table_with_a_row_for_each_project(gitea, monorepo, prefect_server):
    commit_files(monorepo, "more", **{f"product__p{number:02}__f": "1" for number in range(8)})
    state = product_publish(repo_root=str(monorepo), execute=True, verify_parity=True, return_state=True)
    assert state.is_completed()
    assert str(state.message).startswith("product_publish status=ok mode=execute")
    plan, result = map(json.loads, tables("product-publish"))
    assert [row["action"] for row in plan] == ["create"] * 10
    assert [(row["result"], row["parity"]) for row in result] == [("ok", "verified")] * 10


@pytest.mark.row("W003-102")
def test_the_password_is_in_no_argument_list_no_file_no_line_no_log_and_no_table(
    gitea, monorepo, operations_database, caplog, monkeypatch
):
    caplog.set_level(logging.DEBUG)
    gitea.trouble(f"{gitea.owner}/beta.git/git-receive-pack", times=9, status=500)
    with watched_arguments() as arguments:
        said = run_publish(monorepo, execute=True, verify_parity=True)
        monkeypatch.setenv("GITEA_ADMIN_PASSWORD", PASSWORD + "-wrong")
        said += run_publish(monorepo, execute=True)
    found = {
        "argument lists": "\n".join(arguments),
        "lines": "\n".join(one.line for one in said),
        "log": "\n".join(record.getMessage() + str(record.exc_text) for record in caplog.records),
        "files": "\n".join(data.decode("latin-1") for data in everything_in(monorepo).values()),
        "database": everything_in_tables(operations_database),
    }
    assert "git push" in found["argument lists"].replace("--git-dir=. ", "")
    assert said[-1].reason == "gitea_unauthorised"
    encoded = base64.b64encode(f"boss:{PASSWORD}".encode()).decode()
    for secret in (PASSWORD, quote(PASSWORD, safe=""), encoded):
        assert not [where for where, text in found.items() if secret in text]


def everything_in_tables(dsn):
    with psycopg.connect(dsn) as conn:
        tables = [row[0] for row in conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        queries = [sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)) for table in tables]
        return "\n".join(str(row) for query in queries for row in conn.execute(query))
