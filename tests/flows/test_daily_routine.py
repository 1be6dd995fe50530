"""Runbook 004, Daily routine: daily_check, sentinel, digest, archive."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterParentFlowRunId

from flows.daily.daily_routine import daily_routine
from tasks.step import without_server
from tests.journals import chained, put, tick

pytestmark = pytest.mark.usefixtures("prefect_server")

NOW = datetime(2025, 4, 8, 6, tzinfo=UTC)
EPOCH = int(NOW.timestamp())
HEADS = [
    *["event=daily_check "] * 8,
    "RESULT=OK checked=8 ",
    *["event=sentinel_check "] * 4,
    "RESULT=OK missing=0 ",
    "event=daily_digest_soak result=OK ",
    "event=archive status=OK ",
    "event=rotate_artifacts status=OK mode=DRYRUN ",
    "event=daily_routine status=OK parts=5 failed=0 ",
]
GOOD = {
    "KPI_GATE": {"checks": [], "readiness": 95.0, "timestamp": EPOCH},
    "FULL_STACK_VALIDATION": {"components": ["tests"], "status": "OK", "ts": EPOCH},
    "EDGE_REPORT": {"latency": {"p50": 200, "p95": 310, "p99": 400}, "net_bps": 2.75, "taker_ratio": 0.12},
    "EDGE_SENTINEL": {"advice": "keep", "buckets": [], "ts": EPOCH},
}


@pytest.fixture
def artifacts(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHKEEPER_NOW", "2025-04-08T06:00:00Z")
    folder = tmp_path / "artifacts"
    ticks = (tick(ts=(NOW - timedelta(hours=ago)).strftime("%Y-%m-%dT%H:%M:%SZ")) for ago in range(23, -1, -1))
    put(folder / "SOAK_JOURNAL.jsonl", chained(ticks))
    for name, document in GOOD.items():
        path = folder / f"{name}.json"
        path.write_text(json.dumps(document))
        os.utime(path, (EPOCH, EPOCH))
    return folder


def said(capsys, **options):
    state = daily_routine(return_state=True, **options)
    return state, capsys.readouterr().out.splitlines()


def parts_of(state):
    """The names of the runs that the routine's run is the parent of, in their order."""
    with get_client(sync_client=True) as client:
        mine = FlowRunFilterParentFlowRunId(any_=[state.state_details.flow_run_id])
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(parent_flow_run_id=mine))
    return [run.name.split()[0] for run in sorted(runs, key=lambda run: str(run.start_time))]


@pytest.mark.row("P004-202")
def test_the_parts_run_in_the_order_of_the_runbook_each_with_its_lines_and_its_run(capsys, artifacts):
    state, lines = said(capsys)
    assert state.is_completed()
    assert [line[: len(head)] for line, head in zip(lines, HEADS, strict=True)] == HEADS
    assert parts_of(state) == [
        "daily-check",
        "cron-sentinel",
        "daily-digest",
        "artifacts-archive",
        "artifacts-rotate",
    ]
    assert (artifacts / "DAILY_DIGEST.md").read_text().startswith("DAILY DIGEST 2025-04-08 [OK]\n")


@pytest.mark.row("P004-202")
def test_one_part_that_fails_hides_no_other(capsys, artifacts):
    (artifacts / "KPI_GATE.json").unlink()
    (artifacts / "DAILY_DIGEST.md").mkdir()
    state, lines = said(capsys)
    assert state.is_failed()
    assert lines[-1].startswith("event=daily_routine status=FAIL reason=part_failed parts=5 failed=3 ")
    assert " bad=daily_check,cron_sentinel,daily_digest " in lines[-1]
    assert sum(line.startswith("event=archive status=OK ") for line in lines) == 1
    assert "RESULT=FAIL missing=1 stale=0 checked=4 " in "\n".join(lines)


def test_a_folder_that_is_not_there_fails_every_part_and_all_are_named(capsys, artifacts):
    state, lines = said(capsys, artifacts_dir="nowhere", tz="Europe/Berln")
    assert state.is_failed()
    assert " failed=5 bad=daily_check,cron_sentinel,daily_digest,artifacts_archive,artifacts_rotate " in lines[-1]


def test_by_hand_without_a_server_the_parts_run_as_well(capsys, artifacts):
    with without_server():
        daily_routine.fn()
    lines = capsys.readouterr().out.splitlines()
    assert [line[: len(head)] for line, head in zip(lines, HEADS, strict=True)] == HEADS


def test_only_with_execute_is_anything_deleted(capsys, artifacts):
    old = artifacts / "old.log"
    old.write_text("old")
    os.utime(old, (EPOCH - 20 * 86_400, EPOCH - 20 * 86_400))
    said(capsys)
    assert old.exists()
    state, _ = said(capsys, execute=True)
    assert state.is_completed()
    assert not old.exists()
