"""A bad outcome comes with its playbook, a good one does not (runbook 001, Incident playbooks)."""

from typing import cast

import pytest
from prefect.artifacts import Artifact

from flows.production.prod_config import prod_config

pytestmark = pytest.mark.usefixtures("prefect_server")


def playbook_of(state):
    found = cast("Artifact | None", Artifact.get(key="prod-config-playbook"))  # outside of a loop no coroutine
    return found if found and found.flow_run_id == state.state_details.flow_run_id else None


@pytest.mark.row("P001-17", "P001-35")
def test_a_bad_outcome_carries_its_playbook():
    artifact = playbook_of(prod_config(return_state=True))
    assert artifact is not None
    assert artifact.description == "A variable of production is missing"
    assert "Runbook 001 Incident playbooks, Cron fails: prod_config missing_env" in str(artifact.data)
    assert "1. Read the names in `missing=`" in str(artifact.data)


@pytest.mark.row("P001-35")
def test_a_good_outcome_needs_none(monkeypatch):
    monkeypatch.setenv("POSTGRES_DSN_PROD", "postgresql://ops@db.internal/app")
    assert playbook_of(prod_config(return_state=True)) is None
