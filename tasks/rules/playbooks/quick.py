"""A next step for each reason of runbook 004's quick commands."""

from tasks.rules.playbooks.playbook import Playbook

_QUICKSTART = "004 OPS QUICKSTART"

STEP = Playbook(
    "A step of a quick command was not good",
    _QUICKSTART,
    (
        "Read artifacts/QUICK_CMDS_SUMMARY.md: the rows that say FAIL, each with the step's last line.",
        "`watchkeeper explain <token> <reason>` says what to do about that line.",
        "Start that step alone; `quick-cmds --dry-run` names it as it can be typed.",
    ),
)

BY_REASON: dict[str, Playbook] = {}
BY_TOKEN: dict[str, Playbook] = {"quick_cmds": STEP}
