"""Several procedures under one short name (runbook 004, Ops quickstart).

The plan names our own commands, each as it can be typed, so that a dry run is the same text on every machine.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tasks.rules.contracts.quick import QUICK_CMDS, QUICK_PLAN, QUICK_RUN
from tasks.rules.outcome import EXIT_OK, Outcome, Status

PROGRAM = "watchkeeper"
SUMMARY_FILE = "QUICK_CMDS_SUMMARY.md"


class QuickCommand(StrEnum):
    READY_BUNDLE = "ready-bundle"
    FULL_VALIDATE = "full-validate"
    SOAK_14D = "soak-14d"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Step:
    """One procedure with the parameters that differ from its defaults."""

    procedure: str
    parameters: tuple[tuple[str, str | int | bool], ...] = ()

    @property
    def command(self) -> str:
        """`watchkeeper bundle --dirty mark`: a switch stands bare."""
        words = [PROGRAM, self.procedure]
        for name, value in self.parameters:
            words.append("--" + name.replace("_", "-"))
            words += [] if value is True else [str(value)]
        return " ".join(words)


STEPS: dict[QuickCommand, tuple[Step, ...]] = {
    QuickCommand.READY_BUNDLE: (Step("weekly-rollup"), Step("readiness-score"), Step("kpi-gate"), Step("bundle")),
    QuickCommand.FULL_VALIDATE: (Step("full-validate"), Step("full-accept")),
    QuickCommand.SOAK_14D: (Step("soak", (("do", "start"),)),),  # its hours are fourteen days if nothing else is said
}


def steps_of(command: QuickCommand) -> tuple[Step, ...]:
    """The steps in their order; `all` is every step of the others."""
    return sum(STEPS.values(), ()) if command is QuickCommand.ALL else STEPS[command]


def plan_told(steps: Sequence[Step]) -> Iterator[Outcome]:
    """The lines of a dry run, up to the last."""
    yield QUICK_PLAN.says(Status.PLANNED)
    for step in steps:
        yield QUICK_RUN.says(Status.PLANNED, command=step.command)


def concluded(results: Sequence[tuple[Step, Outcome]]) -> Outcome:
    """DONE whatever happened, as the runbook promises; the exit code tells whether every step was good."""
    return QUICK_CMDS.says(Status.OK if _all_good(results) else Status.FAIL)


def summary_of(results: Sequence[tuple[Step, Outcome]], utc: str) -> list[str]:
    """The page: a row a step, then `RESULT=OK|FAIL`."""
    return [
        "QUICK CMDS SUMMARY",
        "",
        f"UTC: {utc}",
        "",
        "| step | status | details |",
        "|------|--------|---------|",
        *(f"| {step.procedure} | {_status(done)} | {_cell(done.line)} |" for step, done in results),
        "",
        f"RESULT={'OK' if _all_good(results) else 'FAIL'}",
    ]


def _all_good(results: Sequence[tuple[Step, Outcome]]) -> bool:
    return bool(results) and all(done.exit_code == EXIT_OK for _, done in results)


def _status(done: Outcome) -> str:
    return "OK" if done.exit_code == EXIT_OK else "FAIL"


def _cell(text: str) -> str:
    """A line as it may stand in a table: one row, no column of its own."""
    return " ".join(text.split()).replace("\\", "\\\\").replace("|", "\\|")
