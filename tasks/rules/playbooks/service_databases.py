"""A next step for each reason of the services' databases: migrating them, and what their health check finds."""

from tasks.rules.playbooks.playbook import AGAIN, Playbook

_MIGRATIONS = "003 Database Migrations"
_API = "003 Incident Playbook, Elevated 5xx from API"

PATH = Playbook(
    "There is no database where one is expected",
    _MIGRATIONS,
    (
        "Look at --runtime-db, --webhook-db, ORKET_RUNTIME_DB and ORKET_WEBHOOK_DB, and at the folder you are in.",
        "A new database is made at the default place, or with --create in a folder that is there.",
        AGAIN,
    ),
)
ACCESS = Playbook(
    "The database is there but may not be used",
    _API,
    (
        "Look at owner and permissions of the file and of its folder: SQLite writes beside the file as well.",
        "Give the user of the service and of this worker the right to write both.",
        AGAIN,
    ),
)
HELD = Playbook(
    "Another process holds the database",
    _MIGRATIONS,
    (
        "See who has it open (`fuser` or `lsof` on the file); a service that is writing lets go after a moment.",
        "Stop the service, start again, then start the service.",
    ),
)
DAMAGED = Playbook(
    "The database is damaged",
    _API,
    (
        "Stop the service: each write may make it worse. Keep the file and what lies beside it (-wal, -journal).",
        "Put the newest good copy from `<database>.copies` in its place, or what `sqlite3 .recover` saves.",
        "Look at the disk before you start the service again.",
    ),
)
UNFINISHED = Playbook(
    "A writer died in the middle of a write",
    _API,
    (
        "Start the service, or `watchkeeper run-migrations` without --dry-run: whoever writes next rolls it back.",
        "Look into the service's log for why it died.",
    ),
)
ROOM = Playbook(
    "What was to be written did not fit",
    _API,
    (
        "Look at free space, quota and file-size limit where the database is; old copies lie in `<database>.copies`.",
        "What was applied before it stays; the file at which it stopped left nothing behind.",
        AGAIN,
    ),
)
MIGRATION = Playbook(
    "A migration of a service's database does not work",
    _MIGRATIONS,
    (
        "Read `migration=` and `sqlite=`: the files before it are applied, it and those after it are not.",
        "Correct the file, which is not in the ledger, or what it met; an applied file is never edited.",
        AGAIN,
    ),
)
LEDGER = Playbook(
    "Plan and ledger of a service's database do not tell the same story",
    _MIGRATIONS,
    (
        "Read `migration=` and `reasons=`: the file that was edited, is unknown here, or was slipped in late.",
        "If the plan here is older than the database, use the release that the database has.",
        "If an applied file was edited, restore it and put the change into a new file with the next number.",
    ),
)
SCHEMA = Playbook(
    "Something of the schema is not as the plan leaves it",
    _MIGRATIONS,
    (
        "Read `missing=`: tables, columns or indexes that are gone or of another shape, though the ledger has them.",
        "Find who changed them by hand. Write a new migration that makes them so again.",
        "Before that nothing else is applied to this database.",
    ),
)
PLAN = Playbook(
    "The plan itself is not sound",
    _MIGRATIONS,
    (
        "Read `reasons=` and `files=`: a gap, a number twice, a stray or unreadable file. No database was touched.",
        "Correct the folder; --dry-run lists all that is wrong with it.",
    ),
)
STRANGE = Playbook(
    "SQLite met something unexpected",
    _API,
    ("Read `sqlite=`: SQLite's name of the error, explained in its documentation.", AGAIN),
)

SILENT = Playbook(
    "A service does not answer",
    _API,
    (
        "Read the line of each `target=`. service_unreachable: it is down, or address and port are wrong.",
        "service_silent, service_dropped: it takes connections and does no work; look into its log and at its load.",
        "Restart it (`watchkeeper service-restart`) and see it healthy: `watchkeeper service-health`.",
    ),
)
LED_ASTRAY = Playbook(
    "Something else than the service answers",
    _API,
    (
        "Read `tls=` and `http=`: a wrong scheme, port or certificate, or a proxy that sends on to somewhere else.",
        "Correct ORKET_API_URL or ORKET_WEBHOOK_URL (http(s)://host[:port], no user in it), or the certificate.",
        AGAIN,
    ),
)
NOT_WELL = Playbook(
    "A service answers that it is not well",
    _API,
    (
        "Read `http=` and `said=`; then the service's log, `workspace/default/orket.log`.",
        "Look at the lines of the databases in the same run: what the API needs first is its database.",
        "Restart it and see it healthy: `watchkeeper service-health`.",
    ),
)
SLOW = Playbook(
    "A service answers too slowly",
    _API,
    (
        "Compare `latency_ms=` with the runs before: `watchkeeper outcomes --procedure service-health`.",
        "Look at the load of the machine and at who holds the database.",
    ),
)
NOT_CHECKED = Playbook(
    "A database is too large to be read within two minutes",
    _API,
    ("Check it at a quiet hour by hand: `PRAGMA quick_check`.", "Then give --check-every-minutes a larger number."),
)
NOTHING = Playbook(
    "Nothing is watched",
    "003 Health checks",
    ("Set ORKET_API_URL, ORKET_WEBHOOK_URL, ORKET_RUNTIME_DB or ORKET_WEBHOOK_DB; only what is set is watched.",),
)

_TOKENS = ("run_migrations", "run_migrations_database")
BY_REASON: dict[str, Playbook] = {
    **dict.fromkeys(("database_missing", "database_is_folder", "not_a_database", "folder_missing"), PATH),
    "same_database": PATH,
    **dict.fromkeys(("database_not_opened", "database_read_only"), ACCESS),
    "database_locked": HELD,
    "database_corrupt": DAMAGED,
    "recovery_pending": UNFINISHED,
    "disk_failed": ROOM,
    "schema_differs": SCHEMA,
    "database_failed": STRANGE,
    **dict.fromkeys(("service_unreachable", "service_silent", "service_dropped"), SILENT),
    **dict.fromkeys(("tls_failed", "invalid_url", "redirected"), LED_ASTRAY),
    **dict.fromkeys(("http_status", "answer_too_large", "answer_not_json", "status_not_ok"), NOT_WELL),
    "slow": SLOW,
    "disk_low": ROOM,
    "check_unfinished": NOT_CHECKED,
    "nothing_watched": NOTHING,
}
BY_TOKEN: dict[str, Playbook] = {
    **dict.fromkeys(_TOKENS, MIGRATION),
    **dict.fromkeys(("service_health", "service_health_part"), NOT_WELL),
}
_MIGRATING = {
    "migration_apply_failed": MIGRATION,
    "migration_checksum_mismatch": LEDGER,
    "ledger_unknown_migration": LEDGER,
    "out_of_order_migration": LEDGER,
    "migrations_invalid": PLAN,
    "disk_full": ROOM,
}
BY_BOTH: dict[tuple[str, str], Playbook] = {
    (token, reason): playbook for token in _TOKENS for reason, playbook in _MIGRATING.items()
} | {(token, "disk_full"): ROOM for token in ("service_health", "service_health_part")}
