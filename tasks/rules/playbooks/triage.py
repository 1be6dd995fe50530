"""A next step for each reason of the triage and of the rotation."""

from tasks.rules.contracts.triage import ROTATION_REASONS
from tasks.rules.playbooks.playbook import AGAIN, Playbook

_SECTION = "003 Incident Playbook"

EVIDENCE = Playbook(
    "There was nothing to judge by",
    _SECTION,
    (
        "Name the logs where this runs: --logs F G. The API writes to orket.log in its project root, the webhook "
        "server to orket.log in its working directory, and some records to workspace/default/orket.log.",
        "Set ORKET_API_URL, ORKET_WEBHOOK_URL, ORKET_RUNTIME_DB and ORKET_WEBHOOK_DB.",
        AGAIN,
    ),
)
NOTE = Playbook(
    "The incident note was not written",
    "002 Incident Notes",
    (
        "The evidence is on the page of this run. The log says why the operations database did not take it.",
        "When it does: watchkeeper incident-note --do draft --key WORD",
    ),
)
PROBE = Playbook(
    "The rate limit could not be tried",
    _SECTION,
    (
        "Set ORKET_WEBHOOK_URL and GITEA_WEBHOOK_SECRET where this runs, and see that the webhook server answers.",
        "Or leave --probes at 0: everything else is looked at without it.",
    ),
)

ROTATION = Playbook(
    "The webhook's secret is not exchanged, or not proved",
    _SECTION,
    (
        "Start it again: it goes on where it stopped, with the same new secret, until the old one is refused.",
        "invalid_repos, hook_missing: name the repositories with --repos, or the hook with --hook-url.",
        "new_secret_refused, old_secret_accepted: something else answers on the port, or the server does not read "
        "the env file. Deliveries are refused until that is put right.",
        "env_file_unclear: write GITEA_WEBHOOK_SECRET into one line of its own, without quotes over several lines.",
    ),
)

BY_REASON: dict[str, Playbook] = {
    "no_evidence": EVIDENCE,
    "note_not_written": NOTE,
    "probe_not_possible": PROBE,
    **dict.fromkeys(ROTATION_REASONS, ROTATION),
}
BY_TOKEN: dict[str, Playbook] = {"incident_triage": EVIDENCE, "webhook_secret_rotate": ROTATION}
