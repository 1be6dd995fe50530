"""A next step for each reason of project-cleanup and project-restore (runbook 003, Local Space Conservation)."""

from tasks.rules.playbooks.playbook import AGAIN, Playbook

_CONSERVATION = "003 Local Space Conservation Policy"

REMOTE = Playbook(
    "The remote does not have what is here any more",
    _CONSERVATION,
    (
        "Nothing was moved or deleted: the local copy may be the only one.",
        "remote_missing: the repository or its branch is gone at Gitea; publish the project again.",
        "parity_differs: publish again with --verify-parity, then clean up again.",
        "An archive that is not at the remote: bring it back with project-restore, then publish it.",
    ),
)
MOVED = Playbook(
    "Something changed between the plan and the step",
    _CONSERVATION,
    ("row_changed: the registry has other rows now than the plan had; nothing was done with this project.", AGAIN),
)
ARCHIVE = Playbook(
    "The archive is not what was put there",
    _CONSERVATION,
    (
        "Nothing was returned or deleted. Compare the archive with the repository at Gitea by hand.",
        "archive_changed: somebody touched it; keep what is of worth, put the rest back as it was.",
        "archive_unproven: an earlier program made it and the commit that was published is not here; git fetch it.",
    ),
)
PLACE = Playbook(
    "The place where the folder should go is taken",
    _CONSERVATION,
    (
        "Look what stands there and move it away; nothing is ever overwritten.",
        "place_taken: the archive folder has something of that name; folder_exists: the project's own place has.",
    ),
)
GROUND = Playbook(
    "The archive folder is in a place where it could hurt",
    _CONSERVATION,
    (
        "Give --archive-dir (PROJECT_CLEANUP_ARCHIVE_DIR) a folder below .orket/, or one outside of the repository.",
        "It is neither the repository, nor around it, nor behind a link that begins inside of it.",
    ),
)
DISK = Playbook(
    "The disk did not do what was asked of it",
    _CONSERVATION,
    (
        "not_read, not_moved: see the log, and that the worker's user may read and write there.",
        "The folder is whole where it was, or where it should go; a second start finishes the step or takes it back.",
    ),
)
DISABLED = Playbook(
    "Cleaning up from a deployment is switched off",
    "003 Local Space Conservation Policy, Scheduled automation",
    ("Set ENABLE_PROJECT_LOCAL_CLEANUP=true where the worker runs, or clean up by hand.",),
)
ATTENTION = Playbook(
    "Something was kept that only a person can decide",
    _CONSERVATION,
    (
        "Everything else that was due is done. `reasons=` and the lines name the rules.",
        "unsafe_path: the registry names a place that is none of this project, or a link is on the way.",
        "future_date: a file, a commit or the row is dated in the future; correct the clock or the date.",
        "folder_came_back: folder and archive are both there; delete or move one of them.",
        "folder_missing, archive_missing, missing_archived_at: the row tells of something that is not there.",
        "stat_failed: the worker's user may not read the folder.",
    ),
)
FAILED = Playbook(
    "Some projects were not cleaned up",
    _CONSERVATION,
    (
        "Each has a line of its own with its reason; the others are done.",
        "Ask for that reason: `watchkeeper explain project_cleanup_project <reason>`.",
        "not_finished: a step that a killed run left could not be finished; its line says why.",
    ),
)
RESTORE = Playbook(
    "It is not clear what should come back",
    _CONSERVATION,
    (
        "already_deleted: it was deleted for good; clone it from its repository at Gitea.",
        "ambiguous_project: two source folders have a project of that name; give --source-dir.",
    ),
)

BY_REASON: dict[str, Playbook] = {
    **dict.fromkeys(("remote_missing", "parity_differs"), REMOTE),
    "row_changed": MOVED,
    **dict.fromkeys(("archive_changed", "archive_unproven"), ARCHIVE),
    **dict.fromkeys(("place_taken", "folder_exists"), PLACE),
    "unsafe_archive_dir": GROUND,
    **dict.fromkeys(("not_read", "not_moved"), DISK),
    "cleanup_disabled": DISABLED,
    "attention_needed": ATTENTION,
    **dict.fromkeys(("not_cleaned", "not_finished"), FAILED),
    **dict.fromkeys(("already_deleted", "ambiguous_project"), RESTORE),
}
