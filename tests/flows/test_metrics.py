"""Runbook 002, Metrics & Monitoring: a stand-in of the runtime writes, the checks read."""

import os
import time

import pytest

from flows.guard.metrics_check import metrics_check
from flows.guard.metrics_tail import metrics_tail

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.mark.row("P002-301", "P002-303", "P002-302", "W002-300")
def test_the_metrics_of_a_runtime_are_checked_from_the_first_order_to_the_last(
    capsys, runtime, operations_database, tmp_path
):
    expect = tmp_path / "expect.toml"
    expect.write_text("[[expect]]\nseries = 'propbot_orders_submitted_total'\nmin_increase = 2\n")
    runtime.live()
    for orders in (0, 2, 2, 1):
        runtime.order(orders)
        metrics_check(expect=str(expect), return_state=True)
    old = time.time() - 100
    os.utime(runtime.metrics_path, (old, old))
    metrics_check(return_state=True)
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("metrics_check")]
    assert [line.split(" families")[0] for line in said] == [
        "metrics_check status=fail reason=metrics_missing",
        "metrics_check status=insufficient_data reason=no_snapshot",
        "metrics_check status=ok",
        "metrics_check status=fail reason=expectation_failed",
        "metrics_check status=fail reason=stale",
    ]
    assert said[3].endswith(" expected=1 failed=1 resets=0 reasons=expectation_failed")


@pytest.mark.row("P002-305", "W002-300")
def test_the_tail_shows_the_last_samples_once_and_ends(capsys, tmp_path):
    path = tmp_path / "m.prom"
    assert metrics_tail(str(path), return_state=True).is_failed()
    path.write_text('# TYPE a gauge\na{b="c"} 1\na 2\n')
    assert metrics_tail(str(path), samples=1, return_state=True).is_completed()
    assert metrics_tail(str(path), follow_s=0.2, return_state=True).is_completed()
    assert capsys.readouterr().out.splitlines() == [
        "metrics_tail status=fail reason=metrics_missing",
        "a 2",
        "metrics_tail status=ok samples=1",
        'a{b="c"} 1',
        "a 2",
        "metrics_tail status=ok samples=2 changes=0",
    ]
