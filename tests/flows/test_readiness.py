"""The readiness procedure: its order, its refusals and its lines (runbook 002)."""

import time

import pytest

from flows.guard.readiness import readiness
from tasks.procedure import telling

pytestmark = pytest.mark.usefixtures("prefect_server", "operations_database")


def lines_of(**parameters):
    with telling(lambda _: None) as run:
        readiness(**parameters, return_state=True)
    return [said.line for said in run.said]


@pytest.mark.row("P002-202", "P002-203", "W002-209")
def test_a_runtime_that_contradicts_itself_is_not_ready_and_every_reason_has_a_line(runtime):
    lines = lines_of(before_canary=True)
    assert lines[-1].startswith(
        "readiness status=unhealthy reason=not_ready result=readiness-bad:market:md_disconnected"
    )
    assert "code=disagreement source=runtime value=ready:true+status:RED limit=same" in "\n".join(lines)
    assert len(lines) == 6


@pytest.mark.row("P002-204", "W002-207")
def test_a_held_runtime_with_all_signals_is_ready_for_a_canary_and_nothing_was_changed(runtime):
    runtime.world.warm_up()
    assert lines_of(before_canary=True)[-1].startswith(
        "readiness status=ok result=ok live=YELLOW mode=hold+safe blockers=0"
    )
    assert lines_of()[-1].startswith("readiness status=unhealthy")
    assert not runtime.writes


@pytest.mark.row("P002-206")
def test_it_waits_until_the_runtime_is_ready(runtime):
    import threading

    threading.Timer(1.2, runtime.world.warm_up).start()
    began = time.monotonic()
    line = lines_of(before_canary=True, wait_s=20)[-1]
    assert line.startswith("readiness status=ok")
    assert 1 <= time.monotonic() - began < 15


@pytest.mark.row("P002-207")
def test_without_an_address_it_is_not_configured(runtime, monkeypatch):
    monkeypatch.delenv("RUNTIME_URL")
    assert lines_of() == ["readiness status=not_configured reason=missing_runtime_url env=RUNTIME_URL"]


@pytest.mark.row("D002-205")
def test_a_runtime_that_is_gone_is_a_failure(runtime):
    runtime.trouble("", times=99, cut=True)
    assert lines_of() == ["readiness status=fail reason=runtime_unreachable"]


@pytest.mark.row("D002-204")
def test_a_file_of_signals_that_is_half_written_is_refused(runtime, tmp_path):
    (tmp_path / "signals.json").write_text('{"signals": [{"na')
    line = lines_of(signals=str(tmp_path / "signals.json"))[-1]
    assert line == "readiness status=fail reason=signals_unreadable"
