"""A next step for each reason of the smoke and acceptance runs (runbook 002)."""

from tasks.rules.contracts.acceptance import ACCEPTANCE_SUITE, SMOKE_ACCEPTANCE, SMOKE_GUARD
from tasks.rules.playbooks.playbook import AGAIN, Playbook

_SMOKE = "002 Smoke & Acceptance"

RUN = Playbook(
    "The run of the suite does not count",
    _SMOKE,
    (
        "The acceptance_suite line says how it ended and what it counted; the end of its log is below --logs.",
        "nothing_collected, no_report: the command of the suites file finds no test, or writes no {junit}.",
        "all_skipped: every test was skipped; the acceptance_skip lines say why.",
        "timed_out: it was ended with all its children after timeout_s.",
        AGAIN,
    ),
)
SERVICE = Playbook(
    "The running service does not answer as it should",
    _SMOKE,
    (
        "Each acceptance_probe line has the path and the HTTP status; no_answer: is its process there?",
        "answered_badly at healthz with 200: it says itself that it is not ok. After SIGTERM it stays so for ever.",
        "No service is meant to be up yet? --no-service counts the suite alone.",
    ),
)
SUITES = Playbook(
    "The file of suites cannot be used",
    _SMOKE,
    (
        'It is TOML: [[suite]] with name "acceptance" or "guard", command with {junit}, folder, timeout_s, env.',
        "docs/suites.example.toml is one to begin with.",
    ),
)

BY_REASON: dict[str, Playbook] = {
    **dict.fromkeys(("no_report", "nothing_collected", "tests_failed", "all_skipped", "exit_code"), RUN),
    **dict.fromkeys(("service_failed", "answered_badly"), SERVICE),
    **dict.fromkeys(("suites_missing", "suites_invalid"), SUITES),
}
BY_TOKEN: dict[str, Playbook] = {
    "smoke_acceptance": RUN,
    "smoke_guard": RUN,
    "acceptance_suite": RUN,
    "acceptance_skip": RUN,
    "acceptance_probe": SERVICE,
}
BY_BOTH: dict[tuple[str, str], Playbook] = {
    ("acceptance_probe", "no_answer"): SERVICE,
    **{
        (contract.token, reason): RUN
        for contract in (ACCEPTANCE_SUITE, SMOKE_ACCEPTANCE, SMOKE_GUARD)
        for reason in ("timed_out", "not_started")
    },
}
