"""What runbook 004's validation and gates say."""

from tasks.rules.outcome import Contract, Form, Key, Kind, Status

STRUCTURE_REASONS = (
    "missing",
    "unreadable",
    "bad_json",
    "not_object",
    "missing_keys",
    "timestamp_type",
    "readiness_type",
    "readiness_range",
    "checks_type",
    "status_value",
    "components_type",
    "ts_type",
    "net_bps_type",
    "latency_type",
    "taker_ratio_type",
    "taker_ratio_range",
    "buckets_type",
    "advice_type",
    "details_type",
)
AGE_REASONS = ("time_missing", "time_invalid", "from_the_future", "stale")
_PASS_FAIL = {Status.OK: "OK", Status.FAIL: "FAIL"}

# The runbook's line has no `status`, so its whole head is one word: `event=accept_error file=... reason=...`.
ACCEPT_ERROR = Contract(
    "accept_error",
    (Status.FAIL,),
    "004 Full-Accept",
    reasons=(*STRUCTURE_REASONS, *AGE_REASONS, "validation_failed", "no_data"),
    keys=(Key("file", Kind.FILE, "the artifact that is refused"), Key("reason", Kind.WORD)),
    form=Form.RESULT,
    words={Status.FAIL: "accept_error"},
    head="event",
)

FULL_ACCEPT = Contract(
    "full_accept",
    (Status.OK, Status.FAIL),
    "004 Full-Accept",
    keys=(
        Key("status", Kind.WORD),
        Key("files_checked", Kind.COUNT, "always four, whether they are there or not"),
        Key("errors", Kind.COUNT, "each has a line of its own above"),
        Key("reason", Kind.WORD),
    ),
    form=Form.EVENT,
    words=_PASS_FAIL,
)

_EDGE_REASONS = (
    "no_trades",
    "trades_stale",
    "trades_from_the_future",
    "input_missing",
    "input_unreadable",
    "input_too_large",
    "input_invalid",
    "disk_full",
)
_INPUT_KEYS = (
    Key("file", Kind.FILE, "the input that is meant"),
    Key("line", Kind.COUNT, "its first line that is not right"),
)
_EDGE_WORDS = {Status.OK: "OK", Status.INSUFFICIENT_DATA: "NODATA", Status.FAIL: "FAIL"}

EDGE_REPORT = Contract(
    "edge_report",
    (Status.OK, Status.INSUFFICIENT_DATA, Status.FAIL),
    "004 Full-Accept",
    reasons=(*_EDGE_REASONS, "latency_missing", "taker_missing"),
    keys=(
        Key("status", Kind.WORD),
        Key("reason", Kind.WORD),
        Key("net_bps", Kind.MEASURE, "mean over the symbols, in basis points"),
        Key("fills", Kind.COUNT, "trades"),
        Key("symbols", Kind.COUNT),
        Key(
            "unquoted", Kind.COUNT, "trades before their symbol's first quote: their slippage is unknown, taken as 0"
        ),
        *_INPUT_KEYS,
    ),
    form=Form.EVENT,
    words=_EDGE_WORDS,
)

EDGE_SENTINEL = Contract(
    "edge_sentinel",
    (Status.OK, Status.INSUFFICIENT_DATA, Status.FAIL),
    "004 Full-Accept",
    reasons=_EDGE_REASONS,
    keys=(
        Key("status", Kind.WORD),
        Key("reason", Kind.WORD),
        Key("advice", Kind.COUNT, "pieces of advice in the file; 0 is `keep`"),
        Key("buckets", Kind.COUNT, "quarters of an hour with trades, over all symbols"),
        Key("symbols", Kind.COUNT),
        Key("fills", Kind.COUNT, "trades"),
        *_INPUT_KEYS,
    ),
    form=Form.EVENT,
    words=_EDGE_WORDS,
)

_WEEK_REASONS = ("no_reports", "reports_stale", "disk_full")
_WEEK_KEYS = (
    Key("days", Kind.COUNT, "days of the week with a sound report"),
    Key("invalid", Kind.WORDS, "days whose report is not what its schema says"),
)
_WEEK_WORDS = {Status.OK: "OK", Status.INSUFFICIENT_DATA: "NODATA", Status.FAIL: "FAIL"}

