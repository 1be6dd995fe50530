"""A next step for each reason of product-publish and publish-status (runbook 003, Product Repo Publishing)."""

from tasks.rules.contracts.publishing import NAME_REASONS, REGISTRY_REASONS
from tasks.rules.playbooks.playbook import AGAIN, Playbook
from tasks.rules.publishing.parity import PARITY_REASONS

_PUBLISHING = "003 Product Repo Publishing"
_CONFIGURATION = "003 Required Repo Configuration"
_REGISTRY = "003 Local Space Conservation Policy, Registry"

SERVER = Playbook(
    "Gitea does not answer",
    _PUBLISHING,
    (
        "See whether the server in GITEA_URL is up and can be reached from where the worker runs.",
        "gitea_busy, gitea_server_error: read Gitea's own log; the requests were repeated before giving up.",
        "What was pushed is at Gitea, what was not is not: a second start pushes only what is missing.",
        AGAIN,
    ),
)
LOGIN = Playbook(
    "Gitea does not take the login, or the login may not do this",
    _CONFIGURATION,
    (
        "gitea_unauthorised: correct GITEA_ADMIN_USER and GITEA_ADMIN_PASSWORD, or GITEA_TOKEN; nothing is encoded.",
        "gitea_scope_missing: give the token read:user and write:repository, and write:organization or write:user.",
        "gitea_forbidden: let the owner's team create repositories and write to them.",
        "gitea_owner_missing: make the organisation, or correct GITEA_PRODUCT_OWNER; nothing was created elsewhere.",
        AGAIN,
    ),
)
ADDRESS = Playbook(
    "GITEA_URL leads to something else than Gitea",
    _CONFIGURATION,
    (
        "Set GITEA_URL to where Gitea itself answers, with its path and without a user or a password.",
        "A redirect to another host is refused, because the login would be sent there.",
        AGAIN,
    ),
)
REPOSITORY = Playbook(
    "The repository at Gitea is not as it should be",
    _PUBLISHING,
    (
        "gitea_repository_public: make it private at Gitea, or publish without --private.",
        "gitea_repository_missing: create it, or publish without --no-create.",
        "gitea_archived, repository_is_mirror: unarchive it, or stop the mirroring, at Gitea.",
        "gitea_repository_moved, remote_moved: somebody renamed or changed it; look at Gitea, then start again.",
        "gitea_name_refused: rename the folder.",
    ),
)
NAME = Playbook(
    "The folder has no repository name of its own",
    _PUBLISHING,
    (
        "name_collision: two folders would share a repository (letter case does not count at Gitea); rename one.",
        "name_not_allowed: Gitea takes letters, digits, `_`, `.` and `-`, at most 100, and no x.git or x.wiki.",
        "Another --repo-prefix helps where a folder of another source folder has the name.",
    ),
)
DIVERGED = Playbook(
    "The remote has commits that a push would lose",
    _PUBLISHING,
    (
        "Read `loses=` and `remote=`: how many commits, and which head. Look at them at Gitea first.",
        "Bring what is worth keeping into the monorepo, commit and publish again.",
        "Only then: --force. It pushes over the head that the plan saw, and over no other.",
        "push_lease_lost: somebody pushed after the plan was made; start again for a new plan.",
        "remote_not_read: the commits could not be counted, so nothing is pushed over them.",
    ),
)
PROTECTED = Playbook(
    "Gitea refused the push",
    _PUBLISHING,
    (
        "push_protected: the branch is protected at Gitea; let this user push to it, or choose another --branch.",
        "push_refused: a hook or a rule at Gitea said no; its words are in the log of the run.",
        AGAIN,
    ),
)
PARITY = Playbook(
    "The remote is not what the folder is",
    _PUBLISHING,
    (
        "parity_head_differs: somebody pushed in the meantime; start again and look at the plan.",
        "parity_branch_missing: the branch is gone at Gitea; start again.",
        "parity_views_differ: Gitea's API and git disagree; wait a minute, then see Gitea's own `doctor check`.",
        "parity_tree_differs: the commit is the same and the tree is not: run `git fsck` here and at Gitea.",
        "The registry says unverified, so that neither cleanup nor --delete-local touches the folder.",
    ),
)
NOT_PUBLISHED = Playbook(
    "Some projects were not published",
    _PUBLISHING,
    (
        "Read the lines with status=fail, or action=refuse in a dry run: each names a project and why.",
        "Ask for that reason: `watchkeeper explain product_publish_project <reason>`.",
        "The other projects are published; a second start does not push them again.",
    ),
)
DISABLED = Playbook(
    "Publishing from a deployment is switched off",
    "003 Push Automation",
    ("Set ENABLE_PRODUCT_REPO_PUBLISH=true where the worker runs, or publish by hand.",),
)
DELETE = Playbook(
    "Local folders are deleted only by hand, and only when verified",
    "003 Safety Defaults",
    (
        "Give --execute and --verify-parity together with --delete-local, at a terminal; a deployment never deletes.",
        "To make room on schedule use project-cleanup.",
    ),
)
KEPT = Playbook(
    "The local folder was not deleted",
    "003 Safety Defaults",
    (
        "folder_differs, folder_changed: it holds more, less or other than what was published; commit or move it.",
        "nested_repository: there is a repository inside, which nobody publishes; move it elsewhere.",
        "head_moved: HEAD is another commit by now; publish again.",
        "unsafe_path: a link or a mount is on the way to the folder.",
        "index_locked: wait for the other git to end; if none runs, remove its index.lock.",
        "not_removed: see the log, and that the worker's user may delete there. The project itself is published.",
    ),
)
BRANCH = Playbook(
    "It is not known which branch or which names to publish to",
    _PUBLISHING,
    (
        "detached_head: check out a branch, give --branch, or set PRODUCT_PUBLISH_TARGET_BRANCH.",
        "invalid_branch: a name that git allows, without refs/heads/ in front.",
        "invalid_prefix: letters, digits, `_`, `.` and `-`.",
        "no_work_tree: name a work tree with --repo-root; a bare repository has no folders.",
    ),
)
FETCH = Playbook(
    "What was merged could not be brought in",
    "003 Push Automation",
    (
        "Pull in the monorepo (PRODUCT_PUBLISH_REPO_ROOT) as the worker's user: it must not ask for anything.",
        "The upstream of the checked-out branch decides what is fetched: `git branch -vv`.",
        "Nothing was published; the next run of the schedule fetches again.",
    ),
)
REGISTRY = Playbook(
    "The registry of published projects cannot be used",
    _REGISTRY,
    (
        "`problems=` names what is wrong in .orket/project_publish_registry.json, as row:what. It was not changed.",
        "Correct the rows, or move the file away: the operations database writes it anew.",
        "A monorepo that was moved has its old paths in the file (local_path_outside): move the file away.",
        "registry_not_written: see that the worker's user may write in .orket/.",
    ),
)
STATUS = Playbook(
    "A published project is not in parity any more",
    _PUBLISHING,
    (
        "Read the lines with status=warn. remote_moved: somebody else pushed. remote_missing: it is gone at Gitea.",
        "not_verified: publish again with --verify-parity. unknown: Gitea was not asked, or did not answer.",
        "nothing_published: the registry is empty; `watchkeeper product-publish` shows what would be published.",
    ),
)

