"""Declared suites, run beside the production metrics file and never into it, and questions to the running service."""

import tempfile
import tomllib
from datetime import datetime
from pathlib import Path
from xml.etree import ElementTree as Xml

from git import GitError, Repo

from tasks.clock import utc_now
from tasks.rules.faults import Fault, Refused, RuntimeUnreachable
from tasks.rules.guard.suites import PROBES, Probe, Report, Skipped, Suite, SuiteRun, suite_of
from tasks.rules.redaction import scrub
from tasks.rules.validation import Ran
from tasks.runtime.metrics_files import read_textfile
from tasks.runtime.requests import look, look_as_ourselves
from tasks.settings import known_secrets
from tasks.settings.guard import api_token, runtime_address
from tasks.step import step
from tasks.validation import run_checks

_WITH_TOKEN = ("api/ui/positions",)
_SUBMITTED = "propbot_orders_submitted_total"


@step
def read_suite(path: Path, name: str) -> Suite:
    """The suite that the file declares under the name; its folder is below the file's own unless it is absolute."""
    try:
        return suite_of(tomllib.loads(path.read_text(encoding="utf-8")), name)
    except FileNotFoundError:
        raise Refused("suites_missing", "give --config the file that declares the suites") from None
    except OSError as error:
        raise Fault("suites_missing", f"the file of suites cannot be read ({type(error).__name__})") from None
    except ValueError as wrong:
        why = "no TOML" if isinstance(wrong, (tomllib.TOMLDecodeError, UnicodeDecodeError)) else str(wrong)
        raise Refused("suites_invalid", f"correct the file of suites: {why}") from None


def run_suite(suite: Suite, folder: Path, logs: Path) -> SuiteRun:
    """Run it with a report and a metrics file of its own; past its limit it is ended with all its children."""
    began = utc_now()
    with tempfile.TemporaryDirectory(prefix="watchkeeper-suite-") as own:
        junit, metrics = Path(own) / "junit.xml", Path(own) / "metrics.prom"
        (ran,) = run_checks((suite.check(str(junit), str(metrics)),), folder / suite.folder, logs, 1)
        return _run_of(ran, junit, metrics, folder / suite.folder, began)


def _run_of(ran: Ran, junit: Path, metrics: Path, folder: Path, began: datetime) -> SuiteRun:
    return SuiteRun(ran, _report(junit), began, utc_now(), _commit(folder), _orders(metrics))


def _report(path: Path) -> Report | None:
    """What a junit report says; None if there is none, or only half of one."""
    try:
        cases = list(Xml.parse(path).getroot().iter("testcase"))  # noqa: S314  written by the run that we started
    except (OSError, Xml.ParseError):
        return None
    return Report(
        len(cases),
        sum(case.find("failure") is not None for case in cases),
        sum(case.find("error") is not None and case.find("failure") is None for case in cases),
        tuple(_skipped(case) for case in cases if case.find("skipped") is not None),
    )


def _skipped(case: Xml.Element) -> Skipped:
    found = case.find("skipped")
    why = found.get("message", "") if found is not None else ""
    return Skipped(case.get("name", ""), scrub(why, known_secrets()))


def _commit(folder: Path) -> str | None:
    try:
        return Repo(folder, search_parent_directories=True).head.commit.hexsha[:12]
    except (GitError, OSError, ValueError):
        return None


def _orders(metrics: Path) -> int | None:
    """How many orders the run itself submitted, from its own file; None if it routed none."""
    if not metrics.exists():
        return None
    return int(sum(one.value for one in read_textfile.fn(metrics).samples if one.series.name == _SUBMITTED))


def refuse_unless_known(base: str) -> None:
    """Refused before any minute is spent on tests: the service has to be named, and its token there."""
    api_token(runtime_address(base))


@step
def probe_service(base: str) -> tuple[Probe, ...]:
    """What the running service answers to questions that change nothing."""
    return tuple(_probe(base, path) for path in PROBES)


def _probe(base: str, path: str) -> Probe:
    try:
        answer = look_as_ourselves(base, path) if path in _WITH_TOKEN else look(base, path)
    except RuntimeUnreachable:
        return Probe(path, None)
    healthy = path != "healthz" or (isinstance(answer.data, dict) and answer.data.get("ok") is True)
    return Probe(path, answer.status, healthy)
