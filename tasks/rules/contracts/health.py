"""What runbook 001 says of the service's health and its baselines ("Tokens & exit codes")."""

from tasks.rules.outcome import Contract, Form, Key, Kind, Status

OPS_DAILY_METRICS = Contract(
    "ops_daily_metrics",
    (Status.OK, Status.INSUFFICIENT_DATA),
    "001 Overview (aggregates only)",
    reasons=("small_count",),
    exit_codes={Status.INSUFFICIENT_DATA: 0},
    keys=(
        Key("day", Kind.DAY),
        Key("delivered", Kind.COUNT),
        Key("positive", Kind.COUNT),
        Key("h", Kind.RATIO, "positive / delivered"),
        Key("status", Kind.WORD),
        Key("reason", Kind.WORD),
    ),
)

OPS_DAILY_WATCHDOG = Contract(
    "ops_daily_watchdog",
    (Status.HEALTHY, Status.INSUFFICIENT_DATA, Status.UNHEALTHY),
    "001 Tokens & exit codes",
    reasons=("delivered_total_0",),
    keys=(
        Key("window_days", Kind.COUNT),
        Key("delivered_total", Kind.COUNT),
        Key("positive_total", Kind.COUNT),
        Key("h", Kind.RATIO, "positive / delivered over the window"),
        Key("future_rows", Kind.COUNT, "rows dated after today; they are counted nowhere else"),
    ),
)

OPS_METRICS_SNAPSHOT = Contract(
    "ops_metrics_snapshot",
    (Status.OK,),
    "001 Overview (aggregates only)",
    form=Form.JSON,
    keys=(
        Key("ts_utc", Kind.TIME),
        Key("window_days", Kind.COUNT),
        Key("delivered_total", Kind.COUNT),
        Key("ack_total", Kind.COUNT),
        Key("ack_positive_total", Kind.COUNT),
        Key("matching_health_h", Kind.MEASURE),
        Key("identity_leak_blocked_total", Kind.COUNT),
        Key("crisis_routed_total", Kind.COUNT),
        Key("p95_delivery_latency_s", Kind.MEASURE),
    ),
)

_SUPPRESSED = (
    "rate_limited",
    "cooldown_active",
    "disabled_until_active",
    "disabled_permanent",
    "crisis_blocked",
)

_HELD = (
    "rate_limited",
    "cooldown_active",
    "disabled",
    "crisis_window",
    "identity_leak",
    "offer_unavailable",
    "risk_level_2",
)

_OFFERS = (
    Key("offers_generated", Kind.COUNT),
    Key("offers_suppressed_total", Kind.COUNT),
    Key("offers_suppressed_rate", Kind.RATIO),
)
_SENDS = (
    Key("sends_attempted", Kind.COUNT),
    Key("sends_queued", Kind.COUNT),
    Key("sends_held_total", Kind.COUNT),
    Key("sends_held_rate", Kind.RATIO),
)

SECOND_TOUCH_SUMMARY = Contract(
    "second_touch_summary",
    (Status.OK,),
    "001 Weekly (second_touch summaries)",
    reasons=("unknown_counters",),
    keys=(
        Key("second_touch_window_days", Kind.COUNT),
        *_OFFERS,
        *(Key(f"offers_suppressed_{why}", Kind.COUNT) for why in (*_SUPPRESSED, "unknown")),
        *_SENDS,
        *(Key(f"sends_held_{why}", Kind.COUNT) for why in _HELD),
        Key("disables_negative_ack", Kind.COUNT),
        Key("disables_identity_leak", Kind.COUNT),
        Key("unknown_counters", Kind.COUNT, "counter keys that this version does not know"),
    ),
)

SECOND_TOUCH_HEALTH = Contract(
    "second_touch_health",
    (Status.HEALTHY, Status.INSUFFICIENT_DATA, Status.UNHEALTHY),
    "001 Incident playbooks, ops_daily unhealthy",
    reasons=("ok", "insufficient_volume", "identity_leak_disable", "held_rate_high", "suppressed_rate_high"),
    exit_codes={Status.INSUFFICIENT_DATA: 0},
    keys=(
        Key("second_touch_health_window_days", Kind.COUNT),
        *_OFFERS,
        *_SENDS,
        Key("disables_identity_leak", Kind.COUNT),
        Key("disables_negative_ack", Kind.COUNT),
        Key("status", Kind.WORD),
        Key("reason", Kind.WORD),
        Key("reasons", Kind.WORDS, "all rules that were broken, when it is more than one"),
    ),
)

OPS_CI_NORMALIZE = Contract(
    "ops_ci_normalize",
    (Status.OK, Status.NORMALIZED, Status.SKIP, Status.FAIL),
    "001 Tokens & exit codes (scheduled only)",
    reasons=("exit_0", "insufficient_data", "not_schedule", "unexpected_exit_1", "unexpected_exit_2"),
    keys=(Key("parts", Kind.WORDS, "the parts that were not good"),),
)

METRICS_REGRESSION = Contract(
    "metrics_regression",
    (Status.OK, Status.NOT_CONFIGURED, Status.INSUFFICIENT_DATA, Status.FAIL),
    "001 Routine operations",
    reasons=(
        "missing_baseline",
        "invalid_baseline",
        "delivered_total_lt_min_n",
        "matching_health_low",
        "matching_health_regressed",
        "identity_leak_rate_high",
        "crisis_rate_high",
        "latency_p95_high",
        "latency_p95_regressed",
    ),
    exit_codes={Status.INSUFFICIENT_DATA: 0},
    keys=(
        Key("reasons", Kind.WORDS, "everything that regressed, when it is more than one thing"),
        Key("baseline_id", Kind.WORD),
        Key("h", Kind.RATIO),
        Key("baseline_h", Kind.RATIO),
    ),
)

METRICS_BASELINE = Contract(
    "metrics_baseline",
    (Status.OK, Status.SKIPPED, Status.NOT_CONFIGURED, Status.FAIL),
    "001 Routine operations",
    reasons=("insufficient_volume", "invalid_baseline", "unhealthy", "already_taken"),
    keys=(
        Key("baseline_id", Kind.WORD),
        Key("file", Kind.FILE, "the baseline's file among the artifacts"),
        Key("delivered_total", Kind.COUNT),
        Key("h", Kind.RATIO),
    ),
)
