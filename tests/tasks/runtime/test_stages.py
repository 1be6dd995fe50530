"""A declared runtime started anew for its next stage: the old process gone, the new one seen (runbook 002)."""

import sys
from pathlib import Path

import psutil
import pytest

from tasks.clock import utc_now
from tasks.rules.faults import Fault, Refused
from tasks.rules.guard.promotion import Stage
from tasks.runtime.promotions import close_open, open_promotion
from tasks.runtime.stages import env_file_at, find_place, held_at, restart_at
from tasks.services.commands import alone_with, remembered
from tasks.services.processes import holders_of
from tests.runtime.fixtures import ROOT, free_port, runtime_paths

DECLARED = """
[[service]]
name = "runtime"
start = ["{python}", "-m", "tests.runtime.serve"]
port = {port}
health = "http://127.0.0.1:{port}/healthz"
env_file = "runtime.env"
health_timeout_s = 30
stop_grace_s = 1
"""


def place_of(config, file):
    place = find_place.fn(config, "runtime", file)
    assert place
    return place


@pytest.fixture
def declared(tmp_path, monkeypatch):
    port = free_port()
    config = tmp_path / "services.toml"
    config.write_text(DECLARED.format(python=sys.executable, port=port))
    for stage, words in (
        ("testnet", "EXEC_PROFILE=testnet"),
        ("live-canary", "EXEC_PROFILE=live\nCANARY_MODE=1"),
        ("live", "EXEC_PROFILE=lvie"),
    ):
        path = tmp_path / f"{stage}.env"
        path.write_text(
            f"{words}\nRUNTIME_PORT={port}\nAPI_TOKEN=a\nAPPROVE_TOKEN=b\nPYTHONPATH={ROOT}\nSIM_WARM=1\n"
            + "".join(f"{name}={value}\n" for name, value in runtime_paths(tmp_path).items())
        )
    (tmp_path / "runtime.env").write_text("EXEC_PROFILE=paper\n")  # as an operator left it
    monkeypatch.setenv("RUNTIME_URL", f"http://127.0.0.1:{port}")
    yield config
    place = place_of(config, "testnet.env")
    started = remembered(place.place)
    if started and started.pid and psutil.pid_exists(started.pid):
        psutil.Process(started.pid).kill()


@pytest.mark.row("P002-139", "P002-193", "W002-133")
def test_each_stage_is_a_new_process_with_its_own_file_although_sigterm_is_swallowed(declared):
    stopped = []
    for stage in (Stage.TESTNET, Stage.LIVE_CANARY):
        place = place_of(declared, f"{stage}.env")
        stopped.append(restart_at.fn(place).how)
        assert held_at.fn("", stage, 10).is_held
        assert declared.with_name("runtime.env").readlink() == Path(f"{stage}.env")
    assert stopped == ["none", "killed"]
    kept = [path for path in declared.parent.glob("runtime.env.*") if path.read_text() == "EXEC_PROFILE=paper\n"]
    assert len(kept) == 1
    # A word that means no profile is paper, silently: that is not the stage that was asked for.
    restart_at.fn(place_of(declared, "live.env"))
    with pytest.raises(Fault, match="stage_not_reached"):
        held_at.fn("", Stage.LIVE, 0)


def test_a_stage_without_its_file_is_refused_and_without_a_declaration_an_operator_restarts(declared, tmp_path):
    with pytest.raises(Refused, match="env_file_missing"):
        env_file_at(place_of(declared, "none.env"))
    assert find_place.fn(tmp_path / "none.toml", "runtime", "x.env") is None
    assert find_place.fn(declared, "other", "x.env") is None


@pytest.mark.row("D002-190")
@pytest.mark.usefixtures("operations_database")
def test_a_promotion_that_was_closed_starts_nothing_and_waits_for_nothing(declared, tmp_path):
    number = open_promotion.fn("r", Stage.PAPER, Stage.TESTNET, None, utc_now()).number
    close_open.fn("r", "went_down", utc_now())
    staged = place_of(declared, "testnet.env")
    with pytest.raises(Refused, match="promotion_closed"):
        restart_at.fn(staged, promotion=number)
    assert holders_of(staged.place.service.port) == []
    assert not (tmp_path / "runtime.env").is_symlink()
    with pytest.raises(Refused, match="promotion_closed"):
        held_at.fn("", Stage.TESTNET, 600, number)


def test_two_do_not_restart_it_at_once_and_another_runtime_is_not_restarted_at_all(declared):
    staged = place_of(declared, "testnet.env")
    with alone_with(staged.place), pytest.raises(Refused, match="lock_held"):
        restart_at.fn(staged, wait_s=0.1)
    assert find_place.fn(declared, "runtime", "testnet.env", "http://127.0.0.1:9") is None
