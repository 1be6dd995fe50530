"""What runbook 003's services procedures say."""

from tasks.rules.outcome import Contract, Key, Kind, Status

_LOAD_SECTION = "003 Load/Performance Validation"
_LOAD_REASONS = (
    "target_unreachable",
    "error_rate_high",
    "rate_limited",
    "p95_high",
    "p99_high",
    "slower_than_last",
    "generator_saturated",
    "samples_too_few",
)
_LOAD_STATUSES = (Status.OK, Status.WARN, Status.INSUFFICIENT_DATA, Status.FAIL)

LOAD_PHASE = Contract(
    "load_phase",
    _LOAD_STATUSES,
    _LOAD_SECTION,
    reasons=_LOAD_REASONS,
    keys=(
        Key("phase", Kind.WORD, "as it stands in the evidence"),
        Key("samples", Kind.COUNT, "good answers: what the percentiles rest on"),
        Key("failures", Kind.COUNT, "attempts without a good answer; their times are in no percentile"),
        Key("p50_ms", Kind.RATIO, "from the moment a request was due; left out where the samples are too few"),
        Key("p95_ms", Kind.RATIO, "needs 20 samples"),
        Key("p99_ms", Kind.RATIO, "needs 100 samples"),
        Key("max_ms", Kind.RATIO),
        Key("error_rate_percent", Kind.RATIO, "failures of all attempts"),
        Key("rate_asked", Kind.RATIO, "starts a second that were asked for"),
        Key("rate_offered", Kind.RATIO, "starts a second that there were"),
        Key("lag_p99_ms", Kind.RATIO, "how late the generator itself was"),
        Key("answers", Kind.WORDS, "attempts by class, as class:count"),
        Key("retry_after_s", Kind.COUNT, "the longest wait that a 429 asked for"),
        Key("slower", Kind.WORDS, "percentiles that are above the last accepted run's by more than the noise"),
        Key("reasons", Kind.WORDS, "every reason, where there are several"),
    ),
)

LOAD_VALIDATION = Contract(
    "load_validation",
    (Status.OK, Status.PARTIAL, Status.WARN, Status.INSUFFICIENT_DATA, Status.FAIL),
    _LOAD_SECTION,
    reasons=(
        *_LOAD_REASONS,
        "phase_left_out",
        "nothing_asked",
        "missing_env",
        "load_too_long",
        "out_exists",
        "generator_failed",
        "disk_full",
    ),
    keys=(
        Key("reasons", Kind.WORDS, "every reason, where there are several"),
        Key("phases", Kind.COUNT, "phases that were run"),
        Key("failed", Kind.COUNT, "of them not good"),
        Key("requests", Kind.COUNT, "attempts of all phases"),
        Key("failures", Kind.COUNT),
        Key("left_out", Kind.WORDS, "phases that were not run: without them nothing is accepted"),
        Key("compared", Kind.FILE, "the evidence of the last accepted run of this configuration, or none"),
        Key("refused", Kind.WORDS, "evidence beside it that cannot be believed, as file:reason"),
        Key("accepted", Kind.FLAG, "whether a release may rest on it and later runs be compared with it"),
        Key("file", Kind.FILE, "the evidence"),
    ),
)

_MIGRATIONS_SECTION = "003 Database Migrations"
_DATABASE_REASONS = (
    "database_missing",
    "database_is_folder",
    "database_not_opened",
    "database_read_only",
    "database_locked",
    "database_corrupt",
    "not_a_database",
    "database_failed",
    "recovery_pending",
    "disk_full",
    "disk_failed",
    "folder_missing",
)
_MIGRATION_REASONS = (
    *_DATABASE_REASONS,
    "same_database",
    "migrations_invalid",
    "migration_checksum_mismatch",
    "ledger_unknown_migration",
    "out_of_order_migration",
    "migration_apply_failed",
    "schema_differs",
)

