"""What runbook 004 says of its archives of artifacts, rotation and snapshots among them."""

from tasks.rules.outcome import Contract, Form, Key, Kind, Status

_FOLDER_REASONS = ("source_missing", "source_unreadable", "disk_full")

ARCHIVE = Contract(
    "artifacts_archive",
    (Status.OK, Status.PARTIAL, Status.FAIL),
    "004 Artifacts (snapshot & archive)",
    reasons=(
        *_FOLDER_REASONS,
        "nothing_to_archive",
        "archive_not_written",
        "archive_damaged",
        "source_changed",
    ),
    keys=(
        Key("status", Kind.WORD),
        Key("files", Kind.COUNT, "files in the archive"),
        Key("skipped", Kind.COUNT, "entries that were left out; MANIFEST.json names each with its reason"),
        Key("dst", Kind.TEXT, "the folder of the archive and its manifest"),
        Key("reason", Kind.WORD),
        Key("cut", Kind.WORDS, "how many were left out for which reason"),
        Key("bytes", Kind.COUNT, "bytes of the files"),
        Key("archive_bytes", Kind.COUNT, "bytes of the archive"),
        Key("sha256", Kind.DIGEST, "of the archive; equal inputs give the same one"),
    ),
    form=Form.EVENT,
    words={Status.OK: "OK", Status.PARTIAL: "PARTIAL", Status.FAIL: "FAIL"},
    head="archive",
)

ARCHIVE_VERIFY = Contract(
    "archive_verify",
    (Status.OK, Status.FAIL),
    "004 Artifacts (snapshot & archive)",
    reasons=("archive_missing", "archive_damaged"),
    keys=(
        Key("status", Kind.WORD),
        Key("reason", Kind.WORD),
        Key("files", Kind.COUNT, "files that the manifest promises"),
        Key("wrong", Kind.COUNT, "things that are not as the manifest says"),
        Key("first", Kind.TEXT, "the first of them, as what:path"),
    ),
    form=Form.EVENT,
    words={Status.OK: "OK", Status.FAIL: "FAIL"},
)

ROTATION = Contract(
    "artifacts_rotate",
    (Status.OK, Status.PLANNED, Status.PARTIAL, Status.FAIL),
    "004 Notes: old artifacts are cleaned periodically",
    reasons=(
        *_FOLDER_REASONS,
        "no_limit",
        "everything_would_go",
        "archive_not_written",
        "archive_damaged",
        "source_changed",
        "delete_failed",
    ),
    keys=(
        Key("status", Kind.WORD),
        Key("mode", Kind.WORD, "DRYRUN or REAL"),
        Key("reason", Kind.WORD),
        Key("checked", Kind.COUNT, "files looked at"),
        Key("too_old", Kind.COUNT, "files past the days"),
        Key("too_much", Kind.COUNT, "files that go because all together are too big"),
        Key("deleted", Kind.COUNT, "files deleted by this run"),
        Key("changed", Kind.COUNT, "files that changed since the plan and were left alone"),
        Key("freed_bytes", Kind.COUNT, "bytes of the files that go"),
        Key("dst", Kind.TEXT, "the archive that holds what was deleted"),
    ),
    form=Form.EVENT,
    words={Status.OK: "OK", Status.PLANNED: "OK", Status.PARTIAL: "PARTIAL", Status.FAIL: "FAIL"},
    head="rotate_artifacts",
)

# `status=FAIL` is the runbook's word for "the last tick failed, here is its snapshot": the procedure did its work.
SNAPSHOT = Contract(
    "artifacts_snapshot",
    (Status.OK, Status.SKIP),
    "004 Artifacts (snapshot & archive)",
    reasons=(
        *_FOLDER_REASONS,
        "last_tick_good",
        "already_taken",
        "journal_torn",
        "journal_empty",
        "journal_missing",
        "archive_not_written",
        "archive_damaged",
        "source_changed",
        "nothing_to_archive",
    ),
    keys=(
        Key("status", Kind.WORD),
        Key("snap_dir", Kind.TEXT, "the folder of the snapshot"),
        Key("files", Kind.COUNT, "files in the snapshot"),
        Key("skipped", Kind.COUNT, "entries that were left out; MANIFEST.json names each with its reason"),
        Key("reason", Kind.WORD),
        Key("cut", Kind.WORDS, "how many were left out for which reason"),
    ),
    form=Form.EVENT,
    words={Status.OK: "FAIL", Status.SKIP: "SKIP", Status.ERROR: "ERROR"},
    head="snapshot_on_fail",
)
