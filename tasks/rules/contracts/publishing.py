"""What runbook 003's publishing and cleanup procedures say (spec 003)."""

from tasks.rules.outcome import Contract, Form, Key, Kind, Status

_PUBLISHING = "003 Product Repo Publishing"

REPOSITORY_REASONS = (
    "not_a_repository",
    "shallow_clone",
    "partial_clone",
    "foreign_encoding",
    "no_such_commit",
    "git_failed",
)
FOLDER_REASONS = ("invalid_source_dir", "source_dir_missing", "unknown_project", "no_projects")
LEFT_OUT_REASONS = ("symlink", "submodule", "nested_repository", "empty", "untracked")
INSIDE_REASONS = ("holds_submodules", "holds_lfs_pointers", "objects_missing")
NO_SPLIT_REASONS = ("history_gap", "join_repeated", "join_unresolved", "join_leaks", "join_differs")
"""Why a project has no commit that may be published."""

SPLIT = Contract(
    "split",
    (Status.OK, Status.FAIL),
    _PUBLISHING,
    reasons=(*REPOSITORY_REASONS, *FOLDER_REASONS, "not_split"),
    keys=(
        Key("head", Kind.DIGEST, "the commit of the monorepo that was split"),
        Key("projects", Kind.COUNT, "project folders in it"),
        Key("commits", Kind.COUNT, "commits of their own histories together"),
        Key("new", Kind.COUNT, "those of them that no earlier run had made"),
        Key("gaps", Kind.COUNT, "projects that were deleted and came back; each has a note"),
        Key("left_out", Kind.COUNT, "folders that are no projects; each has a note"),
        Key("not_split", Kind.COUNT, "projects without a commit that may be published; each has a note"),
        Key("unknown", Kind.ENCODED, "names that were asked for and are not there"),
    ),
)

SPLIT_PROJECT = Contract(
    "split_project",
    (Status.OK,),
    _PUBLISHING,
    keys=(
        Key("name", Kind.ENCODED, "the project folder; bytes other than letters, digits and _.-~ as in a URL"),
        Key("commit", Kind.DIGEST, "the newest commit of its own history"),
    ),
    form=Form.ROW,
)

SPLIT_NOTE = Contract(
    "split_note",
    (Status.WARN, Status.FAIL),
    _PUBLISHING,
    reasons=("gap_skipped", *LEFT_OUT_REASONS, *INSIDE_REASONS, *NO_SPLIT_REASONS),
    keys=(Key("name", Kind.ENCODED, "the folder, written as in split_project"),),
)
