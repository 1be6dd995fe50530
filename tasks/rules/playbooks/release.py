"""A next step for each reason of runbook 004's release procedures."""

from tasks.rules.contracts.release import GATE_ERRORS
from tasks.rules.playbooks.playbook import AGAIN, Playbook

RELEASE_004 = "004 Release bundle"

KPI_OLD = Playbook(
    "There is no KPI of today",
    RELEASE_004,
    (
        "Start its producers in this order: edge-report, daily-report, weekly-rollup, readiness-score, kpi-gate.",
        "See why the scheduled ones did not run: `watchkeeper outcomes`.",
        "Ask the gate again: `watchkeeper ready-gate`.",
    ),
)
KPI_WRONG = Playbook(
    "The KPI says what no KPI can say",
    RELEASE_004,
    (
        "Read `reasons=`: readiness is a number from 0 to 100, or from 0 to 1 with `scale` ratio; NaN is none.",
        "If another program writes KPI_GATE.json, correct it there; else start `watchkeeper kpi-gate`.",
        "A time in the future is a clock that goes wrong; set that clock.",
    ),
)
NOT_READY = Playbook(
    "Readiness is below the limit",
    RELEASE_004,
    (
        "Read READINESS_SCORE.md: which part lost its points (edge, latency, taker, guards, chaos, tests).",
        "The release of before stays in force; nothing has to be undone.",
        "Do not lower --min-readiness to let it through.",
    ),
)
BLOCKED = Playbook(
    "The bundle was not built",
    RELEASE_004,
    (
        "Read the line of ready-gate above and `reason=`; ask for it: `watchkeeper explain ready_gate <reason>`.",
        "The bundle and the stamp of before are still in force.",
        "When the gate passes, start it again: `watchkeeper bundle`.",
    ),
)
TREE = Playbook(
    "The working tree holds changes that no commit has",
    RELEASE_004,
    (
        "Commit them or put them away; a release is what its git hash says.",
        "For a trial build: `watchkeeper bundle --dirty mark`; the stamp then says dirty.",
    ),
)
INPUTS = Playbook(
    "Artifacts that a release rests on are missing or cannot be read",
    RELEASE_004,
    (
        "Read `missing=`. Start the producer: full-validate, weekly-rollup, readiness-score, kpi-gate.",
        "`inputs_unreadable`: the file is a link, a folder, too large or closed to this user; the log names it.",
        AGAIN,
    ),
)
FULL = Playbook(
    "The validation ran only the fast checks",
    RELEASE_004,
    ("A release rests on all of them: `watchkeeper full-validate` without --fast, then start the bundle again.",),
)
SOURCE = Playbook(
    "There is nothing to release from",
    RELEASE_004,
    (
        "--repository names a git repository with a commit, readable by the worker's user.",
        "The version stands in VERSION or pyproject.toml of the commit, or is given with --version.",
    ),
)
WRITING = Playbook(
    "The bundle or its stamp could not be written",
    RELEASE_004,
    ("Make room in --dist, or let the worker's user write there.", "The old bundle and stamp are untouched.", AGAIN),
)
MISMATCH = Playbook(
    "The bundle on disk is not the one of the stamp",
    RELEASE_004,
    (
        "Read the bundle_mismatch lines: each names one thing.",
        "Do not release this bundle. Build a new one: `watchkeeper bundle`, or let bundle-auto do it.",
        "If nobody built anything, find out who changed the file.",
    ),
)
STAMP = Playbook(
    "There is no stamp that can be trusted",
    RELEASE_004,
    (
        "`stamp_missing`: nothing was released yet, or --stamp names another file.",
        "`stamp_from_the_future`: a clock went wrong when it was made, or does now.",
        "Build anew: `watchkeeper bundle-auto`.",
    ),
)
OVERDUE = Playbook(
    "The last bundle is more than five days old",
    RELEASE_004,
    ("See why the runs of bundle-auto built none: `watchkeeper outcomes`.", *BLOCKED.steps),
)

BY_REASON: dict[str, Playbook] = {
    **dict.fromkeys(GATE_ERRORS, KPI_WRONG),
    **dict.fromkeys(("kpi_missing", "kpi_stale", "readiness_missing"), KPI_OLD),
    "readiness_low": NOT_READY,
    **dict.fromkeys(("gate_failed", "build_failed"), BLOCKED),
    "dirty_tree": TREE,
    **dict.fromkeys(("inputs_missing", "inputs_unreadable"), INPUTS),
    "validation_fast": FULL,
    **dict.fromkeys(("no_repository", "no_commit", "version_unknown", "version_invalid"), SOURCE),
    "bundle_not_written": WRITING,
    "mismatch": MISMATCH,
    **dict.fromkeys(("stamp_missing", "stamp_invalid", "stamp_from_the_future"), STAMP),
}
BY_TOKEN: dict[str, Playbook] = {
    "ready_gate": KPI_OLD,
    "bundle": BLOCKED,
    "bundle_mismatch": MISMATCH,
    "bundle_verify": MISMATCH,
    "bundle_overdue": OVERDUE,
    "bundle_auto": BLOCKED,
}
