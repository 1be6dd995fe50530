"""From the days' reports to the gates: weekly-rollup, readiness-score, kpi-gate (runbook 004)."""

import json
from datetime import date, timedelta

import pytest

from flows.daily.daily_report import daily_report
from flows.release.kpi_gate import kpi_gate
from flows.release.readiness_score import readiness_score
from flows.release.ready_gate import ready_gate
from flows.release.weekly_rollup import weekly_rollup
from tasks.artifact_reading import read_document

pytestmark = pytest.mark.usefixtures("prefect_server")
TODAY = date(2026, 11, 21)


@pytest.fixture
def artifacts(tmp_path, monkeypatch):
    """Seven good days, the last of them today."""
    monkeypatch.setenv("WATCHKEEPER_NOW", f"{TODAY}T12:00:00Z")
    for back in range(7):
        write_report(tmp_path, TODAY - timedelta(days=back))
    return tmp_path


def write_report(folder, day, **changed):
    document = {
        "edge_net_bps": 3.0,
        "order_age_p95_ms": 300.0,
        "taker_share_pct": 10.0,
        "verdict": "OK",
        "reg_guard": {"reason": "NONE"},
        "chaos_result": "OK",
        "bug_bash": "OK",
    }
    (folder / f"REPORT_SOAK_{day:%Y%m%d}.json").write_text(json.dumps(document | changed))


def run(capsys, flow, folder, **options):
    state = flow(artifacts_dir=str(folder), return_state=True, **options)
    return state, capsys.readouterr().out.strip().partition(" frozen_now=")[0]


@pytest.mark.row("P004-104", "P004-105", "P004-106", "W004-101")
def test_seven_good_days_open_the_ready_gate_and_every_file_is_accepted(capsys, artifacts):
    assert run(capsys, weekly_rollup, artifacts)[1] == "event=weekly_rollup status=OK verdict=GO days=7"
    assert run(capsys, readiness_score, artifacts)[1] == (
        "event=readiness_score status=OK verdict=GO score=100.000000 days=7"
    )
    assert run(capsys, kpi_gate, artifacts)[1] == "event=kpi_gate verdict=PASS readiness=100.000000"
    for name in ("WEEKLY_ROLLUP", "READINESS_SCORE", "KPI_GATE"):
        assert read_document(f"{name}.json", (artifacts / f"{name}.json").read_bytes()).problems == ()
        assert (artifacts / f"{name}.md").read_bytes().isascii()
    gate = ready_gate(kpi=str(artifacts / "KPI_GATE.json"), return_state=True)
    assert gate.is_completed()
    assert json.loads((artifacts / "KPI_GATE.json").read_bytes())["checks"][0] == {
        "name": "edge_net_bps_median",
        "value": 3.0,
        "limit": 2.5,
        "op": ">=",
        "ok": True,
    }


def test_equal_reports_give_equal_bytes(capsys, artifacts):
    def made():
        for flow in (weekly_rollup, readiness_score, kpi_gate):
            run(capsys, flow, artifacts)
        return [path.read_bytes() for path in sorted(artifacts.glob("[!R]*"))]

    assert made() == made()


@pytest.mark.row("P004-105", "W004-104")
def test_without_reports_nothing_is_written(capsys, tmp_path):
    for flow, token in ((weekly_rollup, "weekly_rollup"), (readiness_score, "readiness_score")):
        state, line = run(capsys, flow, tmp_path)
        assert state.name == "InsufficientData"
        assert line == f"event={token} status=NODATA reason=no_reports"
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_report_is_named_and_the_day_is_missing(capsys, artifacts):
    (artifacts / "REPORT_SOAK_20261119.json").write_text('{"edge_net_bps": NaN}')
    (artifacts / "REPORT_SOAK_20261399.json").write_text("{}")
    assert run(capsys, weekly_rollup, artifacts)[1] == (
        "event=weekly_rollup status=OK verdict=WARN days=6 invalid=2026-11-19"
    )
    assert "days=6 invalid=2026-11-19" in run(capsys, readiness_score, artifacts)[1]


def test_a_ledger_that_is_none_fails_the_rollup(capsys, artifacts):
    (artifacts / "LEDGER_DAILY.json").write_text('[{"date":"2026-11-21","equity":NaN,"fees":0,"rebates":0}]')
    assert run(capsys, weekly_rollup, artifacts)[1] == "event=weekly_rollup status=FAIL reason=ledger_invalid"
    (artifacts / "LEDGER_DAILY.json").write_text("{}")
    assert run(capsys, weekly_rollup, artifacts)[0].is_completed()


