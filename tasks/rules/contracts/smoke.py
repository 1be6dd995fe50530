"""What the smokes of a release and its checklist say (runbook 003, Release Checklist)."""

from tasks.rules.contracts.deploying import DOCKER_DEPLOY
from tasks.rules.contracts.services import RUN_MIGRATIONS
from tasks.rules.outcome import Contract, Key, Kind, Status

_CHECKLIST = "003 Release Checklist"

SECURITY_CANARY_PROBE = Contract(
    "security_canary_probe",
    (Status.OK, Status.FAIL),
    "003 Security Operations",
    reasons=("let_in", "answered_otherwise", "no_answer"),
    keys=(
        Key("probe", Kind.WORD, "version_without_key, webhook_unsigned or test_route"),
        Key("expected", Kind.COUNT, "the HTTP status that keeps strangers out"),
        Key("answered", Kind.COUNT, "the HTTP status that came"),
    ),
)

SECURITY_CANARY = Contract(
    "security_canary",
    (Status.OK, Status.NOT_CONFIGURED, Status.FAIL),
    "003 Security Operations",
    reasons=(*SECURITY_CANARY_PROBE.reasons, "url_missing"),
    keys=(
        Key("probes", Kind.COUNT, "probes that were sent"),
        Key("failed", Kind.COUNT, "that were answered wrongly"),
    ),
)

MIGRATION_SMOKE = Contract(
    "migration_smoke",
    (Status.OK, Status.FAIL),
    _CHECKLIST,
    reasons=(
        *RUN_MIGRATIONS.reasons,
        "not_repeatable",
        "ledger_differs",
    ),
    keys=(
        Key("applied", Kind.COUNT, "files that were run on the two fresh databases"),
        Key("again", Kind.COUNT, "files that a second run ran: none"),
        Key("database", Kind.WORD, "runtime or webhook, where it is one of them"),
        Key("missing", Kind.WORDS, "tables, columns and indexes that the plan promises and the database has not"),
    ),
)

DOCKER_SMOKE = Contract(
    "docker_smoke",
    (Status.OK, Status.NOT_CONFIGURED, Status.FAIL),
    _CHECKLIST,
    reasons=DOCKER_DEPLOY.reasons,
    keys=(
        Key("image", Kind.DIGEST, "the image that was built; it is removed again"),
        Key("container", Kind.DIGEST, "the container that answered; it is removed again"),
        Key("healthy_s", Kind.RATIO, "from its start to its first good answer"),
        Key("health_ms", Kind.RATIO),
        Key("pid", Kind.COUNT, "of port_taken: the process that holds the port"),
        Key("log", Kind.FILE, "what the container said, in .watchkeeper/services/release-smoke"),
    ),
)

RELEASE_SMOKE_STEP = Contract(
    "release_smoke_step",
    (Status.OK, Status.SKIPPED, Status.FAIL),
    _CHECKLIST,
    reasons=("asked_to_skip", "not_good", "preflight_failed"),
    keys=(
        Key("name", Kind.WORD, "preflight, tests, canary, migrations or docker"),
        Key("seconds", Kind.RATIO),
        Key("detail", Kind.WORDS, "why, in the words of the step's own line"),
    ),
)

RELEASE_SMOKE = Contract(
    "release_smoke",
    (Status.OK, Status.PARTIAL, Status.FAIL),
    _CHECKLIST,
    reasons=("step_failed", "steps_skipped", "disk_full"),
    keys=(
        Key("passed", Kind.COUNT),
        Key("failed", Kind.WORDS, "the steps that were not good"),
        Key("skipped", Kind.WORDS, "the steps that were left out on purpose: for the checklist they have not passed"),
        Key("file", Kind.FILE, "the report"),
    ),
)
