"""A next step for each reason of the smokes of a release and of its checklist (runbook 003)."""

from tasks.rules.playbooks.playbook import AGAIN, Playbook

_CHECKLIST = "003 Release Checklist"

STRANGER = Playbook(
    "A stranger is not kept out as he must be",
    "003 Security Operations",
    (
        "let_in: take the service off the network. Set ORKET_API_KEY and unset ORKET_ALLOW_INSECURE_NO_API_KEY; set "
        "GITEA_WEBHOOK_SECRET; unset ORKET_ENABLE_WEBHOOK_TEST_ENDPOINT. Then service-restart.",
        "answered_otherwise: `answered=` says what. 401 at test_route: the route is on. 429: the rate limit came "
        "first, wait a minute. 502, 404: something else answers there.",
        "no_answer, url_missing: set ORKET_API_URL and ORKET_WEBHOOK_URL, and look at the services.",
        AGAIN,
    ),
)
MIGRATIONS = Playbook(
    "The migrations do not do what their plan says",
    "003 Database Migrations",
    (
        "not_repeatable: a second run found something to do: a file is not in the ledger after it has run.",
        "ledger_differs, schema_differs: correct the newest file of migrations/runtime or migrations/webhook.",
        AGAIN,
    ),
)
STEP = Playbook(
    "The smoke is not good",
    _CHECKLIST,
    (
        "`failed=` names the steps and `detail=` of each why; preflight says all at once what is missing here.",
        "Start the step alone until it is good: full-validate, security-canary, migration-smoke, docker-smoke.",
        AGAIN,
    ),
)

BY_REASON: dict[str, Playbook] = {
    **dict.fromkeys(("let_in", "answered_otherwise", "no_answer", "url_missing"), STRANGER),
    **dict.fromkeys(("not_repeatable", "ledger_differs"), MIGRATIONS),
    **dict.fromkeys(("asked_to_skip", "not_good", "preflight_failed", "step_failed", "steps_skipped"), STEP),
}
BY_TOKEN: dict[str, Playbook] = {
    **dict.fromkeys(("security_canary", "security_canary_probe"), STRANGER),
    "migration_smoke": MIGRATIONS,
    "docker_smoke": STEP,
    **dict.fromkeys(("release_smoke", "release_smoke_step"), STEP),
}
