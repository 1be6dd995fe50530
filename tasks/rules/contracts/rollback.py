"""What going back to an earlier release, and taking a merged change back, says (runbook 002, Rollback & Release)."""

from tasks.rules.contracts.deploying import DECLARATION_REASONS
from tasks.rules.guard.answers import RUNTIME_REASONS
from tasks.rules.guard.rollback import ROLLBACK_REASONS, SWITCH_REASONS
from tasks.rules.outcome import Contract, Key, Kind, Status
from tasks.rules.publishing.reverts import REVERT_REASONS

_SECTION = "002 Rollback & Release"

RELEASE = Contract(
    "release",
    (Status.OK,),
    _SECTION,
    keys=(
        Key("name", Kind.WORD, "its folder below releases"),
        Key("standing", Kind.WORD, "passed, failed, or withdrawn by a rollback"),
        Key("in_use", Kind.FLAG, "whether the link leads to it"),
    ),
)

_REASONS = (*DECLARATION_REASONS, "no_start_command", "not_stopped", "memory_invalid", *RUNTIME_REASONS)
_STATUSES = (Status.OK, Status.PLANNED, Status.NOT_CONFIGURED, Status.FAIL)
_PLACES = (
    Key("service", Kind.WORD, "its name in the declaration"),
    Key("before", Kind.WORD, "the release that is left"),
    Key("to", Kind.WORD, "the release that is gone to"),
    Key("now", Kind.WORD, "the release that the link leads to"),
)
_HALF_DONE = Key(
    "half_done", Kind.FLAG, "whether a run that was broken off is found: finished by this one if it executes"
)
_COURSE = (
    Key("held", Kind.WORD, "verified, already (it was in HOLD), or silent (nobody answered sanely)"),
    Key("stopped", Kind.WORD, "none was running, asked, command (its own) or killed"),
    Key("stop_s", Kind.RATIO, "how long the end took, the port free again"),
    Key("pid", Kind.COUNT, "the process that listens; of port_taken: the one that holds the port"),
    Key("healthy_s", Kind.RATIO, "from the start to the first good answer of it"),
    Key("ready_s", Kind.COUNT, "how long readiness took; left out where it was not asked for"),
    Key("why", Kind.WORD, "what the release failed by"),
    Key("back", Kind.WORD, "what runs now: verified or unverified is the release before, failed is nothing"),
    Key("back_why", Kind.WORD, "what the release before failed by"),
    Key("unrecorded", Kind.WORD, "why the operations database does not know how it ended"),
    Key("log", Kind.FILE, "in .watchkeeper/services/<service> beside the declaration"),
)

ROLLBACK = Contract(
    "rollback",
    _STATUSES,
    _SECTION,
    reasons=(*ROLLBACK_REASONS, *_REASONS),
    keys=(
        Key("do", Kind.WORD, "back, record or list"),
        *_PLACES,
        Key("releases", Kind.COUNT, "how many are known; each has a line of its own"),
        Key("standing", Kind.WORD, "what the release has shown: passed or failed"),
        _HALF_DONE,
        Key("content", Kind.WORD, "whether its folder is as it was verified: same, changed or unknown"),
        Key("environment", Kind.WORD, "whether the file of variables is as it was then: same, changed or unknown"),
        Key("interpreter", Kind.WORD, "whether the packages beside it are as they were: same, changed or unknown"),
        *_COURSE,
    ),
)

RELEASE_DEPLOY = Contract(
    "release_deploy", _STATUSES, _SECTION, reasons=(*SWITCH_REASONS, *_REASONS), keys=(*_PLACES, _HALF_DONE, *_COURSE)
)

REVERT_PR = Contract(
    "revert_pr",
    (Status.OK, Status.PLANNED, Status.FAIL),
    _SECTION,
    reasons=(*REVERT_REASONS, *DECLARATION_REASONS),
    keys=(
        Key("reverted", Kind.DIGEST, "the commit that is taken back"),
        Key("commit", Kind.DIGEST, "the revert"),
        Key("onto", Kind.DIGEST, "the head of the branch that it builds on"),
        Key("branch", Kind.WORD, "the branch that holds the revert"),
        Key("files", Kind.COUNT, "files that it changes"),
        Key("conflicts", Kind.COUNT, "files that later changes build on; each stands in the UI and the log"),
        Key("parents", Kind.COUNT, "how many the commit has: a merge has two or more"),
        Key("ci", Kind.WORD, "the state of its checks in Gitea's word, or none"),
        Key("checks", Kind.COUNT, "how many checks have reported"),
        Key("release", Kind.WORD, "the folder below releases that holds the revert, with --deploy"),
        Key("deployed", Kind.WORD, "ok, or already: it was in use; release_deploy has a line of its own"),
        Key("next", Kind.COMMAND, "how it is deployed, where that was not asked for"),
    ),
)
