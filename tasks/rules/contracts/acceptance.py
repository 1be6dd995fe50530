"""What runbook 002's smoke and acceptance runs say."""

from tasks.rules.outcome import Contract, Key, Kind, Status

_SMOKE = "002 Smoke & Acceptance"
_RUN_REASONS = (
    "timed_out",
    "not_started",
    "no_report",
    "nothing_collected",
    "tests_failed",
    "all_skipped",
    "exit_code",
)
_RUNTIME_REASONS = (
    "runtime_unauthorised",
    "runtime_token_refused",
    "runtime_not_ours",
    "missing_runtime_url",
    "missing_runtime_token",
)
_REASONS = (*_RUN_REASONS, "service_failed", "suites_missing", "suites_invalid", "disk_full", *_RUNTIME_REASONS)
_KEYS = (
    Key("passed", Kind.COUNT),
    Key("failed", Kind.COUNT, "failures and errors"),
    Key("skipped", Kind.COUNT, "each has a line of its own"),
    Key("probes", Kind.COUNT, "questions to the running service"),
    Key("bad_probes", Kind.COUNT),
    Key("commit", Kind.DIGEST, "of the folder that was tested"),
    Key("began", Kind.TIME),
    Key("ended", Kind.TIME),
    Key("reasons", Kind.WORDS, "every reason, the first one too"),
)

SMOKE_ACCEPTANCE = Contract("smoke_acceptance", (Status.OK, Status.FAIL), _SMOKE, reasons=_REASONS, keys=_KEYS)
SMOKE_GUARD = Contract("smoke_guard", (Status.OK, Status.FAIL), _SMOKE, reasons=_REASONS, keys=_KEYS)

ACCEPTANCE_SUITE = Contract(
    "acceptance_suite",
    (Status.OK, Status.FAIL),
    _SMOKE,
    reasons=_RUN_REASONS,
    keys=(
        Key("suite", Kind.WORD),
        Key("passed", Kind.COUNT),
        Key("failed", Kind.COUNT),
        Key("errors", Kind.COUNT),
        Key("skipped", Kind.COUNT),
        Key("ended_how", Kind.WORD, "exit_N, signal_N, timed_out or not_started"),
        Key("seconds", Kind.MEASURE),
        Key("orders", Kind.COUNT, "submitted orders in the metrics file of the run itself"),
    ),
)

ACCEPTANCE_SKIP = Contract(
    "acceptance_skip",
    (Status.SKIPPED,),
    _SMOKE,
    keys=(Key("suite", Kind.WORD), Key("case", Kind.TEXT), Key("why", Kind.TEXT, "the reason that the test gives")),
)

ACCEPTANCE_PROBE = Contract(
    "acceptance_probe",
    (Status.OK, Status.FAIL),
    _SMOKE,
    reasons=("no_answer", "answered_badly"),
    keys=(Key("path", Kind.WORD, "with dots for slashes"), Key("http", Kind.COUNT, "the status of the answer")),
)
