"""Runbook 004, Soak orchestration: one tick."""

import json
import os
from datetime import datetime

import pytest

from flows.soak.soak_tick import soak_tick

pytestmark = pytest.mark.usefixtures("prefect_server", "operations_database")
NOW = "2026-11-21T03:05:00Z"
EPOCH = int(datetime.fromisoformat(NOW.replace("Z", "+00:00")).timestamp())


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("WATCHKEEPER_NOW", NOW)
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    put(tmp_path)
    return tmp_path


def put(folder, *, at=EPOCH, readiness=95.0, **edge):
    report = {"latency": {"p50": 200, "p95": 300, "p99": 400}, "net_bps": 3.0, "taker_ratio": 0.1} | edge
    for name, content in (("KPI_GATE", {"readiness": readiness, "timestamp": at}), ("EDGE_REPORT", report)):
        path = folder / f"{name}.json"
        path.write_text(json.dumps(content))
        os.utime(path, (at, at))


def tick(capsys, folder, **options):
    given = {
        "phase": "canary",
        "region": "eu-west-1",
        "kpi_gate": str(folder / "KPI_GATE.json"),
        "edge_report": str(folder / "EDGE_REPORT.json"),
        "journal": str(folder / "SOAK_JOURNAL.jsonl"),
    }
    soak_tick(return_state=True, **(given | options))
    return [line.partition(" frozen_now=")[0] for line in capsys.readouterr().out.splitlines()]


def test_a_good_hour_goes_on_and_is_judged_once(capsys, folder):
    assert tick(capsys, folder) == [
        "event=soak_tick phase=canary status=CONTINUE action=NONE reason_code=OK reason=ok caps_share=0.050000"
        f" caps_capital=500 recommendation= now={EPOCH} region=eu-west-1 slot=2026-11-21T03:00:00Z soak=by-hand seq=1"
        " rung=0 clock=frozen"
    ]
    assert tick(capsys, folder) == [
        f"event=soak_tick status=SKIPPED reason=slot_judged now={EPOCH} region=eu-west-1 soak=by-hand"
    ]
