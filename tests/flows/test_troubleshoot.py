"""Runbook 002, Troubleshooting: a log looked at, and nothing of it shown."""

import pytest

from flows.guard.troubleshoot import troubleshoot

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.mark.row("P002-170", "P002-172", "D002-170")
def test_a_log_and_a_code_are_looked_at_and_nothing_of_the_log_is_shown(capsys, tmp_path):
    log = tmp_path / "paper.log"
    log.write_text("account 4711 blocked: stale-p95\n[FATAL CONFIG] APPROVE_TOKEN of 4711\n" * 3)
    assert troubleshoot("dupe-intent", str(log), return_state=True).is_completed()
    assert troubleshoot(file=str(tmp_path / "none"), return_state=True).is_failed()
    assert troubleshoot(return_state=True).is_failed()
    lines = [line.partition(" look_at=")[0] for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "trouble status=ok kind=market_data seen=3 flow=metrics-check",
        "trouble status=ok kind=idempotency seen=1 flow=safe-mode",
        "trouble status=ok kind=startup seen=3 flow=env-check details=APPROVE_TOKEN",
        "troubleshoot status=ok lines=7 kinds=market_data,idempotency,startup",
        "troubleshoot status=fail reason=log_missing",
        "troubleshoot status=fail reason=nothing_to_look_at",
    ]
