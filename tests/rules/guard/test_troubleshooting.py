"""The runbook's table as a classifier (runbook 002, "Troubleshooting")."""

import pytest

from flows.catalogue import read_catalogue
from tasks.rules.guard.symptoms import SYMPTOMS
from tasks.rules.guard.troubleshooting import diagnose, diagnosis_lines, diagnosis_said

SEEN = {
    "would reformat /a/b.py": "format",
    ">> Issue: [B101:assert_used] Use of assert": "bandit_assert",
    'app/x.py:3: error: Incompatible types (expression has type "Decimal")': "typing",
    'a.py:1: error: Item "None" of "Optional[str]" has no attribute "x"': "typing",
    "Potential secrets detected in 1 file": "secret_scan",
    "readiness-missing:adapters,market": "readiness",
    "blocked reason=readiness-bad:recon:lag": "readiness",
    "stale-p95": "market_data",
    "RED md_staleness": "market_data",
    "cooldown": "idempotency",
    "blocked: dupe-intent": "idempotency",
    "live-confirm-missing": "live_guard",
    "live-readiness-not-ok": "live_guard",
    "[FATAL CONFIG] APPROVE_TOKEN is not set": "startup",
    "safe-mode": "safe_mode",
    "reason=risk venue_cap": "risk",
    "ack-timeout": "timeout",
    "pretrade qty_invalid": "order_rules",
}
BLOCK_CODES = """safe-mode pnl-cap live-guard readiness-agg strategy-lifecycle strategy-budget risk cooldown
stale-p95 dupe-intent pretrade risk-budget outbox-inflight ack-timeout fill-timeout
canary-max-order-notional canary-max-daily-orders"""
REASONS = """watchdog:auto_hold daily_loss:breach leader:not_acquired healthz:not_ok journal:not_ok config:not_ok
health-watchdog-fail health-watchdog-warn config_not_loaded db_unavailable metrics_unavailable md_disconnected
md_staleness recon_divergence router_not_ready pretrade_throttled risk_throttled watchdog_down watchdog_degraded
SLO_CRITICAL::LATENCY_P95_MS RECON_DIVERGENCE EXCHANGE_WATCHDOG::OKX::DOWN ACCOUNT_HEALTH::CRITICAL::OKX"""


@pytest.mark.row("P002-170")
@pytest.mark.parametrize(("line", "kind"), SEEN.items())
def test_each_symptom_of_the_table_is_recognised(line, kind):
    assert kind in diagnose([line]).counts


@pytest.mark.row("P002-170")
@pytest.mark.parametrize("code", [*BLOCK_CODES.split(), *REASONS.split()])
def test_every_block_code_and_every_reason_of_the_runtime_is_known(code):
    assert diagnose([code]).counts


@pytest.mark.row("W002-170")
def test_every_procedure_that_is_named_is_there():
    assert {symptom.flow for symptom in SYMPTOMS} <= set(read_catalogue())


@pytest.mark.row("P002-171")
def test_signals_variables_and_seconds_are_named_once_and_in_their_order():
    lines = [
        "readiness-missing:adapters,market",
        "readiness-missing:market,recon secretword",
        "[FATAL CONFIG] APPROVE_TOKEN missing, see NOT_OURS=hunter2",
        "[FATAL CONFIG] RUNTIME_STATE_PATH",
        "cooldown_remaining=3.25",
    ]
    said = {one.fields["kind"]: one for one in diagnosis_lines(diagnose(lines))}
    assert said["readiness"].fields["details"] == ("adapters", "market", "recon")
    assert said["startup"].fields["details"] == ("APPROVE_TOKEN", "RUNTIME_STATE_PATH")
    assert said["idempotency"].fields["details"] == ("remaining_s:3.25",)
    assert said["readiness"].line == (
        "trouble status=ok kind=readiness seen=2 flow=readiness details=adapters,market,recon look_at=compare_"
        "READINESS_REQUIRED_with_the_signals_that_are_published_and_their_age_with_READINESS_TTL_SEC"
    )
    assert not any("hunter2" in one.line or "secretword" in one.line for one in said.values())


@pytest.mark.row("P002-172")
@pytest.mark.parametrize(
    "line", ["env_check status=fail reason=env_findings profile=live", "db_verify status=fail reason=missing_tables"]
)
def test_the_line_of_a_procedure_gets_the_first_step_of_its_playbook(line):
    (said,) = diagnosis_lines(diagnose([line]))
    assert said.fields["kind"] == "outcome"
    assert said.line.startswith("trouble status=ok kind=outcome seen=1 flow=explain details=")


@pytest.mark.row("D002-170")
@pytest.mark.parametrize("line", ["", "all is well", "made-by-stale-p95x", "cooldowns", "xdupe-intent", "b101"[:3]])
def test_what_is_not_known_is_said_to_be_not_known(line):
    said = diagnosis_said(diagnose([line]), 1)
    assert said.line == "troubleshoot status=insufficient_data reason=not_recognised lines=1"


def test_what_to_look_at_fits_into_a_line():
    for symptom in SYMPTOMS:
        assert 0 < len(symptom.look_at) <= 200
