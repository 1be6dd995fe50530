"""A next step for each reason of the metrics procedures (runbook 002)."""

from tasks.rules.playbooks.playbook import AGAIN, Playbook

_METRICS = "002 Metrics & Monitoring"

MISSING = Playbook(
    "There is no metrics file to read",
    _METRICS,
    (
        "The runtime writes it with its first routed order or recon report: a fresh one has none. That is no fault.",
        "Orders went out and there is none? Compare METRICS_PATH of the runtime with --file or RUNTIME_METRICS_PATH.",
        "metrics_unreadable: it is written with mode 0600. Run this as the runtime's user.",
    ),
)
INVALID = Playbook(
    "The metrics file contradicts itself",
    _METRICS,
    (
        "Each metrics_problem line names what is wrong and in which line; believe no number of this file.",
        "half_written: something else than the runtime wrote it, or the disk is full.",
        "duplicate: two processes write the same METRICS_PATH. A smoke run needs a path of its own.",
        AGAIN,
    ),
)
STALE = Playbook(
    "The metrics file is not fresh",
    _METRICS,
    (
        "stale: nobody wrote it for longer than --stale-after-s. Is the runtime there? watchkeeper readiness.",
        "content_unchanged: it is written, and says the same for too long: nothing is routed, nothing reconciled.",
        "from_the_future: compare the clocks of this machine and of the runtime's.",
    ),
)
GROWTH = Playbook(
    "Counters did not grow as expected",
    _METRICS,
    (
        "Each metrics_growth line names the series and by how much it grew since the last check.",
        "reset=true: the runtime was started anew in between; what it shows now is what it grew by.",
        "no_snapshot: this was the first read. Let something happen, then check again.",
        "too_coarse: the runtime writes six digits; at this size a small growth cannot be seen. Restart resets it.",
    ),
)
EXPECTATIONS = Playbook(
    "The file of expectations cannot be used",
    _METRICS,
    (
        "It is TOML: [[expect]] with a series as in the metrics file, in single quotes, and min_increase, "
        "max_increase or unchanged = true.",
        AGAIN,
    ),
)

BY_REASON: dict[str, Playbook] = {
    **dict.fromkeys(("metrics_missing", "metrics_unreadable", "no_samples"), MISSING),
    "invalid_metrics": INVALID,
    **dict.fromkeys(("expectation_failed", "no_snapshot", "too_coarse"), GROWTH),
    **dict.fromkeys(("expectations_missing", "expectations_invalid"), EXPECTATIONS),
    "content_unchanged": STALE,
}
BY_TOKEN: dict[str, Playbook] = {
    "metrics_check": INVALID,
    "metrics_problem": INVALID,
    "metrics_growth": GROWTH,
    "metrics_quantiles": GROWTH,
    "metrics_tail": MISSING,
    "metrics_line": MISSING,
}
BY_BOTH: dict[tuple[str, str], Playbook] = {
    ("metrics_check", "stale"): STALE,
    ("metrics_check", "from_the_future"): STALE,
}
