"""What to do about a line that is not good: the incident playbooks of runbook 001 and a next step for every reason.

Pure data. A playbook is found by token and reason, then by the reason alone, then by the token alone. The words are
ours; commands and reasons are literal.
"""

from dataclasses import replace

from tasks.rules.contracts.database import PLAN_REASONS
from tasks.rules.playbooks import (
    acceptance,
    checklist,
    daily,
    deploying,
    environment,
    guard,
    metrics,
    promotion,
    publishing,
    quick,
    records,
    release,
    rollback,
    runtime,
    security,
    service_databases,
    services,
    smoke,
    soak,
    triage,
    validation,
)
from tasks.rules.playbooks.playbook import Playbook
from tasks.rules.playbooks.reasons import (
    ARTIFACT,
    CEILING,
    CLEANUP,
    CLOCK,
    COMMAND,
    CRASH,
    DATABASE,
    FROZEN,
    GENERAL,
    INDEX,
    INTERRUPTED,
    JANITOR,
    LEDGER,
    LOCKED,
    LOST,
    NO_BASELINE,
    NOT_ENOUGH,
    ORCHESTRATOR,
    OUTPUT,
    PARAMETER,
    PART,
    PERMISSION,
    PLAN,
    READ_ONLY,
    REGRESSED,
    REPORT,
    SCRATCH,
    SETTING,
    TIMEOUT,
    TTL,
    TUNING_MOVED,
)
from tasks.rules.playbooks.runbook import (
    CONNECT_FAILED,
    MIGRATION_FAILED,
    MISSING_ENV,
    MISSING_TABLES,
    UNEXPECTED_EXIT_2,
    UNHEALTHY,
)

__all__ = ["Playbook", "playbook_for"]

_FAMILIES = (
    validation,
    daily,
    release,
    quick,
    soak,
    publishing,
    services,
    guard,
    runtime,
    promotion,
    rollback,
    environment,
    acceptance,
    metrics,
    deploying,
    records,
    triage,
    smoke,
    security,
    checklist,
)
_LEDGER_REASONS = (
    "ledger_missing",
    "ledger_behind",
    "ledger_unknown_migration",
    "migration_checksum_mismatch",
    "out_of_order_migration",
    "schema_drift",
)
_PART_REASONS = (
    "verify_failed",
    "db_bootstrap_failed",
    "db_verify_failed",
    "ops_daily_failed",
    "insufficient_data",
    "late",
    "already_covered",
)
_REGRESSION_REASONS = (
    "metrics_regression",
    "matching_health_regressed",
    "identity_leak_rate_high",
    "crisis_rate_high",
    "latency_p95_high",
    "latency_p95_regressed",
)
_UNHEALTHY_REASONS = (
    "unhealthy",
    "ops_daily_unhealthy",
    "matching_health_low",
    "identity_leak_disable",
    "held_rate_high",
    "suppressed_rate_high",
)
_OUTPUT_REASONS = ("invalid_output_key", "invalid_output_value", "sensitive_value_detected", "undeclared_outcome")

_BY_REASON: dict[str, Playbook] = {
    "missing_env": MISSING_ENV,
    "missing_required_env": MISSING_ENV,
    "missing_dsn": MISSING_ENV,
    "dsn_missing": MISSING_ENV,
    "unexpected_exit_2": UNEXPECTED_EXIT_2,
    "unexpected_exit_1": PART,
    "db_connect_failed": CONNECT_FAILED,
    "missing_tables": MISSING_TABLES,
    "migration_apply_failed": MIGRATION_FAILED,
    "apply_failed": MIGRATION_FAILED,
    "idempotency_failed": MIGRATION_FAILED,
    "not_disposable": SCRATCH,
    "invalid_index": INDEX,
    "missing_baseline": NO_BASELINE,
    "invalid_baseline": NO_BASELINE,
    "delivered_total_0": NOT_ENOUGH,
    "delivered_total_lt_min_n": NOT_ENOUGH,
    "insufficient_volume": NOT_ENOUGH,
    "ttl_drift": TTL,
    "ceiling_reached": CEILING,
    "cleanup_failed": CLEANUP,
    "report_failed": REPORT,
    "clock_went_back": CLOCK,
    "clock_ahead": CLOCK,
    "tuning_moved": TUNING_MOVED,
    "invalid_command": COMMAND,
    "invalid_mode": COMMAND,
    "crash": CRASH,
    "interrupted": INTERRUPTED,
    "timeout": INTERRUPTED,
    "orchestrator_unreachable": ORCHESTRATOR,
    "frozen_clock": FROZEN,
    "invalid_env": SETTING,
    "invalid_dsn": SETTING,
    "invalid_setting": SETTING,
    "invalid_parameter": PARAMETER,
    "db_connection_lost": LOST,
    "db_timeout": TIMEOUT,
    "db_permission_denied": PERMISSION,
    "db_read_only": READ_ONLY,
    "db_error": DATABASE,
    "lock_held": LOCKED,
    "artifact_not_written": ARTIFACT,
    "artifact_not_read": ARTIFACT,
    "invalid_artifact_name": ARTIFACT,
    **dict.fromkeys((*PLAN_REASONS, "migrations_invalid"), PLAN),
    **dict.fromkeys(_LEDGER_REASONS, LEDGER),
    **dict.fromkeys(_PART_REASONS, PART),
    **dict.fromkeys(_REGRESSION_REASONS, REGRESSED),
    **dict.fromkeys(_UNHEALTHY_REASONS, UNHEALTHY),
    **dict.fromkeys(_OUTPUT_REASONS, OUTPUT),
    **{reason: playbook for family in _FAMILIES for reason, playbook in family.BY_REASON.items()},
}
_BY_TOKEN: dict[str, Playbook] = {
    "ops_daily": UNHEALTHY,
    "ops_daily_watchdog": UNHEALTHY,
    "second_touch_health": UNHEALTHY,
    "prod_verify": UNHEALTHY,
    "db_bootstrap": MIGRATION_FAILED,
    "db_migrations_integration": MIGRATION_FAILED,
    "janitor": JANITOR,
    **{token: playbook for family in _FAMILIES for token, playbook in family.BY_TOKEN.items()},
}
# Where a reason means something else under one token than under the others.
_BY_BOTH: dict[tuple[str, str], Playbook] = {
    **service_databases.BY_BOTH,
    **records.BY_BOTH,
    **acceptance.BY_BOTH,
    **metrics.BY_BOTH,
    ("metrics_baseline", "unhealthy"): replace(
        UNHEALTHY,
        title="An unhealthy day must not become the measure of others",
        steps=(*UNHEALTHY.steps, "Take the baseline on a day that is healthy again."),
    ),
}


def playbook_for(token: str, reason: str | None = None) -> Playbook | None:
    """The playbook for what a line said; None for a reason that nothing is written about."""
    if reason is None:
        return _BY_TOKEN.get(token, GENERAL)
    return _BY_BOTH.get((token, reason)) or _BY_REASON.get(reason)
