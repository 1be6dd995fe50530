"""What runbook 001's procedures on the database's schema say ("Tokens & exit codes")."""

from tasks.rules.outcome import Contract, Key, Kind, Status

PLAN_REASONS = (
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
)
_ALEMBIC_OR_SQL = "name of the migration file, or `unknown`"

DB_BOOTSTRAP_DRY_RUN = Contract(
    "db_bootstrap_dry_run",
    (Status.OK, Status.FAIL),
    "001 Production bootstrap, step 2",
    reasons=PLAN_REASONS,
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
