"""What restarting and deploying a service says (runbook 003, Start/Stop and Deploy with Docker)."""

from tasks.rules.outcome import Contract, Key, Kind, Status

_DECLARATION_REASONS = (
    "no_declaration",
    "declaration_invalid",
    "unknown_service",
    "env_file_missing",
    "port_taken",
    "disk_full",
)
_STATUSES = (Status.OK, Status.NOT_CONFIGURED, Status.FAIL)

SERVICE_RESTART = Contract(
    "service_restart",
    _STATUSES,
    "003 Start/Stop",
    reasons=(
        *_DECLARATION_REASONS,
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
        Key("log", Kind.FILE, "in .watchkeeper/services/<service> beside the declaration"),
    ),
)
