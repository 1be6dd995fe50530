"""A next step for each reason of runbook 003's services procedures."""

from tasks.rules.playbooks import service_databases
from tasks.rules.playbooks.playbook import AGAIN, Playbook

_LOAD = "003 Load/Performance Validation"

UNREACHABLE = Playbook(
    "Nobody takes connections where the load was to go",
    _LOAD,
    (
        "Read `answers=` of the phase. refused: no server, or the wrong port. tls_failed: scheme or certificate.",
        "Look at the service: `GET /health`. Correct --webhook-base-url, --api-base-url or --ws-url.",
        AGAIN,
    ),
)
ERRORS = Playbook(
    "Too many requests were not answered well",
    _LOAD,
    (
        "Read `answers=`. unauthorised: set ORKET_API_KEY, GITEA_WEBHOOK_SECRET or ORKET_WEBHOOK_TEST_TOKEN as the "
        "services have them, and switch the test route on (ORKET_ENABLE_WEBHOOK_TEST_ENDPOINT) or leave it out.",
        "server_error: read the service's log of that time. timeout, dropped: look at its load and limits.",
        "Do not release on it; the evidence stays as proof of what was seen.",
    ),
)
LIMITED = Playbook(
    "The service's rate limit answered instead of the service",
    _LOAD,
    (
        "The limit works; what was measured is the limit. `retry_after_s=` is the longest wait it asked for.",
        "For the validation raise ORKET_RATE_LIMIT above --webhook-total, or ask for less: "
        "--webhook-total 50 and a minute of rest before.",
        AGAIN,
    ),
)
SLOW = Playbook(
    "It answers more slowly than it may",
    _LOAD,
    (
        "Look at the picture beside the evidence: a long tail alone is stalls, all of the curve is work or waiting.",
        "`slower=` names what is above the last accepted run of the same configuration: see what has changed since.",
        "Repeat it on a quiet machine before you act. To accept the new pace: once with --noise-percent 1000.",
    ),
)
UNSURE = Playbook(
    "The figures prove nothing",
    _LOAD,
    (
        "generator_saturated: the machine that made the load was late itself; use a quieter one or a lower rate.",
        "samples_too_few: p95 needs 20 good answers, p99 needs 100; ask for more.",
        "phase_left_out, nothing_asked: give every phase a total, and set GITEA_WEBHOOK_SECRET so that it can sign.",
        AGAIN,
    ),
)
NOT_STARTED = Playbook(
    "The load was not made",
    _LOAD,
    (
        "out_exists: evidence is never written over; give --out another name or leave it out.",
        "load_too_long: all phases together may last an hour; lower a total or raise its rate.",
        "generator_failed: read the run's log, then start again.",
    ),
)

BY_REASON: dict[str, Playbook] = {
    **service_databases.BY_REASON,
    "target_unreachable": UNREACHABLE,
    "error_rate_high": ERRORS,
    "rate_limited": LIMITED,
    **dict.fromkeys(("p95_high", "p99_high", "slower_than_last"), SLOW),
    **dict.fromkeys(("generator_saturated", "samples_too_few", "phase_left_out", "nothing_asked"), UNSURE),
    **dict.fromkeys(("load_too_long", "out_exists", "generator_failed"), NOT_STARTED),
}
BY_TOKEN: dict[str, Playbook] = {
    **service_databases.BY_TOKEN,
    "load_phase": ERRORS,
    "load_validation": ERRORS,
}