@pytest.mark.row("P004-106", "W004-106")
def test_the_gate_needs_both_inputs_sound_and_young(capsys, artifacts, monkeypatch):
    state, line = run(capsys, kpi_gate, artifacts)
    assert state.is_failed()
    assert line == (
        "event=kpi_gate verdict=FAIL reason=inputs_refused"
        " refused=WEEKLY_ROLLUP.json:missing,READINESS_SCORE.json:missing"
    )
    run(capsys, weekly_rollup, artifacts)
    run(capsys, readiness_score, artifacts)
    monkeypatch.setenv("WATCHKEEPER_NOW", f"{TODAY + timedelta(days=2)}T12:00:00Z")
    assert run(capsys, kpi_gate, artifacts)[1].endswith("refused=READINESS_SCORE.json:stale")
    assert not (artifacts / "KPI_GATE.json").exists()


def test_a_bad_week_fails_the_gate_and_says_what_is_bad(capsys, artifacts):
    for back in range(7):
        write_report(artifacts, TODAY - timedelta(days=back), edge_net_bps=1.0, reg_guard={"reason": "EDGE_REG"})
    run(capsys, weekly_rollup, artifacts)
    run(capsys, readiness_score, artifacts)
    state, line = run(capsys, kpi_gate, artifacts)
    assert state.is_failed()
    assert line == "event=kpi_gate verdict=FAIL reason=limits_broken reasons=EDGE readiness=72.000000"
    assert b"KPI_GATE=FAIL" in (artifacts / "KPI_GATE.md").read_bytes()


def write_inputs(folder, net_bps=3.0, ok=True, ts=1_795_262_400):
    word = "OK" if ok else "FAIL"
    sections = [
        {"name": name, "status": word, "ok": ok, "details": "exit_0"} for name in ("tests_rules", "chaos_journal")
    ]
    edge = {"net_bps": net_bps, "latency": {"p50": 1, "p95": 300, "p99": 400}, "taker_ratio": 0.1, "ts": ts}
    validation = {"status": word, "components": ["a"], "ts": ts, "sections": sections}
    (folder / "EDGE_REPORT.json").write_text(json.dumps(edge))
    (folder / "FULL_STACK_VALIDATION.json").write_text(json.dumps(validation))


@pytest.mark.row("P004-109")
def test_the_report_of_the_day_is_made_from_edge_and_validation(capsys, artifacts):
    (artifacts / "REPORT_SOAK_20261121.json").unlink()
    write_inputs(artifacts)
    assert run(capsys, daily_report, artifacts)[1] == ("event=daily_report status=OK verdict=OK tests=OK chaos=OK")
    content = (artifacts / "REPORT_SOAK_20261121.json").read_bytes()
    assert read_document("REPORT_SOAK_20261121.json", content).problems == ()
    assert json.loads(content)["reg_guard"]["baseline"] == {"edge_med": 3.0, "p95_med": 300.0, "taker_med": 10.0}
    assert run(capsys, weekly_rollup, artifacts)[1].endswith("verdict=GO days=7")
    assert "score=100.000000" in run(capsys, readiness_score, artifacts)[1]
    run(capsys, daily_report, artifacts)
    assert (artifacts / "REPORT_SOAK_20261121.json").read_bytes() == content


def test_a_regression_and_a_failed_validation_are_said(capsys, artifacts):
    write_inputs(artifacts, net_bps=2.6, ok=False)
    assert run(capsys, daily_report, artifacts)[1] == (
        "event=daily_report status=OK verdict=FAIL regressions=EDGE_REG tests=FAIL chaos=FAIL"
    )


def test_without_a_validation_tests_are_unknown_and_without_an_edge_report_there_is_no_report(
    capsys, tmp_path, artifacts
):
    write_inputs(artifacts)
    (artifacts / "FULL_STACK_VALIDATION.json").unlink()
    assert run(capsys, daily_report, artifacts)[1].endswith(
        "tests=unknown chaos=unknown refused=FULL_STACK_VALIDATION.json:missing"
    )
    write_inputs(artifacts, ts=1)
    state, line = run(capsys, daily_report, artifacts)
    assert state.is_failed()
    assert line == "event=daily_report status=FAIL reason=inputs_refused refused=EDGE_REPORT.json:stale"
