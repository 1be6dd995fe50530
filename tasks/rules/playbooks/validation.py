"""A next step for each reason of runbook 004's validation and gates."""

from tasks.rules.contracts.validation import STRUCTURE_REASONS
from tasks.rules.playbooks.playbook import AGAIN, Playbook

ACCEPT_004 = "004 Full-Accept"

STRUCTURE = Playbook(
    "A key artifact is not what its schema says",
    ACCEPT_004,
    (
        "Read `file=` and `reason=` of each accept_error line; docs/schemas has the schema of every file.",
        "Start the producer of the file: edge-report, edge-sentinel, full-validate, kpi-gate. Do not edit the file.",
        "Accept again: `watchkeeper full-accept`.",
    ),
)
DATED = Playbook(
    "An artifact does not say when it was made",
    ACCEPT_004,
    ("Start its producer again; ours write their time into every file.", AGAIN),
)
VALIDATION = Playbook(
    "The validation has failed",
    ACCEPT_004,
    (
        "Read FULL_STACK_VALIDATION.md: the section that says FAIL.",
        "Its log is in artifacts/ci; run its command alone (validation.toml has it) until it is good.",
        "Then `watchkeeper full-validate` and `watchkeeper full-accept`.",
    ),
)
QUIET = Playbook(
    "Nothing was traded, or not lately",
    ACCEPT_004,
    (
        "See whether the quiet is expected, and whether the feed of trades still writes.",
        "A report without trades is kept as such: it opens no gate and advances no phase.",
    ),
)
FEED = Playbook(
    "The trades or quotes cannot be used",
    ACCEPT_004,
    (
        "Read `file=` and `line=`: the first line that is not right; the log says what is wrong with it.",
        "Correct the feed. Every trade tells symbol, ts_ms, side, price, qty, mid_before, mid_after_1s and fee_bps; "
        "for the gates also order_age_ms and taker.",
        AGAIN,
    ),
)
WEEK = Playbook(
    "There are not enough reports of the days",
    "004 Daily routine, step 2",
    (
        "Look at daily-report: it writes REPORT_SOAK_<day>.json every day, and `invalid=` names the damaged ones.",
        "The week ends today or yesterday; a report older than that is no news.",
        AGAIN,
    ),
)
GATE = Playbook(
    "The week does not hold its limits",
    "004 Release bundle",
    (
        "Read `reasons=`, then KPI_GATE.md: each check with its value and its limit.",
        "EDGE: plan a tuning step. LAT: lengthen the backoff. TAKER: lower the caps.",
        "TREND: compare with the week before.",
        "DAYS: a report is missing; look at daily-report. Do not move the limit.",
    ),
)
REFUSED = Playbook(
    "An input of the gate cannot be used",
    "004 Release bundle",
    (
        "Read `refused=`: file and reason. The old result was left alone and goes stale by itself.",
        "Start the producer: edge-report, weekly-rollup, readiness-score, full-validate.",
        AGAIN,
    ),
)
LEDGER_DAILY = Playbook(
    "The daily ledger cannot be used",
    "004 Daily routine, step 2",
    ("LEDGER_DAILY.json is a list of rows with date, equity, fees and rebates, or an empty object.", AGAIN),
)
CHECKS = Playbook(
    "The file of checks cannot be used",
    "004 OPS QUICKSTART",
    (
        "The log says what is wrong; validation.toml of this project is the example.",
        "With --fast at least one check must be marked fast.",
        AGAIN,
    ),
)

BY_REASON: dict[str, Playbook] = {
    **dict.fromkeys(STRUCTURE_REASONS, STRUCTURE),
    "time_missing": DATED,
    "validation_failed": VALIDATION,
    "no_data": QUIET,
    "no_trades": QUIET,
    "trades_stale": QUIET,
    "trades_from_the_future": FEED,
    "latency_missing": FEED,
    "taker_missing": FEED,
    **dict.fromkeys(("no_reports", "reports_stale"), WEEK),
    **dict.fromkeys(("limits_broken", "week_not_whole_or_worse"), GATE),
    **dict.fromkeys(("ledger_invalid", "artifact_too_large"), LEDGER_DAILY),
    **dict.fromkeys(("check_failed", "timed_out", "not_started"), VALIDATION),
    **dict.fromkeys(("no_checks", "config_missing", "config_invalid"), CHECKS),
    "inputs_refused": REFUSED,
    "input_missing": FEED,
    "input_unreadable": FEED,
    "input_too_large": FEED,
    "input_invalid": FEED,
}
BY_TOKEN: dict[str, Playbook] = {
    "full_accept": STRUCTURE,
    "edge_report": QUIET,
    "edge_sentinel": QUIET,
    "daily_report": REFUSED,
    "weekly_rollup": WEEK,
    "readiness_score": WEEK,
    "kpi_gate": GATE,
    "full_validate": VALIDATION,
    "validation_section": VALIDATION,
}
