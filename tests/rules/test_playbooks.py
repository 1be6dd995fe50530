"""Whatever a line says that is not good, somebody on call is told what to do next (runbook 001)."""

import pytest

from tasks.rules.contracts import REGISTRY
from tasks.rules.outcome import COMMON_REASONS, Status
from tasks.rules.playbooks import playbook_for
from tasks.rules.playbooks.runbook import (
    CONNECT_FAILED,
    MIGRATION_FAILED,
    MISSING_ENV,
    MISSING_TABLES,
    UNEXPECTED_EXIT_2,
    UNHEALTHY,
)
from tasks.rules.redaction import looks_secret

# Reasons that stand only with a status that is good or that nobody needs to act on.
HARMLESS = {
    "ok",
    "none",
    "exit_0",
    "not_schedule",
    "small_count",
    "unknown_counters",
    "already_tuned_today",
    "already_taken",
    "last_tick_good",
    "journal_torn",
    "journal_missing",
    "in_band",
    "at_bounds",
    "no_traffic",
    "slot_judged",
    "no_active_soak",
    "already_active",
    "already_ended",
    "announced",
    "nobody_to_tell",
    "rehearsed",
    "called",
    "run_created",
    "run_completed",
    "already_there",
}
BAD = {Status.FAIL, Status.ERROR, Status.UNHEALTHY}
CONTRACTS = tuple(REGISTRY.values())


@pytest.mark.row("P001-35", "P004-520")
@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.token)
def test_every_reason_of_a_failing_status_has_a_playbook(contract):
    if BAD & set(contract.statuses):
        wanting = set(contract.reasons) - HARMLESS
        assert {reason for reason in wanting if playbook_for(contract.token, reason) is None} == set()


@pytest.mark.parametrize("reason", COMMON_REASONS)
def test_what_may_go_wrong_anywhere_has_a_playbook(reason):
    assert playbook_for("anything", reason) is not None


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.token)
def test_a_line_without_a_reason_has_one_as_well(contract):
    assert playbook_for(contract.token) is not None


def test_a_reason_that_no_contract_has_is_not_made_up():
    assert playbook_for("ops_daily", "no_such_reason") is None


@pytest.mark.row("P001-17", "P001-18", "P001-19", "P001-20", "P001-21", "P001-22")
@pytest.mark.parametrize(
    ("token", "reason", "playbook"),
    [
        ("prod_config", "missing_env", MISSING_ENV),
        ("ops_ci_normalize", "unexpected_exit_2", UNEXPECTED_EXIT_2),
        ("ops_daily_watchdog", None, UNHEALTHY),
        ("db_verify", "db_connect_failed", CONNECT_FAILED),
        ("db_verify", "missing_tables", MISSING_TABLES),
        ("db_migrations_integration", "apply_failed", MIGRATION_FAILED),
    ],
)
def test_the_runbooks_own_playbooks_are_found(token, reason, playbook):
    assert playbook_for(token, reason) is playbook


def test_every_playbook_has_steps_a_section_and_nothing_private():
    for contract in CONTRACTS:
        for reason in (None, *contract.reasons, *COMMON_REASONS):
            playbook = playbook_for(contract.token, reason)
            if playbook:
                assert playbook.title
                assert playbook.steps
                assert playbook.section.startswith(("001 ", "002 ", "003 ", "004 "))
                assert not any(looks_secret(step) for step in playbook.steps)
