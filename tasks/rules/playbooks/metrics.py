"""A next step for each reason of the metrics procedures (runbook 002)."""

from tasks.rules.playbooks.playbook import AGAIN, Playbook

_METRICS = "002 Metrics & Monitoring"
_SMOKE = "002 Smoke & Acceptance"

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
        "not_a_counter: a gauge may fall; expect unchanged of it, or name a counter.",
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

GOLDEN = Playbook(
    "What was observed is not what the golden documents say",
    _SMOKE,
    (
        "Look at the golden_case lines and the artifact golden-check-diff: what became what.",
        "Not meant? Mend the cause. Meant? watchkeeper golden-update at a terminal, with a reason and two people.",
        "golden_missing: a case without a document has failed. observed_missing: its run left nothing.",
        "tolerances_invalid: golden.toml has volatile, and [[tolerance]] with field and absolute or relative.",
    ),
)
NOT_UPDATED = Playbook(
    "No golden document was written",
    _SMOKE,
    (
        "dirty_tree: commit or take back what is changed; the update stands in a commit of its own.",
        "in_ci, by_hand_only, no_terminal: a person does this at a terminal, no build and no deployment.",
        "no_repository: golden documents live in a git repository, so that the change is seen.",
        "golden_moved: a document changed after it was approved. Look at the differences anew.",
    ),
)

BY_REASON: dict[str, Playbook] = {
    **dict.fromkeys(("metrics_missing", "metrics_unreadable", "no_samples"), MISSING),
    "invalid_metrics": INVALID,
    **dict.fromkeys(("expectation_failed", "no_snapshot", "too_coarse"), GROWTH),
    **dict.fromkeys(("expectations_missing", "expectations_invalid"), EXPECTATIONS),
    "content_unchanged": STALE,
    **dict.fromkeys(
        (
            "golden_differs",
            "golden_missing",
            "observed_missing",
            "golden_unreadable",
            "tolerances_invalid",
            "differs",
        ),
        GOLDEN,
    ),
    **dict.fromkeys(("in_ci", "golden_moved", "unknown_case"), NOT_UPDATED),
}
BY_TOKEN: dict[str, Playbook] = {
    "metrics_check": INVALID,
    "metrics_problem": INVALID,
    "metrics_growth": GROWTH,
    "metrics_quantiles": GROWTH,
    "metrics_tail": MISSING,
    "metrics_line": MISSING,
    "golden_case": GOLDEN,
    "golden_check": GOLDEN,
    "golden_update": NOT_UPDATED,
}
BY_BOTH: dict[tuple[str, str], Playbook] = {
    ("metrics_check", "stale"): STALE,
    ("golden_update", "dirty_tree"): NOT_UPDATED,
    ("golden_update", "no_repository"): NOT_UPDATED,
    ("metrics_check", "from_the_future"): STALE,
}
