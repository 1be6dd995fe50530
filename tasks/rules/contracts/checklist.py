"""What the checklist of a release says (runbook 003, Release Checklist)."""

from tasks.rules.outcome import Contract, Key, Kind, Status

_CHECKLIST = "003 Release Checklist"

RELEASE_CHECKLIST_ITEM = Contract(
    "release_checklist_item",
    (Status.OK, Status.FAIL),
    _CHECKLIST,
    reasons=(
        "evidence_missing",
        "evidence_invalid",
        "evidence_old",
        "from_the_future",
        "not_passed",
        "step_skipped",
        "fast_only",
        "not_accepted",
        "phases_missing",
        "error_rate_high",
        "p95_high",
        "p99_high",
        "samples_too_few",
        "notes_missing",
        "not_in_notes",
    ),
    keys=(
        Key("item", Kind.WORD, "quality, docker_smoke, migration_smoke or load"),
        Key("reasons", Kind.WORDS, "every reason, where there are several"),
        Key("evidence", Kind.FILE, "the file that it rests on"),
        Key("age_hours", Kind.RATIO, "of the evidence, by its own time"),
        Key("ignored", Kind.COUNT, "files beside it that cannot be believed"),
    ),
)

RELEASE_CHECKLIST = Contract(
    "release_checklist",
    (Status.OK, Status.FAIL),
    _CHECKLIST,
    reasons=("items_failed",),
    keys=(
        Key("passed", Kind.COUNT, "items that have passed"),
        Key("failed", Kind.WORDS, "items that have not"),
    ),
)
