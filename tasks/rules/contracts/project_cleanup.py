"""What the cleanup of published folders and their return from the archive say (runbook 003)."""

from tasks.rules.approval import Problem
from tasks.rules.contracts.publishing import REGISTRY_KEYS, REGISTRY_REASONS, REPOSITORY_REASONS
from tasks.rules.outcome import Contract, Key, Kind, Status
from tasks.rules.publishing.cleanup import Rule
from tasks.rules.publishing.remote import GITEA_REASONS

_CONSERVATION = "003 Local Space Conservation Policy"

GROUND_REASONS = (
    *REPOSITORY_REASONS,
    "unsafe_archive_dir",
    *REGISTRY_REASONS,
    "unknown_project",
)
STEP_REASONS = (
    "row_changed",
    "folder_changed",
    "nested_repository",
    "unsafe_path",
    "remote_missing",
    "remote_moved",
    "parity_differs",
    "archive_changed",
    "archive_unproven",
    "archive_missing",
    "place_taken",
    "index_locked",
    "disk_full",
    "not_read",
    "not_moved",
    "not_removed",
    "missing_env",
    *REGISTRY_REASONS,
    *GITEA_REASONS,
)

PROJECT_CLEANUP = Contract(
    "project_cleanup",
    (Status.OK, Status.PLANNED, Status.SKIPPED, Status.NOT_CONFIGURED, Status.FAIL),
    _CONSERVATION,
    reasons=tuple(
        dict.fromkeys(
            (
                *GROUND_REASONS,
                *STEP_REASONS,
                *(problem.value for problem in Problem),
                "by_hand_only",
                "no_terminal",
                "approval_key_changed",
                "cleanup_disabled",
                "everything_would_go",
                "ceiling_reached",
                "clock_ahead",
                "clock_went_back",
                "plan_changed",
                "attention_needed",
                "not_cleaned",
                "not_finished",
            )
        )
    ),
    keys=(
        Key("mode", Kind.WORD, "dry_run or execute"),
        Key("archive_days", Kind.COUNT, "days unchanged after which a folder is archived"),
        Key("hard_delete_days", Kind.COUNT, "days in the archive after which it is deleted"),
        Key("checked", Kind.COUNT, "projects in the registry that were looked at"),
        Key("archive", Kind.COUNT, "folders that are due for the archive"),
        Key("delete", Kind.COUNT, "archives that are due for deletion"),
        Key("archived", Kind.COUNT, "folders that were archived"),
        Key("deleted", Kind.COUNT, "archives that were deleted for good"),
        Key("skipped", Kind.COUNT, "projects that are due and were left: dirty, or refused right before the step"),
        Key("finished", Kind.COUNT, "steps of an earlier run that was killed, finished or taken back by this one"),
        Key("freed_bytes", Kind.COUNT, "bytes deleted for good, or moved to another disk"),
        Key("reasons", Kind.WORDS, "everything that somebody has to look at, when it is more than one thing"),
        Key("unknown", Kind.ENCODED, "names that were asked for and are not in the registry"),
        Key("plan", Kind.DIGEST, "what two people approve: these deletions and no others"),
        Key("request", Kind.COUNT, "number of the request for approval"),
        Key("report", Kind.TEXT, "the lists of this run among the artifacts"),
        *REGISTRY_KEYS,
    ),
)

PROJECT_CLEANUP_PROJECT = Contract(
    "project_cleanup_project",
    (Status.OK, Status.PLANNED, Status.SKIPPED, Status.FAIL),
    _CONSERVATION,
    reasons=STEP_REASONS,
    keys=(
        Key("project", Kind.ENCODED, "source folder and name; bytes other than letters, digits and _.-~ as in a URL"),
        Key("action", Kind.WORD, "archive, delete, keep or finish"),
        Key("rule", Kind.WORD, f"which rule chose or kept it: {', '.join(rule.value for rule in Rule)}"),
        Key("age_days", Kind.COUNT, "whole days unchanged, or in the archive"),
        Key("to", Kind.ENCODED, "the archive it went to"),
    ),
)

PROJECT_RESTORE = Contract(
    "project_restore",
    (Status.OK, Status.NOT_CONFIGURED, Status.FAIL),
    _CONSERVATION,
    reasons=tuple(
        dict.fromkeys(
            (*GROUND_REASONS, *STEP_REASONS, "folder_exists", "already_deleted", "ambiguous_project", "not_finished")
        )
    ),
    keys=(
        Key("project", Kind.ENCODED, "source folder and name, written as in project_cleanup_project"),
        Key("bytes", Kind.COUNT, "bytes that came back"),
        Key("unknown", Kind.ENCODED, "names that were asked for and are not in the registry"),
        *REGISTRY_KEYS,
    ),
)
