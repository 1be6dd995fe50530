"""What runbook 004 says of a release: the gate, the bundle, its stamp."""

from tasks.rules.outcome import Contract, Form, Key, Kind, Status

_SECTION = "004 Release bundle"
GATE_FAILURES = ("kpi_missing", "kpi_stale", "readiness_missing", "readiness_low")
GATE_ERRORS = (
    "kpi_bad_json",
    "kpi_not_object",
    "readiness_type",
    "readiness_not_finite",
    "readiness_out_of_range",
    "scale_unknown",
    "timestamp_invalid",
    "kpi_from_the_future",
)
STAMP_REASONS = ("stamp_missing", "stamp_invalid", "stamp_from_the_future")
_SOURCE_REASONS = ("no_repository", "no_commit", "version_unknown", "version_invalid")

READY_GATE = Contract(
    "ready_gate",
    (Status.OK, Status.FAIL),
    _SECTION,
    reasons=(*GATE_FAILURES, *GATE_ERRORS, "inputs_unreadable"),
    keys=(
        Key("readiness", Kind.INTEGER, "percent, cut to whole ones"),
        Key("min", Kind.COUNT, "the least that passes, in percent"),
        Key("status", Kind.WORD),
        Key("reason", Kind.WORD),
        Key("reasons", Kind.WORDS, "everything that is wrong, when it is more than one thing"),
        Key("exact", Kind.MEASURE, "the readiness where it is no whole number"),
        Key("age_sec", Kind.COUNT, "how old the KPI is by its own timestamp"),
    ),
    form=Form.EVENT,
    words={Status.OK: "PASS", Status.FAIL: "FAIL", Status.ERROR: "ERROR"},
)

BUNDLE = Contract(
    "bundle",
    (Status.OK, Status.FAIL),
    _SECTION,
    reasons=(
        *_SOURCE_REASONS,
        "gate_failed",
        "dirty_tree",
        "inputs_missing",
        "inputs_unreadable",
        "validation_failed",
        "validation_fast",
        "bundle_not_written",
        "disk_full",
    ),
    keys=(
        Key("version", Kind.WORD),
        Key("git_hash", Kind.DIGEST),
        Key("bundle_sha256", Kind.DIGEST),
        Key("files", Kind.COUNT, "files in the bundle"),
        Key("bundle", Kind.FILE, "the name of the zip"),
        Key("dirty", Kind.FLAG, "the tree had changes that no commit holds"),
        Key("missing", Kind.WORDS, "required inputs that are not there"),
    ),
    form=Form.RESULT,
    words={Status.OK: "READY", Status.FAIL: "BLOCKED", Status.ERROR: "ERROR"},
    head="RELEASE_BUNDLE",
)

BUNDLE_MISMATCH = Contract(
    "bundle_mismatch",
    (Status.FAIL,),
    _SECTION,
    keys=(
        Key("what", Kind.WORD, "bytes, sha256, missing, extra, or the field of the stamp"),
        Key("file", Kind.TEXT, "the file of the bundle that is meant"),
    ),
    form=Form.EVENT,
    words={Status.FAIL: "FAIL"},
)

BUNDLE_VERIFY = Contract(
    "bundle_verify",
    (Status.OK, Status.FAIL),
    _SECTION,
    reasons=(*STAMP_REASONS, "mismatch"),
    keys=(
        Key("status", Kind.WORD),
        Key("reason", Kind.WORD),
        Key("files", Kind.COUNT, "files that the manifest promises"),
        Key("mismatched", Kind.COUNT, "things that do not match; each has a line of its own"),
        Key("version", Kind.WORD),
        Key("git_hash", Kind.DIGEST),
    ),
    form=Form.EVENT,
    words={Status.OK: "OK", Status.FAIL: "FAIL"},
)

NEED_REBUILD = Contract(
    "NEED_REBUILD", (Status.OK, Status.SKIP), _SECTION, form=Form.MARK, words={Status.OK: "1", Status.SKIP: "0"}
)

BUNDLE_OVERDUE = Contract(
    "bundle_overdue",
    (Status.UNHEALTHY,),
    _SECTION,
    keys=(Key("age_sec", Kind.COUNT, "how old the last bundle is"), Key("limit_sec", Kind.COUNT)),
    form=Form.EVENT,
    words={Status.UNHEALTHY: "ALERT"},
)

BUNDLE_AUTO = Contract(
    "bundle_auto",
    (Status.OK, Status.SKIP, Status.SKIPPED, Status.FAIL),
    _SECTION,
    reasons=("gate_failed", "build_failed", *_SOURCE_REASONS, "inputs_unreadable", "bundle_not_written", "disk_full"),
    keys=(
        Key("decision", Kind.WORD, "SKIP, DUE or OVERDUE"),
        Key("age_sec", Kind.COUNT, "how old the stamp is; absent without a valid one"),
        Key("status", Kind.WORD),
        Key("reason", Kind.WORD),
        Key("because", Kind.WORDS, "everything that asks for a new bundle"),
    ),
    form=Form.EVENT,
    words={Status.OK: "BUILT", Status.SKIP: "SKIP", Status.SKIPPED: "KEPT", Status.FAIL: "FAIL"},
)
