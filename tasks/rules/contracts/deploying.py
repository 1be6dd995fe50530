"""What restarting and deploying a service says (runbook 003, Start/Stop and Deploy with Docker)."""

from tasks.rules.outcome import Contract, Key, Kind, Status

DECLARATION_REASONS = (
    "no_declaration",
    "declaration_invalid",
    "unknown_service",
    "env_file_missing",
    "port_taken",
    "disk_full",
)
# What is said of the release that a procedure leaves running.
RELEASE_KEYS = (
    Key("release", Kind.WORD, "the runtime's release in use, where it has releases"),
    Key("standing", Kind.WORD, "passed and recorded for rollback, unverified, or unrecorded"),
    Key("why", Kind.WORD, "what stood against verifying or recording it"),
)
_STATUSES = (Status.OK, Status.NOT_CONFIGURED, Status.FAIL)

SERVICE_RESTART = Contract(
    "service_restart",
    _STATUSES,
    "003 Start/Stop",
    reasons=(
        *DECLARATION_REASONS,
        "no_start_command",
        "not_stopped",
        "not_started",
        "ended_early",
        "health_timeout",
        "memory_invalid",
    ),
    keys=(
        Key("service", Kind.WORD, "its name in the declaration"),
        Key("stopped", Kind.WORD, "none was running, asked, command (its own) or killed"),
        Key("stop_s", Kind.RATIO, "how long the end took, the port free again"),
        Key("pid", Kind.COUNT, "the process that listens; of port_taken: the one that holds the port"),
        Key("healthy_s", Kind.RATIO, "from the start to the first good answer of it"),
        Key("health_ms", Kind.RATIO, "how long that answer took"),
        *RELEASE_KEYS,
        Key("log", Kind.FILE, "in .watchkeeper/services/<service> beside the declaration"),
    ),
)

DOCKER_DEPLOY = Contract(
    "docker_deploy",
    (Status.OK, Status.PLANNED, Status.NOT_CONFIGURED, Status.FAIL),
    "003 Deploy with Docker",
    reasons=(
        *DECLARATION_REASONS,
        "docker_missing",
        "docker_not_running",
        "docker_failed",
        "no_image",
        "container_foreign",
        "container_changed",
        "build_failed",
        "run_failed",
        "not_stopped",
        "ended_early",
        "health_timeout",
    ),
    keys=(
        Key("service", Kind.WORD, "its name in the declaration"),
        Key("image", Kind.DIGEST, "the image that was built"),
        Key("before", Kind.DIGEST, "the image to go back to; left out on the first deploy"),
        Key("container", Kind.DIGEST, "the container that answered"),
        Key("healthy_s", Kind.RATIO, "from its start to its first good answer"),
        Key("health_ms", Kind.RATIO, "how long that answer took"),
        Key("rolled_back", Kind.WORD, "yes, failed, or nothing_before (then nothing runs)"),
        Key("pid", Kind.COUNT, "of port_taken: the process that holds the port"),
        Key("log", Kind.FILE, "in .watchkeeper/services/<service> beside the declaration"),
    ),
)
