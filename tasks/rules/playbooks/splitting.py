"""A next step for each reason of the split (runbook 003, Product Repo Publishing)."""

from tasks.rules.contracts.publishing import FOLDER_REASONS, INSIDE_REASONS, LEFT_OUT_REASONS, NO_SPLIT_REASONS
from tasks.rules.playbooks.playbook import AGAIN, Playbook

_PUBLISHING = "003 Product Repo Publishing"

NOT_A_REPOSITORY = Playbook(
    "There is no repository that can be read",
    _PUBLISHING,
    (
        "Correct --repo-root: the folder of the monorepo, a work tree or a bare repository.",
        "If git says `dubious ownership` there, add the folder to safe.directory for the user of the worker.",
        AGAIN,
    ),
)
CLONE = Playbook(
    "The clone lacks a part of the history",
    _PUBLISHING,
    (
        "A shallow clone gives other commits: `git fetch --unshallow`; in CI check out the full depth.",
        "A partial clone must have every tree: clone again without --filter, or with --filter=blob:none.",
        AGAIN,
    ),
)
ENCODING = Playbook(
    "The git configuration would change every new commit",
    _PUBLISHING,
    ("Unset i18n.commitEncoding and i18n.logOutputEncoding, or set them to utf-8.", AGAIN),
)
NO_COMMIT = Playbook(
    "There is nothing to split",
    _PUBLISHING,
    ("Look at the repository: `git log -1`. A repository without any commit has nothing to publish.", AGAIN),
)
DAMAGED = Playbook(
    "git could not read the repository to its end",
    _PUBLISHING,
    (
        "Run `git fsck` there; missing objects come back with a fetch or from another clone.",
        "Nothing was published from what could be read.",
        AGAIN,
    ),
)
FOLDERS = Playbook(
    "The folders that were asked for are not in the commit",
    _PUBLISHING,
    (
        "Correct --source-dir: relative to the top of the repository, without `..`.",
        "Correct --projects: `unknown=` names those that HEAD does not have (%20 is a blank).",
        "Commit new folders first.",
        "Links, submodules and nested repositories are no projects: see the notes of `watchkeeper split`.",
    ),
)
NOT_SPLIT = Playbook(
    "A project has no history that may be published",
    _PUBLISHING,
    (
        "Read the split_note lines with status=fail: each names a project and why.",
        "history_gap: the folder was deleted and came back; --on-gap skip leaves the time in between out.",
        "join_leaks: an earlier `git subtree --rejoin` brought commits of the monorepo into the project's history.",
        "join_repeated, join_unresolved, join_differs: its git-subtree trailers disagree or lead nowhere.",
        "The other projects are split all the same.",
    ),
)
NOTED = Playbook(
    "A folder was left out, or something of it will not be published",
    _PUBLISHING,
    (
        "gap_skipped: the folder was deleted and came back; the time in between is not part of its history.",
        "symlink, submodule, nested_repository: commit it as a real folder if it is to be published.",
        "holds_submodules, holds_lfs_pointers: what they point to is elsewhere and has to be published by itself.",
        "objects_missing: a partial clone; `git fetch --refetch` in a clone without --filter before publishing.",
        "untracked, empty: add and commit it, or leave it; only what HEAD has is published.",
    ),
)

BY_REASON: dict[str, Playbook] = {
    "not_a_repository": NOT_A_REPOSITORY,
    "shallow_clone": CLONE,
    "partial_clone": CLONE,
    "foreign_encoding": ENCODING,
    "no_such_commit": NO_COMMIT,
    "git_failed": DAMAGED,
    **dict.fromkeys(FOLDER_REASONS, FOLDERS),
    **dict.fromkeys(("not_split", *NO_SPLIT_REASONS), NOT_SPLIT),
    **dict.fromkeys(("gap_skipped", *LEFT_OUT_REASONS, *INSIDE_REASONS), NOTED),
}
