"""A next step for each reason of going back to an earlier release (runbook 002, Rollback & Release)."""

from tasks.rules.playbooks.playbook import AGAIN, ESCALATE, Playbook
from tasks.rules.publishing.reverts import CHECK_REASONS, NOT_REVERTED_REASONS

_SECTION = "002 Rollback & Release"

RELEASES = Playbook(
    "There is no release to go back to",
    _SECTION,
    (
        "watchkeeper rollback --do list shows each release and what it has shown of itself.",
        "Only what was verified is gone back to: release-deploy, service-restart and start-check record it.",
        "release_missing: its folder is gone or empty. Put it back as it was, or name another with --to.",
        "release_not_verified: it failed, or a rollback left it. Deploy it anew and record it.",
    ),
)
CHANGED = Playbook(
    "The release is not what was verified",
    _SECTION,
    (
        "release_changed: files below it were changed, added or taken away since. Nothing was touched.",
        "Put the folder back as it was, or name another release with --to; --do list shows them.",
        "If the change is meant: it is a new release. Put it in use and let it be verified as one.",
        "changed_since_start: files or variables are newer than the process. service-restart starts and records it.",
        "Logs and data written below a release change it too: they lie outside of releases.",
        "release_unreadable: this user must be able to read every file below it, the env file and release.key.",
    ),
)
LAYOUT = Playbook(
    "The releases do not lie as they must",
    _SECTION,
    (
        "Beside the declaration: releases/<name>, one folder each, and `current`, a link to one of them.",
        "The start command goes through the link (current/...); data and logs lie outside of releases.",
        "runtime_mismatch: RUNTIME_URL must be this machine at the port of the declaration.",
        AGAIN,
    ),
)
HALF_DONE = Playbook(
    "A change of release was broken off, and something else is asked for or in use since",
    _SECTION,
    (
        "`before=` and `to=` are its two releases, `now=` is where the link leads.",
        "Lead the link to one of the two. rollback --execute without --to finishes a rollback as it was begun, and",
        "turns a deployment back; release-deploy with the same --to finishes a deployment.",
    ),
)
NOT_GOOD = Playbook(
    "The release was not good",
    _SECTION,
    (
        "`why=` says what failed; service.log in .watchkeeper/services/<service> has its own words.",
        "`back=verified`: the release before runs again, in HOLD. `back=unverified`: it runs and `back_why=` failed.",
        "Start again to go further back: a release that failed is not tried twice.",
        "not_ready: watchkeeper readiness shows every reason; give it longer with --ready-wait-s.",
        "started_before_switch: the process is of another release still; watchkeeper service-restart, then record.",
    ),
)
NOTHING_RUNS = Playbook(
    "Neither release came up: nothing runs",
    _SECTION,
    (
        "Nothing trades. Open orders are at the venues still: look at them there first.",
        "Read service.log; a variable of the env file or the machine itself is more likely than two bad releases.",
        "Put that right and start the service (service-restart), or go further back with rollback --execute.",
        ESCALATE,
    ),
)

NOT_REVERTED = Playbook(
    "The change cannot be taken back like this",
    _SECTION,
    (
        "revert_conflicts: the files stand in the UI and the log. Revert the later changes first, or fix forward.",
        "mainline_missing: it is a merge; --mainline 1 keeps the branch that was merged into.",
        "revert_empty: somebody reverted it already. commit_not_on_branch: it is not there; name --branch.",
        "base_behind: pull or push the branch, so that here and Gitea agree. branch_taken: look at it first.",
        AGAIN,
    ),
)
CHECKS = Playbook(
    "The checks of the revert have not passed",
    _SECTION,
    (
        "Nothing is deployed. Look at the checks of the branch revert-<commit> at Gitea.",
        "ci_pending: they were not done in time. Start again, with a longer --check-wait-s if need be.",
        "ci_missing: no check reported at all. See whether the runners are up and look at pushes of this branch.",
        "ci_failed: the revert alone does not pass; fix forward on its branch.",
    ),
)

NOT_DEPLOYED = Playbook(
    "The revert passed its checks and is not in use",
    _SECTION,
    (
        "deploy_failed: the line of release_deploy before it says why, and what runs now.",
        "release_taken: a folder below releases has its name and holds something else. Look at it, take it away.",
        "Start again with the same words: the revert, its branch and its release are found, and it is tried again.",
    ),
)

BY_REASON: dict[str, Playbook] = {
    **dict.fromkeys(
        ("no_verified_release", "release_unknown", "release_not_verified", "already_current", "release_missing"),
        RELEASES,
    ),
    **dict.fromkeys(("link_missing", "link_elsewhere", "runtime_mismatch"), LAYOUT),
    **dict.fromkeys(("release_failed", "not_running", "started_before_switch"), NOT_GOOD),
    **dict.fromkeys(NOT_REVERTED_REASONS, NOT_REVERTED),
    **dict.fromkeys(CHECK_REASONS, CHECKS),
    **dict.fromkeys(("deploy_failed", "release_taken"), NOT_DEPLOYED),
    **dict.fromkeys(("release_changed", "changed_since_start", "release_unreadable"), CHANGED),
    "half_done": HALF_DONE,
    "back_failed": NOTHING_RUNS,
}
BY_TOKEN: dict[str, Playbook] = {
    "rollback": NOT_GOOD,
    "release_deploy": NOT_GOOD,
    "release": RELEASES,
    "revert_pr": NOT_REVERTED,
}
