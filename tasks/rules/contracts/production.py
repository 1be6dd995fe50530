"""What runbook 001's procedures say ("Tokens & exit codes" and spec 001, sections 1 to 9)."""

from tasks.rules.outcome import Contract, Form, Key, Kind, Status

_ALEMBIC_OR_SQL = "name of the migration file, or `unknown`"

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

DB_BOOTSTRAP_DRY_RUN = Contract(
    "db_bootstrap_dry_run",
    (Status.OK, Status.FAIL),
    "001 Production bootstrap, step 2",
    reasons=(
        "missing_plan",
        "empty_plan",
        "missing_migration",
        "invalid_migration_name",
        "duplicate_migration_id",
        "non_increasing_migration_id",
        "migration_gap",
        "stray_file",
        "unreadable_migration",
        "transaction_control",
        "mixed_migration",
        "multiple_heads",
    ),
    keys=(
        Key("migrations", Kind.COUNT, "files in the plan"),
        Key("reasons", Kind.WORDS, "all that is wrong with the plan, when it is more than one thing"),
        Key("files", Kind.WORDS, "the files meant, or the missing numbers"),
    ),
)

DB_BOOTSTRAP = Contract(
    "db_bootstrap",
    (Status.OK, Status.FAIL),
    "001 Production bootstrap, step 3",
    reasons=(
        "dsn_missing",
        "migrations_invalid",
        "migration_checksum_mismatch",
        "migration_apply_failed",
        "invalid_index",
        "ledger_unknown_migration",
        "out_of_order_migration",
        "verify_failed",
        "invalid_command",
    ),
    keys=(
        Key("status", Kind.WORD),
        Key("mode", Kind.WORD, "dry_run, apply_migrations, verify or all"),
        Key("reason", Kind.WORD),
        Key("reasons", Kind.WORDS, "everything found, when it is more than one thing"),
        Key("migration", Kind.FILE, _ALEMBIC_OR_SQL),
        Key("sqlstate", Kind.SQLSTATE, "PostgreSQL's error class, or `na`"),
        Key("applied", Kind.COUNT, "migrations applied by this run"),
        Key("skipped", Kind.COUNT, "migrations that were already in the ledger"),
        Key("indexes", Kind.WORDS, "indexes that PostgreSQL has marked INVALID"),
    ),
)

DB_VERIFY = Contract(
    "db_verify",
    (Status.OK, Status.NOT_CONFIGURED, Status.FAIL),
    "001 Production bootstrap, step 4",
    reasons=(
        "missing_tables",
        "ledger_missing",
        "ledger_behind",
        "ledger_unknown_migration",
        "migration_checksum_mismatch",
        "migrations_invalid",
        "invalid_index",
        "schema_drift",
    ),
    keys=(
        Key("reasons", Kind.WORDS, "everything found, when it is more than one thing"),
        Key("tables", Kind.WORDS, "required tables that are not there"),
        Key("migrations", Kind.WORDS, "migrations that plan and ledger disagree on"),
        Key("indexes", Kind.WORDS, "indexes that PostgreSQL has marked INVALID"),
        Key("drifted", Kind.WORDS, "tables that differ from what the plan left"),
    ),
)

OPS_DAILY_METRICS = Contract(
    "ops_daily_metrics",
    (Status.OK, Status.INSUFFICIENT_DATA),
    "001 Overview (aggregates only)",
    reasons=("small_count",),
    exit_codes={Status.INSUFFICIENT_DATA: 0},
    keys=(
        Key("day", Kind.DAY),
        Key("delivered", Kind.COUNT),
        Key("positive", Kind.COUNT),
        Key("h", Kind.RATIO, "positive / delivered"),
        Key("status", Kind.WORD),
        Key("reason", Kind.WORD),
    ),
)