BY_REASON: dict[str, Playbook] = {
    **dict.fromkeys(("gitea_unreachable", "gitea_server_error", "gitea_busy"), SERVER),
    **dict.fromkeys(("gitea_unauthorised", "gitea_scope_missing", "gitea_forbidden", "gitea_owner_missing"), LOGIN),
    **dict.fromkeys(("gitea_redirect_refused", "gitea_answer_unknown"), ADDRESS),
    **dict.fromkeys(
        (
            "gitea_repository_missing",
            "gitea_repository_moved",
            "gitea_repository_public",
            "gitea_name_refused",
            "gitea_archived",
            "repository_is_mirror",
            "remote_moved",
        ),
        REPOSITORY,
    ),
    **dict.fromkeys(NAME_REASONS, NAME),
    **dict.fromkeys(("push_diverged", "push_lease_lost", "remote_not_read"), DIVERGED),
    **dict.fromkeys(("push_protected", "push_refused"), PROTECTED),
    **dict.fromkeys(PARITY_REASONS, PARITY),
    **dict.fromkeys(("not_published", "would_not_publish"), NOT_PUBLISHED),
    "publishing_disabled": DISABLED,
    **dict.fromkeys(
        ("delete_local_needs_execute", "delete_local_needs_parity", "delete_local_in_deployment"), DELETE
    ),
    **dict.fromkeys(
        ("head_moved", "folder_differs", "folder_changed", "unsafe_path", "index_locked", "not_removed"), KEPT
    ),
    **dict.fromkeys(("detached_head", "invalid_branch", "invalid_prefix", "no_work_tree"), BRANCH),
    "fetch_failed": FETCH,
    **dict.fromkeys(REGISTRY_REASONS, REGISTRY),
    **dict.fromkeys(("parity_lost", "parity_unknown", "not_verified", "nothing_published"), STATUS),
}
