"""What runbook 004's quick commands say."""

from tasks.rules.outcome import Contract, Form, Key, Kind, Status

_SECTION = "004 Ops quickstart"

QUICK_PLAN = Contract("quick_cmds_plan", (Status.PLANNED,), _SECTION, form=Form.PLAIN, head="QUICK CMDS PLAN")
QUICK_RUN = Contract(
    "quick_cmds_run",
    (Status.PLANNED,),
    _SECTION,
    keys=(Key("command", Kind.COMMAND, "one of our own commands, as it can be typed"),),
    form=Form.PLAIN,
    head="RUN",
)
# DONE stands for a failed step as well, because the runbook promises it as the last line; the exit code tells.
QUICK_CMDS = Contract(
    "quick_cmds",
    (Status.OK, Status.PLANNED, Status.FAIL),
    _SECTION,
    reasons=("disk_full",),
    form=Form.MARK,
    words={Status.OK: "DONE", Status.PLANNED: "PLAN", Status.FAIL: "DONE", Status.ERROR: "ERROR"},
    head="QUICK_CMDS",
)