RUN_MIGRATIONS_DATABASE = Contract(
    "run_migrations_database",
    (Status.OK, Status.PLANNED, Status.FAIL),
    _MIGRATIONS_SECTION,
    reasons=_MIGRATION_REASONS,
    keys=(
        Key("database", Kind.WORD, "runtime or webhook; never its path"),
        Key("reasons", Kind.WORDS, "everything found, when it is more than one thing"),
        Key("migration", Kind.FILE, "the file at which it stopped"),
        Key("sqlite", Kind.WORD, "SQLite's or the system's own name of the error"),
        Key("files", Kind.WORDS, "in a dry run: the files that would be run; of a plan that is wrong: those meant"),
        Key("missing", Kind.WORDS, "tables, columns and indexes that are not there or not as the plan leaves them"),
        Key("applied", Kind.COUNT, "files run by this run, or in a dry run: that would be"),
        Key("adopted", Kind.COUNT, "files whose work the earlier program had done, taken into the ledger"),
        Key("skipped", Kind.COUNT, "files that were in the ledger already"),
        Key("created", Kind.FLAG, "the database was not there and was made, or in a dry run: would be"),
        Key("copy", Kind.FILE, "the copy made before the change, in the folder `<database>.copies`"),
    ),
)

RUN_MIGRATIONS = Contract(
    "run_migrations",
    (Status.OK, Status.PLANNED, Status.FAIL),
    _MIGRATIONS_SECTION,
    reasons=_MIGRATION_REASONS,
    keys=(
        Key("mode", Kind.WORD, "dry_run or apply"),
        Key("reasons", Kind.WORDS, "those of both databases, when it is more than one"),
        Key("failed", Kind.WORDS, "the databases that are not at the head of their plan"),
        Key("applied", Kind.COUNT, "of both databases"),
        Key("adopted", Kind.COUNT),
        Key("skipped", Kind.COUNT),
    ),
)

_HEALTH_SECTION = "003 Health checks"
_HEALTH_REASONS = (
    "service_unreachable",
    "service_silent",
    "service_dropped",
    "tls_failed",
    "invalid_url",
    "redirected",
    "http_status",
    "answer_too_large",
    "answer_not_json",
    "status_not_ok",
    "slow",
    *_DATABASE_REASONS,
    "disk_low",
    "check_unfinished",
)

SERVICE_HEALTH_PART = Contract(
    "service_health_part",
    (Status.HEALTHY, Status.UNHEALTHY),
    _HEALTH_SECTION,
    reasons=_HEALTH_REASONS,
    keys=(
        Key("target", Kind.WORD, "api, webhook, runtime_db or webhook_db"),
        Key("reasons", Kind.WORDS, "everything against it, when it is more than one thing"),
        Key("http", Kind.COUNT, "the status code"),
        Key("said", Kind.WORD, "the status in the body, as a known word or `other`"),
        Key("tls", Kind.WORD, "what is wrong with TLS: certificate_expired, wrong_host, wrong_version_number, ..."),
        Key("latency_ms", Kind.COUNT, "from connecting to the last byte"),
        Key("sqlite", Kind.WORD, "SQLite's or the system's own name of the error"),
        Key("free_mb", Kind.COUNT, "room on the database's disk"),
        Key("checked", Kind.FLAG, "whether SQLite went through the whole file this time"),
    ),
)

SERVICE_HEALTH = Contract(
    "service_health",
    (Status.HEALTHY, Status.UNHEALTHY, Status.NOT_CONFIGURED),
    _HEALTH_SECTION,
    reasons=(*_HEALTH_REASONS, "nothing_watched"),
    keys=(
        Key("reasons", Kind.WORDS, "of all that is bad, each once, when it is more than one"),
        Key("bad", Kind.WORDS, "what is not healthy"),
        Key("watched", Kind.COUNT, "services and databases that were looked at"),
        Key("unwatched", Kind.WORDS, "those whose variable is not set"),
    ),
)
