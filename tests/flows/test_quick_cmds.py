"""Runbook 004, Ops quickstart: what the four words start, what they leave, and how they end."""

import json
import re
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterParentFlowRunId

from flows.catalogue import read_catalogue
from flows.command_line import build_parser
from flows.release.quick_cmds import quick_cmds
from tasks.rules.soak_progress import State
from tasks.soaks import Asked, look_at_soak
from tasks.step import without_server
from tests.release_folder import NOON, NOW, make_artifacts

READY_BUNDLE = ["weekly-rollup", "readiness-score", "kpi-gate", "bundle"]
FULL_VALIDATE = ["full-validate", "full-accept"]
SOAK_14D = ["soak --do start"]
PLANS = {
    "ready-bundle": READY_BUNDLE,
    "full-validate": FULL_VALIDATE,
    "soak-14d": SOAK_14D,
    "all": READY_BUNDLE + FULL_VALIDATE + SOAK_14D,
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with one good check and nothing else; the clock stands still."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHKEEPER_NOW", NOON)
    checks = '[[check]]\nname = "linters"\ncommand = ["true"]\n'
    (tmp_path / "validation.toml").write_text(checks)
    return tmp_path


@pytest.fixture
def good_artifacts(place):
    """The four key artifacts, as full-accept wants them."""
    folder = make_artifacts(place / "artifacts")
    for name, document in {
        "EDGE_REPORT": {"latency": {"p50": 200, "p95": 310, "p99": 400}, "net_bps": 2.75, "taker_ratio": 0.12},
        "EDGE_SENTINEL": {"advice": "keep", "buckets": [], "ts": NOW},
    }.items():
        (folder / f"{name}.json").write_text(json.dumps(document))


def run(capsys, do, **options):
    """The exit code and the lines, as by hand without a server."""
    with without_server():
        state: Any = quick_cmds.fn(do=do, **options)
    lines = [line.partition(" frozen_now=")[0] for line in capsys.readouterr().out.splitlines()]
    lines = [re.sub(r" seconds=[0-9.]+", " seconds=<s>", line) for line in lines]
    return int(state.is_failed()), lines


def summary(place):
    content = (place / "artifacts" / "QUICK_CMDS_SUMMARY.md").read_bytes().decode("ascii")
    assert content.endswith("\n")
    return content.removesuffix("\n").split("\n")


@pytest.mark.row("P004-400")
@pytest.mark.parametrize("do", PLANS)
def test_a_dry_run_prints_the_golden_plan_and_touches_nothing(capsys, tmp_path, monkeypatch, do):
    monkeypatch.chdir(tmp_path)
    code, lines = run(capsys, do, dry_run=True)
    assert lines == ["QUICK CMDS PLAN", *(f"RUN watchkeeper {name}" for name in PLANS[do]), "QUICK_CMDS=PLAN"]
    assert code == 0
    assert not list(tmp_path.iterdir())


@pytest.mark.row("P004-400")
@pytest.mark.parametrize("do", PLANS)
def test_every_command_of_a_plan_can_be_typed(capsys, do):
    typed = [line.split()[2:] for line in run(capsys, do, dry_run=True)[1] if line.startswith("RUN ")]
    parser = build_parser(read_catalogue())
    assert [parser.parse_args(words).command for words in typed] == [words[0] for words in typed]


@pytest.mark.row("P004-401", "W004-401", "W004-402")
def test_a_failing_step_hides_none_and_the_exit_code_tells_of_it(capsys, place):
    code, lines = run(capsys, "all")
    assert [line for line in lines if not line.startswith("event=accept_error ")] == [
        "event=weekly_rollup status=NODATA reason=no_reports",
        "event=readiness_score status=NODATA reason=no_reports",
        "event=kpi_gate verdict=FAIL reason=inputs_refused"
        " refused=WEEKLY_ROLLUP.json:missing,READINESS_SCORE.json:missing",
        "RELEASE_BUNDLE=BLOCKED reason=no_repository",
        "event=validation_section name=linters status=OK details=exit_0 seconds=<s>",
        "RESULT=OK checked=1 failed=0 mode=FULL",
        "event=full_accept status=FAIL files_checked=4 errors=3",
        "soak status=fail reason=missing_dsn env=WATCHKEEPER_DSN",
        "QUICK_CMDS=DONE",
    ]
    assert code == 1
    assert [row.split(" | ")[:2] for row in summary(place)[6:-2]] == [
        ["| weekly-rollup", "FAIL"],
        ["| readiness-score", "FAIL"],
        ["| kpi-gate", "FAIL"],
        ["| bundle", "FAIL"],
        ["| full-validate", "OK"],
        ["| full-accept", "FAIL"],
        ["| soak", "FAIL"],
    ]
    assert summary(place)[-1] == "RESULT=FAIL"


@pytest.mark.row("P004-401", "P004-402", "W004-400", "W004-403")
def test_when_every_step_is_good_so_is_the_summary_and_it_has_the_real_time(capsys, place, good_artifacts):
    code, lines = run(capsys, "full-validate")
    assert (code, lines[-1]) == (0, "QUICK_CMDS=DONE")
    assert summary(place) == [
        "QUICK CMDS SUMMARY",
        "",
        "UTC: 2026-11-18T11:06:40Z",
        "",
        "| step | status | details |",
        "|------|--------|---------|",
        "| full-validate | OK | RESULT=OK checked=1 failed=0 mode=FULL frozen_now=2026-11-18T11:06:40Z |",
        "| full-accept | OK | event=full_accept status=OK files_checked=4 errors=0 frozen_now=2026-11-18T11:06:40Z |",
        "",
        "RESULT=OK",
    ]


@pytest.mark.row("P004-402", "W004-400")
def test_a_summary_that_cannot_be_written_is_a_failure_and_nothing_half_done_is_left(capsys, place, good_artifacts):
    (place / "artifacts" / "QUICK_CMDS_SUMMARY.md").mkdir()
    code, lines = run(capsys, "full-validate")
    assert (code, lines[-1]) == (1, "QUICK_CMDS=DONE reason=artifact_not_written")
    assert not [path for path in (place / "artifacts").iterdir() if path.name.startswith(".")]


@pytest.mark.row("P004-406", "W004-404")
@pytest.mark.usefixtures("operations_database")
def test_the_fourteen_days_are_started_for_real_and_once(capsys, place):
    (place / "soak.toml").write_text("")
    assert run(capsys, "soak-14d")[0] == 0
    started = look_at_soak.fn(Asked())
    assert started and started.state is State.ACTIVE
    assert sum(started.hours.values()) == 14 * 24
    code, lines = run(capsys, "soak-14d")
    assert code == 0
    assert lines[0].startswith(f"soak status=skipped reason=already_active do=start soak={started.soak} ")
    assert lines[1:] == ["QUICK_CMDS=DONE"]


@pytest.mark.usefixtures("prefect_server")
def test_each_step_is_a_run_of_its_own(capsys, place):
    state = quick_cmds(do="full-validate", return_state=True)
    assert state.is_failed()
    assert state.message == "QUICK_CMDS=DONE"
    with get_client(sync_client=True) as client:
        mine = FlowRunFilterParentFlowRunId(any_=[state.state_details.flow_run_id])
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(parent_flow_run_id=mine))
    assert sorted(run.name.split()[0] for run in runs) == ["full-accept", "full-validate"]
