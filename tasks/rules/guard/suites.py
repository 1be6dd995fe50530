"""What a smoke or acceptance run comes to: its tests, and the answers of the service that is running.

Runbook 002, "Smoke & Acceptance". No test collected is a failure, and so is a run in which every test was skipped;
what was skipped is shown with its reason.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.rules.contracts.acceptance import ACCEPTANCE_PROBE, ACCEPTANCE_SKIP, ACCEPTANCE_SUITE
from tasks.rules.outcome import Contract, Outcome, Status
from tasks.rules.validation import Check, Ran

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")
_KNOWN = {"name", "command", "folder", "timeout_s", "env"}
_LONGEST_S = 7200
JUNIT = "{junit}"
PROBES = ("healthz", "api/ui/status/full", "api/ui/positions", "api/ui/config", "metrics")
"""What a running service must answer with 200; none of them changes anything (the overview would)."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A command that runs tests in a folder and leaves its report at `{junit}`."""

    name: str
    command: tuple[str, ...]
    folder: str = "."
    timeout_s: int = 600
    env: Mapping[str, str] | None = None

    def check(self, junit: str, metrics: str) -> Check:
        """The command with a report and a metrics file of its own: the production file is not its to write."""
        command = tuple(word.replace(JUNIT, junit) for word in self.command)
        return Check(self.name, command, self.timeout_s, env={**(self.env or {}), "METRICS_PATH": metrics})


@dataclass(frozen=True, slots=True)
class Skipped:
    case: str
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """What the report of a run holds."""

    tests: int
    failed: int
    errors: int
    skipped: tuple[Skipped, ...] = ()

    @property
    def passed(self) -> int:
        return self.tests - self.failed - self.errors - len(self.skipped)


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """One run: how its command ended, its report if it left one, and the orders in its own metrics file."""

    ran: Ran
    report: Report | None
    began: datetime
    ended: datetime
    commit: str | None = None
    orders: int | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """What the running service answered at a path; None if it fell silent."""

    path: str
    status: int | None
    good: bool = True

    @property
    def ok(self) -> bool:
        return self.status == 200 and self.good


def suite_of(document: Mapping[str, object], name: str) -> Suite:
    """The suite of that name; ValueError says in words of ours what is wrong with the file."""
    rows = document.get("suite")
    if set(document) != {"suite"} or not isinstance(rows, list):
        raise ValueError("the file is a list of [[suite]]")
    suites = [_suite(row) for row in rows]
    found = [suite for suite in suites if suite.name == name]
    if len(found) != 1:
        raise ValueError(f"it declares {len(found)} suites named {name}, not one")
    return found[0]


def _suite(row: object) -> Suite:
    if not isinstance(row, Mapping) or not set(row) <= _KNOWN:
        raise ValueError("a suite has name, command, folder, timeout_s and env")
    name, command, env = row.get("name"), row.get("command"), row.get("env", {})
    folder, timeout_s = row.get("folder", "."), row.get("timeout_s", 600)
    if not isinstance(name, str) or not _NAME.fullmatch(name) or not isinstance(folder, str):
        raise ValueError("a name is lowercase letters, digits and _; a folder is a path")
    if not isinstance(command, list) or not all(isinstance(word, str) and word for word in command):
        raise ValueError("a command is a list of words")
    if not any(JUNIT in word for word in command):
        raise ValueError(f"the command writes its report to {JUNIT}")
    if type(timeout_s) is not int or not 1 <= timeout_s <= _LONGEST_S:
        raise ValueError("timeout_s is whole seconds, up to two hours")
    if not isinstance(env, Mapping) or not all(isinstance(value, str) for value in env.values()):
        raise ValueError("env maps names of variables to texts")
    return Suite(name, tuple(command), folder, timeout_s, dict(env))


def suite_reason(run: SuiteRun) -> str | None:
    """Why the run does not count, the gravest first; None if it does."""
    if run.ran.details in ("timed_out", "not_started"):
        return run.ran.details
    if run.report is None:
        return "no_report"
    if run.report.tests == 0:
        return "nothing_collected"
    if run.report.failed or run.report.errors:
        return "tests_failed"
    if run.report.passed == 0:
        return "all_skipped"
    return None if run.ran.ok else "exit_code"


def suite_said(run: SuiteRun) -> Outcome:
    reason, report = suite_reason(run), run.report
    return ACCEPTANCE_SUITE.says(
        Status.FAIL if reason else Status.OK,
        reason,
        suite=run.ran.name,
        passed=report.passed if report else None,
        failed=report.failed if report else None,
        errors=report.errors if report else None,
        skipped=len(report.skipped) if report else None,
        ended_how=run.ran.details,
        seconds=run.ran.seconds,
        orders=run.orders,
    )


def skips_said(run: SuiteRun) -> list[Outcome]:
    skipped = run.report.skipped if run.report else ()
    return [
        ACCEPTANCE_SKIP.says(Status.SKIPPED, suite=run.ran.name, case=_plain(one.case), why=_plain(one.why))
        for one in skipped
    ]


def _plain(text: str) -> str | None:
    return text.encode("ascii", "backslashreplace").decode().strip()[:200] or None


def probe_said(probe: Probe) -> Outcome:
    reason = None if probe.ok else "no_answer" if probe.status is None else "answered_badly"
    status = Status.OK if probe.ok else Status.FAIL
    return ACCEPTANCE_PROBE.says(status, reason, path=probe.path.replace("/", "."), http=probe.status)


def smoke_said(contract: Contract, run: SuiteRun, probes: Sequence[Probe]) -> Outcome:
    reasons = [why for why in (suite_reason(run), "service_failed" if _bad(probes) else None) if why]
    return contract.says(
        Status.FAIL if reasons else Status.OK,
        reasons[0] if reasons else None,
        passed=run.report.passed if run.report else 0,
        failed=run.report.failed + run.report.errors if run.report else 0,
        skipped=len(run.report.skipped) if run.report else 0,
        probes=len(probes),
        bad_probes=_bad(probes),
        commit=run.commit,
        began=f"{run.began:%Y-%m-%dT%H:%M:%SZ}",
        ended=f"{run.ended:%Y-%m-%dT%H:%M:%SZ}",
        reasons=tuple(reasons) or None,
    )


def _bad(probes: Sequence[Probe]) -> int:
    return sum(not probe.ok for probe in probes)
