"""What runbook 003's publishing and cleanup procedures say."""

from tasks.rules.outcome import Contract, Form, Key, Kind, Status
from tasks.rules.publishing.parity import PARITY_REASONS
from tasks.rules.publishing.remote import GITEA_REASONS, PUSH_REASONS

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


_GITEA_REASONS = tuple(reason for reason in GITEA_REASONS if reason not in REPOSITORY_REASONS)
REGISTRY_REASONS = ("registry_invalid", "registry_not_written")
NAME_REASONS = ("name_not_allowed", "name_collision")
REGISTRY_KEYS = (
    Key("problems", Kind.WORDS, "what is wrong with the registry's file, as row:what"),
    Key("problem_count", Kind.COUNT, "how many things are, when not all of them are named"),
)

PRODUCT_PUBLISH = Contract(
    "product_publish",
    (Status.OK, Status.PLANNED, Status.SKIPPED, Status.FAIL),
    _PUBLISHING,
    reasons=(
        *REPOSITORY_REASONS,
        *FOLDER_REASONS,
        *_GITEA_REASONS,
        *REGISTRY_REASONS,
        "missing_env",
        "publishing_disabled",
        "not_published",
        "would_not_publish",
        "invalid_prefix",
        "invalid_branch",
        "detached_head",
        "no_work_tree",
        "fetch_failed",
        "delete_local_needs_execute",
        "delete_local_needs_parity",
        "delete_local_in_deployment",
    ),
    keys=(
        Key("mode", Kind.WORD, "dry_run or execute"),
        Key("head", Kind.DIGEST, "the commit of the monorepo that is published"),
        Key("branch", Kind.TEXT, "the branch at the remote"),
        Key("projects", Kind.COUNT, "project folders that were asked for"),
        Key("create", Kind.COUNT, "repositories to create, or created"),
        Key("push", Kind.COUNT, "projects to push, or pushed; those with a new repository as well"),
        Key("unchanged", Kind.COUNT, "projects whose remote has exactly this commit already"),
        Key("refused", Kind.COUNT, "projects that the plan refuses"),
        Key("failed", Kind.COUNT, "projects that were planned and did not end well"),
        Key("not_asked", Kind.COUNT, "projects whose remote nobody asked, because there are no credentials"),
        Key("loses", Kind.COUNT, "commits of others that force throws away"),
        Key("verified", Kind.COUNT, "projects whose parity was verified by this run"),
        Key("deleted", Kind.COUNT, "local folders that were deleted"),
        Key("left_out", Kind.COUNT, "folders that are no projects"),
        Key("unknown", Kind.ENCODED, "names that were asked for and are not there"),
        *REGISTRY_KEYS,
    ),
)

PRODUCT_PUBLISH_PROJECT = Contract(
    "product_publish_project",
    (Status.OK, Status.PLANNED, Status.SKIPPED, Status.FAIL),
    _PUBLISHING,
    reasons=(
        *LEFT_OUT_REASONS,
        *INSIDE_REASONS,
        *NO_SPLIT_REASONS,
        *NAME_REASONS,
        *GITEA_REASONS,
        *PUSH_REASONS,
        *PARITY_REASONS,
        *REGISTRY_REASONS,
        "repository_is_mirror",
        "remote_not_read",
        "remote_moved",
        "head_moved",
        "folder_differs",
        "folder_changed",
        "unsafe_path",
        "index_locked",
        "not_removed",
    ),
    keys=(
        Key("project", Kind.ENCODED, "the folder; bytes other than letters, digits and _.-~ as in a URL"),
        Key("repository", Kind.TEXT, "owner/name at Gitea"),
        Key("named", Kind.WORD, "as_folder, changed (Gitea does not allow the name) or as_before (by the registry)"),
        Key("action", Kind.WORD, "create, push, unchanged, refuse or not_asked"),
        Key("commit", Kind.DIGEST, "the newest commit of the folder's own history"),
        Key("commits", Kind.COUNT, "commits of that history"),
        Key("history", Kind.WORD, "gap_skipped where the folder was deleted and came back"),
        Key("holds", Kind.WORDS, "holds_submodules or holds_lfs_pointers: what they point to is elsewhere"),
        Key("remote", Kind.WORD, "the branch's commit before the push; absent, empty or unknown"),
        Key("loses", Kind.COUNT, "commits of others that the push throws away"),
        Key("parity", Kind.WORD, "verified, kept (nothing changed since), unverified or failed"),
        Key("deleted", Kind.FLAG, "whether the local folder was deleted"),
    ),
)

PUBLISH_STATUS = Contract(
    "publish_status",
    (Status.OK, Status.WARN, Status.FAIL),
    _PUBLISHING,
    reasons=(
        *REPOSITORY_REASONS,
        *_GITEA_REASONS,
        *REGISTRY_REASONS,
        "no_work_tree",
        "nothing_published",
        "parity_lost",
        "not_verified",
        "parity_unknown",
    ),
    keys=(
        Key("projects", Kind.COUNT, "projects in the registry"),
        Key("in_parity", Kind.COUNT, "whose remote is at the commit that was published and verified"),
        Key("not_in_parity", Kind.COUNT, "whose remote is elsewhere, gone, or was never verified"),
        Key("unknown", Kind.COUNT, "whose remote was not asked or did not answer"),
        Key("archived", Kind.COUNT, "whose folder is in the archive"),
        Key("deleted", Kind.COUNT, "whose folder is gone"),
        *REGISTRY_KEYS,
    ),
)

PUBLISH_STATUS_PROJECT = Contract(
    "publish_status_project",
    (Status.OK, Status.WARN),
    _PUBLISHING,
    keys=(
        Key("source", Kind.ENCODED, "the source folder, written as the project (%2F is its slash)"),
        Key("project", Kind.ENCODED, "the folder, written as in product_publish_project"),
        Key("repository", Kind.TEXT),
        Key("branch", Kind.TEXT),
        Key("commit", Kind.DIGEST, "the commit that was published last"),
        Key("since", Kind.TIME, "when that was"),
        Key("parity", Kind.WORD, "yes, unverified, remote_moved, remote_missing or unknown"),
        Key("local", Kind.WORD, "here, archived or deleted"),
    ),
)