WEEKLY_ROLLUP = Contract(
    "weekly_rollup",
    (Status.OK, Status.INSUFFICIENT_DATA, Status.FAIL),
    "004 Daily routine, step 2",
    reasons=(*_WEEK_REASONS, "ledger_invalid", "artifact_too_large"),
    keys=(
        Key("status", Kind.WORD),
        Key("verdict", Kind.WORD, "GO, WARN (worse trend, or a day is missing) or NO-GO"),
        Key("reason", Kind.WORD),
        *_WEEK_KEYS,
    ),
    form=Form.EVENT,
    words=_WEEK_WORDS,
)

READINESS_SCORE = Contract(
    "readiness_score",
    (Status.OK, Status.INSUFFICIENT_DATA, Status.FAIL),
    "004 Release bundle",
    reasons=_WEEK_REASONS,
    keys=(
        Key("status", Kind.WORD),
        Key("verdict", Kind.WORD, "GO from 90, WARN from 70, else NO-GO"),
        Key("reason", Kind.WORD),
        Key("score", Kind.MEASURE, "0 to 100"),
        *_WEEK_KEYS,
    ),
    form=Form.EVENT,
    words=_WEEK_WORDS,
)

KPI_GATE = Contract(
    "kpi_gate",
    (Status.OK, Status.PARTIAL, Status.FAIL),
    "004 Release bundle",
    reasons=("limits_broken", "week_not_whole_or_worse", "inputs_refused", "disk_full"),
    keys=(
        Key("verdict", Kind.WORD, "PASS, WARN or FAIL"),
        Key("reason", Kind.WORD),
        Key("reasons", Kind.WORDS, "which checks do not hold: EDGE, LAT, TAKER, TREND, DAYS"),
        Key("readiness", Kind.MEASURE, "percent, from READINESS_SCORE.json"),
        Key("refused", Kind.WORDS, "inputs that cannot be used, as file:reason"),
    ),
    form=Form.EVENT,
    words={Status.OK: "PASS", Status.PARTIAL: "WARN", Status.FAIL: "FAIL"},
    status_key="verdict",
)

VALIDATION_SECTION = Contract(
    "validation_section",
    (Status.OK, Status.FAIL),
    "004 Full-Accept",
    reasons=("check_failed", "timed_out", "not_started"),
    keys=(
        Key("name", Kind.WORD, "the check of validation.toml"),
        Key("status", Kind.WORD),
        Key("reason", Kind.WORD),
        Key("details", Kind.WORD, "exit_<n>, signal_<n>, timed_out or not_started"),
        Key("seconds", Kind.MEASURE),
    ),
    form=Form.EVENT,
    words=_PASS_FAIL,
)

FULL_VALIDATE = Contract(
    "full_validate",
    (Status.OK, Status.FAIL),
    "004 OPS QUICKSTART",
    reasons=("check_failed", "no_checks", "config_missing", "config_invalid", "disk_full"),
    keys=(
        Key("checked", Kind.COUNT, "checks that were run"),
        Key("failed", Kind.COUNT),
        Key("mode", Kind.WORD, "FULL or FAST"),
        Key("reason", Kind.WORD),
    ),
    form=Form.RESULT,
    words=_PASS_FAIL,
    head="RESULT",
)

DAILY_REPORT = Contract(
    "daily_report",
    (Status.OK, Status.INSUFFICIENT_DATA, Status.FAIL),
    "004 Daily routine",
    reasons=("no_trades", "inputs_refused", "disk_full"),
    keys=(
        Key("status", Kind.WORD),
        Key("verdict", Kind.WORD, "of the day: OK, WARN or FAIL"),
        Key("reason", Kind.WORD),
        Key("regressions", Kind.WORDS, "EDGE_REG, LAT_REG, TAKER_REG: a tenth worse than the week before"),
        Key("tests", Kind.WORD, "OK, FAIL or unknown"),
        Key("chaos", Kind.WORD, "OK, FAIL or unknown"),
        Key("refused", Kind.WORDS, "inputs that cannot be used, as file:reason"),
    ),
    form=Form.EVENT,
    words=_WEEK_WORDS,
)
