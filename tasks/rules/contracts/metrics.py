"""What runbook 002's metrics procedures say."""

from tasks.rules.contracts.guard import APPROVAL_KEYS, APPROVAL_REASONS
from tasks.rules.outcome import Contract, Form, Key, Kind, Status

_METRICS = "002 Metrics & Monitoring"
_SMOKE = "002 Smoke & Acceptance"
_FILE_REASONS = ("metrics_missing", "metrics_unreadable")

METRICS_CHECK = Contract(
    "metrics_check",
    (Status.OK, Status.FAIL, Status.INSUFFICIENT_DATA),
    _METRICS,
    reasons=(
        *_FILE_REASONS,
        "no_samples",
        "invalid_metrics",
        "from_the_future",
        "stale",
        "content_unchanged",
        "expectation_failed",
        "no_snapshot",
        "too_coarse",
        "expectations_missing",
        "expectations_invalid",
    ),
    keys=(
        Key("families", Kind.COUNT, "metrics with a TYPE line"),
        Key("samples", Kind.COUNT),
        Key("problems", Kind.COUNT, "places where the file contradicts itself"),
        Key("age_s", Kind.COUNT, "how long ago the file was written"),
        Key("unchanged_s", Kind.COUNT, "how long its content has been the same"),
        Key("expected", Kind.COUNT, "expectations that were judged"),
        Key("failed", Kind.COUNT),
        Key("resets", Kind.COUNT, "counters that were started anew since the last read"),
        Key("reasons", Kind.WORDS, "every reason, the first one too"),
    ),
)

METRICS_PROBLEM = Contract(
    "metrics_problem",
    (Status.FAIL,),
    _METRICS,
    keys=(
        Key("code", Kind.WORD, "what is wrong"),
        Key("line", Kind.COUNT, "in which line of the file; 0 if it is about several"),
        Key("metric", Kind.WORD, "the metric's name, without labels"),
    ),
)

METRICS_GROWTH = Contract(
    "metrics_growth",
    (Status.OK, Status.FAIL, Status.INSUFFICIENT_DATA),
    _METRICS,
    keys=(
        Key("series", Kind.TEXT, "as in the file of expectations"),
        Key("verdict", Kind.WORD, "ok, too_little, too_much, too_coarse: six digits cannot tell, or not_a_counter"),
        Key("increase", Kind.TEXT, "since the last read"),
        Key("reset", Kind.FLAG, "whether it was started anew in between"),
    ),
)

METRICS_QUANTILES = Contract(
    "metrics_quantiles",
    (Status.OK,),
    _METRICS,
    keys=(
        Key("series", Kind.TEXT, "the histogram"),
        Key("count", Kind.TEXT),
        Key("p50", Kind.TEXT, "linear within its bucket"),
        Key("p95", Kind.TEXT, "> and the last bound, if it lies beyond"),
        Key("p99", Kind.TEXT),
    ),
)

METRICS_TAIL = Contract(
    "metrics_tail",
    (Status.OK, Status.FAIL, Status.INSUFFICIENT_DATA),
    _METRICS,
    reasons=(*_FILE_REASONS, "no_samples"),
    keys=(
        Key("samples", Kind.COUNT, "shown from the end of the file"),
        Key("changes", Kind.COUNT, "shown while it was followed"),
    ),
)

METRICS_LINE = Contract(
    "metrics_line",
    (Status.OK,),
    _METRICS,
    keys=(
        Key("series", Kind.TEXT, "as in the metrics file, blanks as _"),
        Key("value", Kind.TEXT),
    ),
    form=Form.ROW,
)

_GOLDEN_REASONS = (
    "golden_missing",
    "observed_missing",
    "golden_unreadable",
    "tolerances_invalid",
)

GOLDEN_CASE = Contract(
    "golden_case",
    (Status.OK, Status.FAIL),
    _SMOKE,
    reasons=("differs", "golden_missing", "observed_missing"),
    keys=(
        Key("case", Kind.FILE, "the document, without its ending"),
        Key("fields", Kind.COUNT, "values that differ beyond what is declared"),
        Key("old", Kind.DIGEST, "hash of the golden document"),
        Key("new", Kind.DIGEST, "hash of what was observed"),
    ),
)

GOLDEN_CHECK = Contract(
    "golden_check",
    (Status.OK, Status.FAIL),
    _SMOKE,
    reasons=("golden_differs", *_GOLDEN_REASONS),
    keys=(
        Key("cases", Kind.COUNT),
        Key("differ", Kind.COUNT),
        Key("missing", Kind.COUNT, "cases that one of the two sides does not have"),
    ),
)

GOLDEN_UPDATE = Contract(
    "golden_update",
    (Status.OK, Status.FAIL),
    _SMOKE,
    reasons=(
        *_GOLDEN_REASONS,
        *APPROVAL_REASONS,
        "dirty_tree",
        "no_repository",
        "in_ci",
        "golden_moved",
        "unknown_case",
        "text_unreadable",
        "nothing_written",
    ),
    keys=(
        Key("changed", Kind.COUNT, "golden documents that were written"),
        Key("approved_by", Kind.WORD, "the operator who approved it"),
        Key("record", Kind.COUNT, "its number in the shift log"),
        *APPROVAL_KEYS,
    ),
)
