"""What runbook 001's other procedures say ("Tokens & exit codes")."""

from tasks.rules.outcome import Contract, Form, Key, Kind, Status

PROD_CONFIG = Contract(
    "prod_config",
    (Status.OK, Status.FAIL),
    "001 Tokens & exit codes",
    reasons=("missing_env", "invalid_env", "invalid_mode"),
    keys=(
        Key("required", Kind.COUNT, "how many variables the procedures need"),
        Key("missing", Kind.NAMES, "names that are unset or blank"),
        Key("invalid", Kind.NAMES, "names whose value does not parse as a DSN"),
    ),
)

RETENTION_CLEANUP = Contract(
    "retention_cleanup",
    (Status.OK, Status.NOT_CONFIGURED, Status.FAIL),
    "001 Routine operations",
    reasons=("ceiling_reached", "cleanup_failed", "clock_went_back", "clock_ahead"),
    keys=(
        Key("table", Kind.NAMES),
        Key("status", Kind.WORD),
        Key("reason", Kind.WORD),
        Key("groups", Kind.COUNT),
        Key("deleted", Kind.COUNT),
        Key("deleted_total", Kind.COUNT),
        Key("cutoff_days", Kind.COUNT),
    ),
)

RETENTION_REPORT = Contract(
    "retention_report",
    (Status.OK, Status.NOT_CONFIGURED, Status.FAIL),
    "001 Routine operations",
    reasons=("none", "ttl_drift", "report_failed"),
    form=Form.JSON,
    keys=(
        Key("groups", Kind.GROUPS, "total_rows, expired_rows and cutoff_days of each table"),
        Key("reason", Kind.WORD),
        Key("status", Kind.WORD),
        Key("ts_utc", Kind.TIME),
    ),
)

OPS_DAILY = Contract(
    "ops_daily",
    (
        Status.OK,
        Status.HEALTHY,
        Status.NORMALIZED,
        Status.INSUFFICIENT_DATA,
        Status.NOT_CONFIGURED,
        Status.SKIPPED,
        Status.UNHEALTHY,
        Status.FAIL,
    ),
    "001 Routine operations, Daily",
    reasons=(
        "delivered_total_0",
        "insufficient_data",
        "insufficient_volume",
        "missing_env",
        "invalid_env",
        "already_covered",
        "late",
        "matching_health_low",
        "identity_leak_disable",
        "held_rate_high",
        "suppressed_rate_high",
        "metrics_regression",
        "ttl_drift",
        "cleanup_failed",
        "missing_tables",
    ),
    keys=(
        Key("mode", Kind.WORD, "ci or prod"),
        Key("parts", Kind.WORDS, "the parts that were not good, as part:status"),
        Key("day", Kind.DAY, "the UTC day this run covers"),
    ),
)

PROD_VERIFY = Contract(
    "prod_verify",
    (Status.OK, Status.NOT_CONFIGURED, Status.INSUFFICIENT_DATA, Status.UNHEALTHY, Status.FAIL),
    "001 Routine operations, Weekly and After deploy",
    reasons=(
        "missing_required_env",
        "db_bootstrap_failed",
        "db_verify_failed",
        "ops_daily_failed",
        "ops_daily_unhealthy",
        "delivered_total_0",
    ),
    exit_codes={Status.INSUFFICIENT_DATA: 0},
    keys=(
        Key("mode", Kind.WORD, "dry_run or verify"),
        Key("parts", Kind.WORDS, "the parts that were not good, as part:status"),
    ),
)

RETENTION = Contract(
    "retention",
    (Status.OK, Status.NOT_CONFIGURED, Status.FAIL),
    "001 Routine operations",
    reasons=("ttl_drift", "ceiling_reached", "cleanup_failed", "clock_went_back", "clock_ahead"),
    keys=(Key("mode", Kind.WORD), Key("deleted_total", Kind.COUNT), Key("expired_total", Kind.COUNT)),
)

MATCHING_TUNING = Contract(
    "matching_tuning",
    (Status.OK, Status.PLANNED, Status.SKIPPED, Status.NOT_CONFIGURED, Status.INSUFFICIENT_DATA, Status.FAIL),
    "001 Routine operations",
    reasons=("already_tuned_today", "in_band", "at_bounds", "insufficient_volume", "clock_went_back", "tuning_moved"),
    exit_codes={Status.INSUFFICIENT_DATA: 0},
    keys=(
        Key("day", Kind.DAY),
        Key("ratio", Kind.RATIO),
        Key("delivered", Kind.COUNT),
        Key("low_intensity_band", Kind.COUNT),
        Key("high_intensity_band", Kind.COUNT),
        Key("pool_multiplier_low", Kind.RATIO),
        Key("pool_multiplier_high", Kind.RATIO),
        Key("allow_theme_relax_high", Kind.FLAG),
    ),
)

JANITOR = Contract(
    "janitor",
    (Status.OK, Status.PLANNED, Status.FAIL),
    "001 Routine operations",
    keys=(
        Key("checked", Kind.COUNT, "running and pending runs looked at"),
        Key("crashed", Kind.COUNT, "silent runs that were marked Crashed"),
        Key("freed", Kind.COUNT, "stuck pending runs that were given up"),
        Key("paused", Kind.COUNT, "runs that wait for a person; never given up"),
        Key("woken", Kind.COUNT, "runs whose approval form nobody answered in time, woken to say so; if any"),
    ),
)
