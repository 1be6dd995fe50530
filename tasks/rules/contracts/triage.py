"""What the triage of incidents and the rotation of the webhook's secret say (runbook 003, Incident Playbook)."""

from tasks.rules.contracts.deploying import SERVICE_RESTART
from tasks.rules.outcome import Contract, Key, Kind, Status
from tasks.rules.publishing.remote import GITEA_REASONS

_SECTION = "003 Incident Playbook"
ROTATION_REASONS = (
    "invalid_repos",
    "hook_missing",
    "too_many_hooks",
    "env_file_unclear",
    "new_secret_refused",
    "old_secret_accepted",
    "not_proved",
)

INCIDENT_TRIAGE = Contract(
    "incident_triage",
    (Status.OK, Status.PARTIAL, Status.INSUFFICIENT_DATA, Status.FAIL),
    _SECTION,
    reasons=("no_evidence", "note_not_written", "probe_not_possible"),
    keys=(
        Key("playbook", Kind.WORD),
        Key("cause", Kind.WORD, "the likeliest; none_found if nothing speaks for one"),
        Key("causes", Kind.WORDS, "all that something speaks for, when it is more than one"),
        Key("against", Kind.WORDS, "what is wrong with database, health or fixture"),
        Key("counts", Kind.WORDS, "what the logs hold, as word:count"),
        Key("logs", Kind.COUNT, "logs that were read"),
        Key("missing", Kind.COUNT, "logs that could not be read: the note names them"),
        Key("torn", Kind.COUNT, "lines that are no record"),
        Key("limit", Kind.COUNT, "requests a minute that the webhook server really takes"),
        Key("limited_at", Kind.COUNT, "the probe that was answered with 429"),
        Key("timeout_s", Kind.RATIO, "what a verification may take"),
        Key("incident", Kind.WORD, "the note that was drafted"),
        Key("offered", Kind.WORD, "the deployment whose run waits for one click"),
        Key("next", Kind.COMMAND, "the same for a terminal"),
    ),
)

WEBHOOK_SECRET_ROTATE = Contract(
    "webhook_secret_rotate",
    (Status.OK, Status.PLANNED, Status.NOT_CONFIGURED, Status.FAIL),
    _SECTION,
    reasons=(
        *SERVICE_RESTART.reasons,
        *GITEA_REASONS,
        "missing_env",
        *ROTATION_REASONS,
    ),
    keys=(
        Key("hooks", Kind.COUNT, "webhooks at Gitea that get the new secret"),
        Key("resumed", Kind.FLAG, "whether an exchange that was cut short goes on"),
        Key("proved", Kind.FLAG, "the restarted server takes the new secret and refuses the old one with 401"),
        Key("recorded", Kind.FLAG, "whether the shift log has it"),
        Key("pid", Kind.COUNT, "of port_taken: the process that holds the port"),
        Key("log", Kind.FILE, "in .watchkeeper/services/<service> beside the declaration"),
    ),
)
