"""The incident playbooks that runbook 001 itself has."""

from tasks.rules.playbooks.playbook import AGAIN, ESCALATE, INCIDENTS, Playbook

MISSING_ENV = Playbook(
    "A variable of production is missing",
    f"{INCIDENTS}, Cron fails: prod_config missing_env",
    (
        "Read the names in `missing=` of the prod_config line; values are never shown.",
        "Set those variables where the worker gets its environment (the secret store of the deployment).",
        "Run `watchkeeper prod-config`; it must say `status=ok`.",
        "Re-run the procedure that failed.",
    ),
)
UNEXPECTED_EXIT_2 = Playbook(
    "Unhealthy, and not for lack of data",
    f"{INCIDENTS}, ops_daily fails unexpected_exit_2",
    (
        "Treat it as a real signal of the service being unhealthy.",
        "Check the run's lines: none of the bad parts may be `status=insufficient_data`.",
        "Work through `watchkeeper explain ops_daily_watchdog` and `watchkeeper explain second_touch_health`.",
        ESCALATE,
    ),
)
UNHEALTHY = Playbook(
    "The service is unhealthy",
    f"{INCIDENTS}, ops_daily unhealthy",
    (
        "See whether there is traffic at all: `delivered_total` in ops_daily_watchdog.",
        "Compare `sends_held_rate` and `offers_suppressed_rate` of the second_touch lines with the days before.",
        "List what changed since the last healthy day: deploys, settings, `matching_tuning_history`.",
        "If a deploy fits the time, roll it back; then run `watchkeeper prod-verify --mode verify`.",
        ESCALATE,
    ),
)
CONNECT_FAILED = Playbook(
    "The database does not answer",
    f"{INCIDENTS}, db_verify fail",
    (
        "See whether the server of the variable in `env=` is up, and whether this machine reaches its host and port.",
        "If the credential was rotated, set the new value in that variable.",
        AGAIN,
    ),
)
MISSING_TABLES = Playbook(
    "Tables are missing",
    f"{INCIDENTS}, db_verify fail",
    (
        "Look at the plan: `watchkeeper db-bootstrap --mode dry_run`.",
        "Re-run the migrations: `watchkeeper db-bootstrap --mode apply_migrations`.",
        "Verify: `watchkeeper db-verify` must say `status=ok`.",
    ),
)
MIGRATION_FAILED = Playbook(
    "A migration does not work",
    f"{INCIDENTS}, db_migrations_integration gate fails",
    (
        "Read `migration=` and `sqlstate=`: the files before it are applied, it and those after it are not.",
        "Revert the recent change of the plan if it was never applied to production.",
        "Otherwise fix forward with a new migration; an applied file is never edited.",
        "Prove it: `watchkeeper db-migrations-integration`.",
    ),
)