OPS_DAILY_WATCHDOG = Contract(
    "ops_daily_watchdog",
    (Status.HEALTHY, Status.INSUFFICIENT_DATA, Status.UNHEALTHY),
    "001 Tokens & exit codes",
    reasons=("delivered_total_0",),
    keys=(
        Key("window_days", Kind.COUNT),
        Key("delivered_total", Kind.COUNT),
        Key("positive_total", Kind.COUNT),
        Key("h", Kind.RATIO, "positive / delivered over the window"),
        Key("future_rows", Kind.COUNT, "rows dated after today; they are counted nowhere else"),
    ),
)

OPS_METRICS_SNAPSHOT = Contract(
    "ops_metrics_snapshot",
    (Status.OK,),
    "001 Overview (aggregates only)",
    form=Form.JSON,
    keys=(
        Key("ts_utc", Kind.TIME),
        Key("window_days", Kind.COUNT),
        Key("delivered_total", Kind.COUNT),
        Key("ack_total", Kind.COUNT),
        Key("ack_positive_total", Kind.COUNT),
        Key("matching_health_h", Kind.MEASURE),
        Key("identity_leak_blocked_total", Kind.COUNT),
        Key("crisis_routed_total", Kind.COUNT),
        Key("p95_delivery_latency_s", Kind.MEASURE),
    ),
)

_SUPPRESSED = (
    "rate_limited",
    "cooldown_active",
    "disabled_until_active",
    "disabled_permanent",
    "crisis_blocked",
)
_HELD = (
    "rate_limited",
    "cooldown_active",
    "disabled",
    "crisis_window",
    "identity_leak",
    "offer_unavailable",
    "risk_level_2",
)

SECOND_TOUCH_SUMMARY = Contract(
    "second_touch_summary",
    (Status.OK,),
    "001 Weekly (second_touch summaries)",
    reasons=("unknown_counters",),
    keys=(
        Key("second_touch_window_days", Kind.COUNT),
        Key("offers_generated", Kind.COUNT),
        Key("offers_suppressed_total", Kind.COUNT),
        Key("offers_suppressed_rate", Kind.RATIO),
        *(Key(f"offers_suppressed_{why}", Kind.COUNT) for why in (*_SUPPRESSED, "unknown")),
        Key("sends_attempted", Kind.COUNT),
        Key("sends_queued", Kind.COUNT),
        Key("sends_held_total", Kind.COUNT),
        Key("sends_held_rate", Kind.RATIO),
        *(Key(f"sends_held_{why}", Kind.COUNT) for why in _HELD),
        Key("disables_negative_ack", Kind.COUNT),
        Key("disables_identity_leak", Kind.COUNT),
        Key("unknown_counters", Kind.COUNT, "counter keys that this version does not know"),
    ),
)

SECOND_TOUCH_HEALTH = Contract(
    "second_touch_health",
    (Status.HEALTHY, Status.INSUFFICIENT_DATA, Status.UNHEALTHY),
    "001 Incident playbooks, ops_daily unhealthy",
    reasons=("ok", "insufficient_volume", "identity_leak_disable", "held_rate_high", "suppressed_rate_high"),
    exit_codes={Status.INSUFFICIENT_DATA: 0},
    keys=(
        Key("second_touch_health_window_days", Kind.COUNT),
        Key("offers_generated", Kind.COUNT),
        Key("offers_suppressed_total", Kind.COUNT),
        Key("offers_suppressed_rate", Kind.RATIO),
        Key("sends_attempted", Kind.COUNT),
        Key("sends_queued", Kind.COUNT),
        Key("sends_held_total", Kind.COUNT),
        Key("sends_held_rate", Kind.RATIO),
        Key("disables_identity_leak", Kind.COUNT),
        Key("disables_negative_ack", Kind.COUNT),
        Key("status", Kind.WORD),
        Key("reason", Kind.WORD),
        Key("reasons", Kind.WORDS, "all rules that were broken, when it is more than one"),
    ),
)

