"""What runbook 002's metrics procedures say (spec 002, 9)."""

from tasks.rules.outcome import Contract, Form, Key, Kind, Status

_METRICS = "002 Metrics & Monitoring"
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
        Key("verdict", Kind.WORD, "ok, too_little, too_much, or too_coarse: six digits cannot tell"),
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
