"""What runbook 004's daily routine says."""

from tasks.rules.outcome import Contract, Form, Key, Kind, Status

SENTINEL_CHECK = Contract(
    "sentinel_check",
    (Status.OK, Status.UNHEALTHY, Status.INSUFFICIENT_DATA),
    "004 Daily routine, step 2",
    reasons=(
        "too_old",
        "time_in_future",
        "unreadable",
        "bad_json",
        "time_invalid",
    ),
    keys=(
        Key("target", Kind.WORD, "the artifact that is looked at"),
        Key("status", Kind.WORD),
        Key("age_sec", Kind.COUNT, "by the older of the time inside the artifact and the file's own"),
        Key("now", Kind.COUNT, "the moment of the check, seconds since 1970"),
        Key("reason", Kind.WORD),
        Key("max_age_sec", Kind.COUNT, "how old this target may be, where it is not the window"),
    ),
    form=Form.EVENT,
    words={Status.OK: "OK", Status.UNHEALTHY: "STALE", Status.INSUFFICIENT_DATA: "MISSING"},
)

CRON_SENTINEL = Contract(
    "cron_sentinel",
    (Status.OK, Status.FAIL),
    "004 Daily routine, step 2",
    reasons=("unknown_zone",),
    keys=(
        Key("missing", Kind.COUNT, "targets that are not there"),
        Key("stale", Kind.COUNT, "targets that are too old, from the future or cannot be read"),
        Key("checked", Kind.COUNT, "targets looked at: four, and on Mondays the weekly rollup"),
        Key("window_hours", Kind.COUNT),
        Key("reason", Kind.WORD),
    ),
    form=Form.RESULT,
    words={Status.OK: "OK", Status.FAIL: "FAIL"},
    head="RESULT",
)

INPUT_REASONS = (
    "missing",
    "unreadable",
    "bad_json",
    "time_invalid",
    "stale",
    "from_the_future",
    "wrong_type",
    "no_readiness",
    "no_net_bps",
    "no_latency",
    "no_p95",
    "no_p95_ms",
    "no_taker_ratio",
    "no_taker_share_pct",
    "no_fills",
    "not_finite",
    "out_of_range",
    "contradicts_itself",
)
"""Why a file, or a number in it, cannot be used."""

DAILY_CHECK_LINE = Contract(
    "daily_check_line",
    (Status.OK, Status.FAIL),
    "004 Daily routine, step 1",
    reasons=(*INPUT_REASONS, "no_traffic", "too_low", "too_high"),
    keys=(
        Key("check", Kind.WORD, "freshness, or the number that is held against its limit"),
        Key("file", Kind.FILE, "the artifact it stands in"),
        Key("status", Kind.WORD),
        Key("reason", Kind.WORD),
        Key("value", Kind.MEASURE, "in the unit of the check's name; absent where there is none"),
        Key("limit", Kind.MEASURE, "a value that equals it passes"),
        Key("age_sec", Kind.COUNT, "by the older of the time inside the artifact and the file's own"),
        Key("max_age_sec", Kind.COUNT),
    ),
    form=Form.EVENT,
    words={Status.OK: "OK", Status.FAIL: "FAIL"},
    head="daily_check",
)

DAILY_CHECK = Contract(
    "daily_check",
    (Status.OK, Status.FAIL),
    "004 Daily routine, step 1",
    keys=(
        Key("checked", Kind.COUNT, "four ages and four limits"),
        Key("failed", Kind.COUNT),
        Key("reason", Kind.WORD),
    ),
    form=Form.RESULT,
    words={Status.OK: "OK", Status.FAIL: "FAIL"},
    head="RESULT",
)

DAILY_DIGEST = Contract(
    "daily_digest",
    (Status.OK, Status.PARTIAL, Status.UNHEALTHY, Status.INSUFFICIENT_DATA),
    "004 Daily routine, step 3",
    reasons=(
        "journal_missing",
        "journal_unreadable",
        "journal_damaged",
        "journal_torn",
        "journal_repaired",
        "no_ticks",
        "ticks_in_future",
        "clock_went_back",
        "slots_missed",
        "no_traffic",
        "unknown_zone",
        "digest_not_written",
        "disk_full",
    ),
    keys=(
        Key("result", Kind.WORD),
        Key("cont", Kind.COUNT, "ticks of the window that say CONTINUE"),
        Key("warn", Kind.COUNT),
        Key("fail", Kind.COUNT),
        Key("actions", Kind.COUNT, "ticks whose action is not NONE"),
        Key("last_ts", Kind.COUNT, "the last tick of the window, seconds since 1970; 0 if there is none"),
        Key("reason", Kind.WORD),
        Key("light", Kind.WORD, "of the page: OK, WARN, FAIL or NODATA, with the day's report and numbers"),
        Key("chain", Kind.WORD, "ok, unproven (no head outside), torn, missing, or what is wrong with the journal"),
        Key("inconclusive", Kind.COUNT, "ticks without traffic"),
        Key("gaps", Kind.COUNT, "slots that nobody judged"),
        Key("future", Kind.COUNT, "lines from after the window, not counted"),
        Key("back", Kind.COUNT, "lines that say they were written before the line before them"),
        Key("day", Kind.DAY, "in the zone of --tz"),
        Key("out", Kind.TEXT, "where the page is"),
    ),
    form=Form.EVENT,
    words={
        Status.OK: "OK",
        Status.PARTIAL: "ATTN",
        Status.UNHEALTHY: "FAIL",
        Status.INSUFFICIENT_DATA: "NODATA",
        Status.ERROR: "ERROR",
    },
    status_key="result",
    head="daily_digest_soak",
)

DAILY_ROUTINE = Contract(
    "daily_routine",
    (Status.OK, Status.FAIL),
    "004 Daily routine",
    reasons=("part_failed",),
    keys=(
        Key("status", Kind.WORD),
        Key("reason", Kind.WORD),
        Key("parts", Kind.COUNT, "procedures that ran; each has its lines above"),
        Key("failed", Kind.COUNT),
        Key("bad", Kind.WORDS, "the tokens of those that were not good, in their order"),
    ),
    form=Form.EVENT,
    words={Status.OK: "OK", Status.FAIL: "FAIL", Status.ERROR: "ERROR"},
)