OPS_CI_NORMALIZE = Contract(
    "ops_ci_normalize",
    (Status.OK, Status.NORMALIZED, Status.SKIP, Status.FAIL),
    "001 Tokens & exit codes (scheduled only)",
    reasons=("exit_0", "insufficient_data", "not_schedule", "unexpected_exit_1", "unexpected_exit_2"),
    keys=(Key("parts", Kind.WORDS, "the parts that were not good"),),
)

METRICS_REGRESSION = Contract(
    "metrics_regression",
    (Status.OK, Status.NOT_CONFIGURED, Status.INSUFFICIENT_DATA, Status.FAIL),
    "001 Routine operations (spec 8)",
    reasons=(
        "missing_baseline",
        "invalid_baseline",
        "delivered_total_lt_min_n",
        "matching_health_low",
        "matching_health_regressed",
        "identity_leak_rate_high",
        "crisis_rate_high",
        "latency_p95_high",
        "latency_p95_regressed",
    ),
    exit_codes={Status.INSUFFICIENT_DATA: 0},
    keys=(
        Key("reasons", Kind.WORDS, "everything that regressed, when it is more than one thing"),
        Key("baseline_id", Kind.WORD),
        Key("h", Kind.RATIO),
        Key("baseline_h", Kind.RATIO),
    ),
)

METRICS_BASELINE = Contract(
    "metrics_baseline",
    (Status.OK, Status.SKIPPED, Status.NOT_CONFIGURED, Status.FAIL),
    "001 Routine operations (spec 8.2)",
    reasons=("insufficient_volume", "invalid_baseline", "unhealthy", "already_taken"),
    keys=(
        Key("baseline_id", Kind.WORD),
        Key("file", Kind.FILE, "the baseline's file among the artifacts"),
        Key("delivered_total", Kind.COUNT),
        Key("h", Kind.RATIO),
    ),
)

RETENTION_CLEANUP = Contract(
    "retention_cleanup",
    (Status.OK, Status.NOT_CONFIGURED, Status.FAIL),
    "001 Routine operations (spec 4.9)",
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
    "001 Routine operations (spec 4.9)",
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
    "001 Routine operations (spec 4.9)",
    reasons=("ttl_drift", "ceiling_reached", "cleanup_failed", "clock_went_back", "clock_ahead"),
    keys=(Key("mode", Kind.WORD), Key("deleted_total", Kind.COUNT), Key("expired_total", Kind.COUNT)),
)

MATCHING_TUNING = Contract(
    "matching_tuning",
    (Status.OK, Status.PLANNED, Status.SKIPPED, Status.NOT_CONFIGURED, Status.INSUFFICIENT_DATA, Status.FAIL),
    "001 Routine operations (spec 4.6)",
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

DB_MIGRATIONS_INTEGRATION = Contract(
    "db_migrations_integration",
    (Status.OK, Status.NOT_CONFIGURED, Status.FAIL),
    "001 Incident playbooks, db_migrations_integration gate fails",
    reasons=("apply_failed", "verify_failed", "idempotency_failed", "not_disposable"),
    keys=(
        Key("subreason", Kind.WORD, "the reason of the step that failed"),
        Key("migration", Kind.FILE, _ALEMBIC_OR_SQL),
        Key("sqlstate", Kind.SQLSTATE),
        Key("applied", Kind.COUNT, "migrations that the first apply ran"),
        Key("skipped", Kind.COUNT, "migrations that the second apply skipped"),
    ),
)

JANITOR = Contract(
    "janitor",
    (Status.OK, Status.PLANNED, Status.FAIL),
    "001 Routine operations (rule 2 of the design: safe to kill)",
    keys=(
        Key("checked", Kind.COUNT, "running and pending runs looked at"),
        Key("crashed", Kind.COUNT, "silent runs that were marked Crashed"),
        Key("freed", Kind.COUNT, "stuck pending runs that were given up"),
        Key("paused", Kind.COUNT, "runs that wait for a person; never touched"),
    ),
)
