"""A next step for each reason that the runbook's own playbooks do not speak of."""

from tasks.rules.playbooks.playbook import AGAIN, BOOTSTRAP, ESCALATE, ESCALATION, INCIDENTS, ROUTINE, Playbook

PLAN = Playbook(
    "The migration plan is not in order",
    f"{BOOTSTRAP}, step 2",
    (
        "Read `files=` and `reasons=`: they name what is missing, doubled, misnamed, unreadable or does not belong.",
        "Correct the folder of the plan; a file that was ever applied keeps its name and its content.",
        "Check without a database: `watchkeeper db-bootstrap --mode dry_run`.",
    ),
)
LEDGER = Playbook(
    "Plan and ledger do not tell the same story",
    f"{BOOTSTRAP}, step 4",
    (
        "Read `migrations=` or `migration=`: it names where plan and ledger part.",
        "If the plan here is older than production, deploy the version that production has.",
        "If an applied file was edited, restore it and put the change into a new migration.",
        "If production is behind, run `watchkeeper db-bootstrap --mode apply_migrations`.",
    ),
)
INDEX = Playbook(
    "An index was left INVALID",
    f"{BOOTSTRAP}, step 4",
    (
        "Read `indexes=`: a CREATE INDEX CONCURRENTLY broke off, so it costs writes and serves no read.",
        "Drop it (`DROP INDEX CONCURRENTLY`) and start `watchkeeper db-bootstrap --mode apply_migrations` again.",
    ),
)
PART = Playbook(
    "A part of the procedure failed",
    ROUTINE,
    (
        "Read `parts=` or `subreason=`, and the line of that part above the last one.",
        "Ask for the part: `watchkeeper explain <token> <reason>`.",
        "When the part is good again, start the whole procedure once more.",
    ),
)
REGRESSED = Playbook(
    "A measure is worse than it may be",
    ROUTINE,
    (
        "Read `reasons=`, and compare `h=` with `baseline_h=`.",
        "List what changed since the baseline was taken (`baseline_id=` carries its commit and its time).",
        "Roll back the deploy that fits the time.",
        "If the new level is wanted, take a new one: `watchkeeper metrics-baseline`.",
    ),
)
NO_BASELINE = Playbook(
    "The stored baseline cannot be compared with",
    ROUTINE,
    (
        "Take a new one on a healthy day: `watchkeeper metrics-baseline`.",
        "The old one stays in the operations database; the newest is the one that counts.",
    ),
)
NOT_ENOUGH = Playbook(
    "Too little traffic to judge",
    ROUTINE,
    (
        "See whether the quiet is expected: `delivered_total` and the health trend.",
        "If it is not, look for a broken delivery path before anything else.",
        "Start it again when there are 50 deliveries in the window.",
    ),
)
TTL = Playbook(
    "Rows are past their TTL",
    ROUTINE,
    (
        "Read `expired_rows` of each table in the retention_report line.",
        "Run `watchkeeper retention --mode cleanup`; rows that somebody held are taken by the next run.",
        "If it comes back, see why the scheduled cleanup did not run: `watchkeeper outcomes`.",
    ),
)
CEILING = Playbook(
    "The cleanup stopped at its ceiling",
    ROUTINE,
    (
        "See whether so many expired rows are plausible: the TTL variables, and how long no cleanup ran.",
        "If they are, start `watchkeeper retention --mode cleanup` again: it goes on where it stopped.",
        "If they are not, correct the variable first; what was deleted comes back from the backup only.",
    ),
)
CLEANUP = Playbook(
    "The cleanup could not finish a table",
    ROUTINE,
    (
        "Read the line of each table: `deleted=` is what is gone, `reason=` why it ended.",
        "Ask for that reason: `watchkeeper explain retention_cleanup <reason>`.",
        AGAIN,
    ),
)
REPORT = Playbook(
    "The retention report could not be made",
    ROUTINE,
    ("Read the reason in the last line of the run.", "Check the database: `watchkeeper db-verify`.", AGAIN),
)
CLOCK = Playbook(
    "The clock is not to be trusted",
    ROUTINE,
    (
        "Compare the time of this machine with the database server's (`SELECT now()`); check time synchronisation.",
        "Nothing was changed by this clock. When both agree within an hour, start again.",
    ),
)
TUNING_MOVED = Playbook(
    "Somebody changed the tuning meanwhile",
    ROUTINE,
    (
        "Look at `matching_tuning` and `matching_tuning_history`: who changed it, and why.",
        "Plan again: `watchkeeper matching-tuning`; then with `--execute` if the plan is right.",
    ),
)
COMMAND = Playbook(
    "The procedure was started with something it does not know",
    "001 Tokens & exit codes",
    ("See what it takes: `watchkeeper <procedure> --help`.", "Start it again with one of those."),
)
OUTPUT = Playbook(
    "The procedure tried to say what its contract does not allow",
    "001 Tokens & exit codes",
    (
        "The line was replaced before it left: nothing was shown.",
        "Read the scrubbed log of the run, and report the defect with token and reason alone.",
    ),
)
CRASH = Playbook(
    "The procedure crashed",
    ESCALATION,
    (
        "Read the scrubbed log of the run for the class of the error.",
        AGAIN,
        "If it crashes again, report it with the line alone and do the step by hand as the runbook says.",
    ),
)
INTERRUPTED = Playbook(
    "The run was ended from outside",
    ESCALATION,
    ("See who ended it: a cancel in the UI, a restart of the worker, a time limit.", AGAIN),
)
ORCHESTRATOR = Playbook(
    "The Prefect server does not answer",
    ESCALATION,
    (
        "Run the command by hand: it works without the server and says so.",
        "Bring the server back (`make up`, or the service of your installation); schedules catch up by themselves.",
    ),
)
FROZEN = Playbook(
    "The clock is frozen",
    "001 Tokens & exit codes",
    ("WATCHKEEPER_NOW is set: right for a rehearsal, wrong for operations.", "Unset it and start again."),
)
PARAMETER = Playbook(
    "A run was asked for with parameters that do not fit",
    ROUTINE,
    (
        "Open the run in the UI, tab Details: the state message names the parameter and what it may be.",
        "Start the run again from the form of its deployment, which checks them; leave its check on.",
    ),
)
SETTING = Playbook(
    "A variable has a value that does not fit",
    f"{BOOTSTRAP}, step 1",
    ("Correct the variable that `env=` or `invalid=` names; its value is never shown.", AGAIN),
)
LOST = Playbook(
    "The database went away in the middle",
    f"{INCIDENTS}, db_verify fail",
    ("See whether the server restarted or failed over.", "Wait until `watchkeeper db-verify` answers.", AGAIN),
)
TIMEOUT = Playbook(
    "The database was too slow or blocked",
    f"{INCIDENTS}, db_verify fail",
    (
        "Look for the blocker: `pg_stat_activity` and `pg_blocking_pids` on the database of `env=`.",
        "Let it finish or end it, then start again.",
    ),
)
PERMISSION = Playbook(
    "The role may not do that",
    f"{INCIDENTS}, db_verify fail",
    (
        "The server is up and the credential works; a privilege is missing.",
        "Grant the role of the variable in `env=` what the procedure needs, or name the right role.",
        AGAIN,
    ),
)
READ_ONLY = Playbook(
    "The server is read-only",
    f"{INCIDENTS}, db_verify fail",
    (
        "The variable in `env=` leads to a replica, or the primary was set read-only.",
        "Point it to the primary.",
        AGAIN,
    ),
)
DATABASE = Playbook(
    "The database refused",
    f"{INCIDENTS}, db_verify fail",
    ("Find the SQLSTATE in the scrubbed log.", "Check shape and ledger: `watchkeeper db-verify`.", ESCALATE),
)
LOCKED = Playbook(
    "Somebody else is at work",
    ROUTINE,
    ("Read `held_by=` and `held_for_s=`.", "Wait for it to end; if it hangs, end it: its lock goes with it.", AGAIN),
)
ARTIFACT = Playbook(
    "An artifact could not be written or read",
    ROUTINE,
    ("See whether the place in ARTIFACTS_URL exists, has room and lets this user in.", AGAIN),
)
SCRATCH = Playbook(
    "The database is not one to be thrown away",
    f"{INCIDENTS}, db_migrations_integration gate fails",
    ("The gate only works on an empty scratch database.", "Name one by its variable, never production's."),
)
JANITOR = Playbook(
    "Runs could not be cleared",
    ROUTINE,
    ("See whether the Prefect server answers.", "Start `watchkeeper janitor` again, or mark the run in the UI."),
)
GENERAL = Playbook(
    "Something went wrong",
    ESCALATION,
    ("Read the lines of the run from the first to the last.", AGAIN, ESCALATE),
)
