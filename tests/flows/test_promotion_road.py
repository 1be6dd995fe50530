"""From paper to live and down again on nothing but what the other procedures left (runbook 002).

A declared runtime that really ends and starts, with files of variables that env-sample made, and two people. No
outcome is invented here; only the quarters of an hour that are waited for between two stages are moved into the past.
"""

import json
import os
import shutil
import signal
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from flows.guard.canary import canary
from flows.guard.env_check import env_check
from flows.guard.env_sample import env_sample
from flows.guard.golden_check import golden_check
from flows.guard.live_promotion import live_promotion
from flows.guard.metrics_check import metrics_check
from flows.guard.readiness import readiness
from flows.guard.safe_mode import safe_mode
from flows.guard.smoke_acceptance import smoke_acceptance
from flows.guard.smoke_guard import smoke_guard
from flows.guard.start_check import start_check
from flows.release.full_validate import full_validate
from flows.services.service_restart import service_restart
from tasks.procedure import telling
from tasks.records.chain import read_chain
from tasks.rules.guard.secrets_store import SLOTS
from tasks.rules.outcome import Outcome
from tasks.runtime.stages import find_place
from tasks.services.commands import remembered
from tasks.services.processes import end_family, holders_of
from tests.by_hand import outcomes_of
from tests.people import KEY, App
from tests.promotions import PAPERS, signing
from tests.runtime.fixtures import ROOT, free_port
from tests.runtime.world import API_TOKEN, APPROVE_TOKEN, OPERATOR_B_TOKEN

pytestmark = [pytest.mark.usefixtures("prefect_server"), pytest.mark.timeout(600)]
KEYS = (
    "BINANCE_UM_API_KEY_TESTNET",
    "BINANCE_UM_API_SECRET_TESTNET",
    "OKX_API_KEY_TESTNET",
    "OKX_API_SECRET_TESTNET",
    "OKX_API_PASSPHRASE_TESTNET",
    "BINANCE_LV_API_KEY",
    "BINANCE_LV_API_SECRET",
    "OKX_API_KEY",
    "OKX_API_SECRET",
    "OKX_API_PASSPHRASE",
)
STAGES = {
    "paper": {},
    "testnet": {},
    "live-canary": {"ALLOW_LIVE_TRADING": "1"},
    "live": {"ALLOW_LIVE_TRADING": "1", "CANARY_MODE": "0"},
}
TODAY = datetime.now(UTC).date().isoformat()
STORE = {
    **{slot: f"{slot}-of-the-test" for slot in SLOTS},
    "operator_tokens": {"operator-b": {"token": OPERATOR_B_TOKEN, "role": "operator"}},
    "meta": {"binance_key_last_rotated": TODAY, "okx_key_last_rotated": TODAY},
}
TRADES = {
    "control.mode": "RUN",
    "control.safe_mode": False,
    "safety.hold_active": False,
    "environ.SAFE_MODE": "0",
    "environ.FF_READINESS_AGG_GUARD": "0",  # somebody publishes the signals
}
PASSING = "import sys; open(sys.argv[1], 'w').write('<testsuite><testcase/></testsuite>')"


class Road:
    """The folder that an operator has: declaration, suites, golden documents, papers, one env file for each stage."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self.folder, self.dsn, self.port = folder, dsn, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.metrics = folder / "data" / "metrics" / "metrics.prom"
        (folder / "data").mkdir()
        store = folder / "data" / "secrets_store.json"
        store.write_text(json.dumps(STORE))
        store.chmod(0o600)
        suites = [
            f'[[suite]]\nname = "{name}"\ncommand = {json.dumps(["python", "-c", PASSING, "{junit}"])}\n'
            for name in ("acceptance", "guard")
        ]
        (folder / "suites.toml").write_text("".join(suites))
        (folder / "checks.toml").write_text('[[check]]\nname = "tests"\ncommand = ["true"]\ntimeout_s = 30\n')
        for name in ("golden", "observed"):
            (folder / name).mkdir()
            (folder / name / "happy_fill.json").write_text('{"final_state": "FILLED"}')
        (folder / "promotion.toml").write_text(PAPERS.format(day=datetime.now(UTC).date()))
        start = (
            f"import os, sys; sys.path.insert(0, {str(ROOT)!r});"
            f"os.environ.update(RUNTIME_PORT='{self.port}', SIM_WARM='1');"
            "from tests.runtime.serve import main; sys.exit(main())"
        )
        (folder / "services.toml").write_text(
            f'[[service]]\nname = "runtime"\nport = {self.port}\nhealth = "{self.url}/healthz"\n'
            f'env_file = "runtime.env"\nhealth_timeout_s = 120\nstop_grace_s = 1\n'
            f"start = {json.dumps([sys.executable, '-c', start])}\n"
        )

    def run(self, flow: Any, **parameters: object) -> Outcome:
        self.said = outcomes_of(flow, **parameters)
        return self.said[-1]

    def good(self, flow: Any, **parameters: object) -> None:
        ended = self.run(flow, **parameters)
        assert ended.status in ("ok", "healthy"), [said.line for said in self.said]

    def fill_in(self, stage: str) -> None:
        """The sample of the profile with its secrets, as a person fills it in."""
        profile = "live" if stage.startswith("live") else stage
        self.good(env_sample, profile=profile, out=f"{stage}.env")
        given = {name: f"{name}-{profile}-of-the-test".lower() for name in KEYS}
        given |= {"API_TOKEN": API_TOKEN, "APPROVE_TOKEN": APPROVE_TOKEN, **STAGES[stage]}
        path = self.folder / f"{stage}.env"
        rows = [line.partition("=") for line in path.read_text().splitlines()]
        path.write_text("".join(f"{name}{sign}{given.get(name, value)}\n" for name, sign, value in rows))

    def sim(self, what: str, **fields: object) -> None:
        httpx.post(f"{self.url}/sim/{what}", json=fields, trust_env=False, timeout=20).raise_for_status()

    def trades(self, orders: int = 0) -> None:
        self.sim("set", **TRADES)
        if orders:
            self.sim("orders", count=orders, latency_ms=40.0)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = httpx.get(f"{self.url}/api/ui/status/full", trust_env=False, timeout=20).json()
        return found

    def guard(self) -> str:
        return str(httpx.get(f"{self.url}/api/ui/live-guard", trust_env=False, timeout=20).json()["state"])

    def later(self, minutes: int = 16) -> None:
        """So long afterwards: all that was done and seen was done and seen so much earlier."""
        with psycopg.connect(self.dsn) as conn:
            for table, column in (("outcomes", "at"), ("promotions", "changed_at")):
                conn.execute(f"UPDATE {table} SET {column} = {column} - interval '{minutes} minutes'")
        began = self.folder / ".watchkeeper" / "services" / "runtime" / "started.json"
        then = (datetime.fromtimestamp(began.stat().st_mtime, UTC) - timedelta(minutes=minutes)).timestamp()
        os.utime(began, (then, then))

    def suites_run(self) -> None:
        """What holds for a day, whatever the stage."""
        self.good(full_validate, config="checks.toml")
        self.good(smoke_acceptance)
        self.good(smoke_guard)
        self.good(golden_check, golden="golden", observed="observed")

    def evidence(self, profile: str, next_stage: str) -> None:
        """What each stage is asked for anew, while the runtime stands in HOLD and safe mode."""
        self.sim("orders", count=2)
        self.run(metrics_check)
        self.sim("orders", count=2)
        self.good(metrics_check)
        self.good(readiness, before_canary=True)
        self.good(start_check, profile=profile, ready_wait_s=5)
        self.good(
            env_check,
            profile="live" if next_stage.startswith("live") else next_stage,
            file=f"{next_stage}.env",
            other_file=f"{'testnet' if next_stage.startswith('live') else 'live'}.env",
        )

    def end(self) -> None:
        staged = find_place.fn(self.folder / "services.toml", "runtime", "paper.env")
        if staged and (started := remembered(staged.place)):
            end_family(started, 0.1)


@pytest.fixture
def road(operations_database, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    found = Road(tmp_path, operations_database)
    for name, value in {
        "WATCHKEEPER_APPROVAL_KEY": KEY,
        "RUNTIME_URL": found.url,
        "RUNTIME_API_TOKEN": API_TOKEN,
        "RUNTIME_APPROVE_TOKEN": APPROVE_TOKEN,
        "RUNTIME_SECOND_TOKEN": OPERATOR_B_TOKEN,
        "RUNTIME_METRICS_PATH": str(found.metrics),
    }.items():
        monkeypatch.setenv(name, value)
    yield found
    found.end()


def promoted(road: Road, monkeypatch: pytest.MonkeyPatch, people: tuple[App, App], to: str) -> Outcome:
    """The promotion, signed by both as soon as it shows what they type."""
    shown: list[str] = []

    def hear(outcome: Outcome) -> None:
        road.said.append(outcome)
        if confirm := outcome.fields.get("confirm"):
            shown.append(str(confirm))

    road.said = []
    with psycopg.connect(road.dsn) as conn:
        conn.execute("UPDATE operators SET last_step = 0")  # their apps show another code by then
    with signing(monkeypatch, people, lambda: shown[-1]), telling(hear):
        live_promotion(to=to, execute=True, restart_wait_s=60, ready_wait_s=20, return_state=True)
    return road.said[-1]


def blocked(outcome: Outcome) -> list[str]:
    return [str(one) for one in outcome.fields.get("blocked", ())]  # type: ignore[union-attr]


@pytest.mark.row("P002-192", "P002-193", "P002-196", "W002-130", "W002-133", "P002-139")
def test_a_runtime_goes_from_paper_to_live_on_stored_outcomes_alone_and_down_again(road, monkeypatch):
    people = App("alice").enrolled(), App("bob").enrolled(by="alice")
    for stage in STAGES:
        road.fill_in(stage)
    shutil.copy("paper.env", "runtime.env")
    road.good(service_restart, service="runtime", ready_wait_s=5)
    assert "acceptance:no_outcome" in blocked(road.run(live_promotion, to="testnet"))

    road.trades(orders=40)
    shutil.copy(road.metrics, "paper.prom")
    road.good(safe_mode, set="on", reason="before_promotion", watch_s=0)
    road.suites_run()
    road.evidence("paper", "testnet")
    up = promoted(road, monkeypatch, people, "testnet")
    assert up.line.startswith("live_promotion status=ok promotion=1 source=paper target=testnet way=up"), up.line
    assert (road.status()["router"]["profile"], road.guard()) == ("testnet", "test_only")

    road.evidence("testnet", "live-canary")
    assert blocked(road.run(live_promotion, to="live-canary")) == ["observation:too_early"]
    road.later()
    up = promoted(road, monkeypatch, people, "live-canary")
    assert up.line.startswith("live_promotion status=ok promotion=2"), [said.line for said in road.said]
    assert (road.guard(), road.status()["config"]["router"]["canary_mode"]) == ("enabled", True)

    road.trades()
    traffic = threading.Timer(0.5, lambda: road.sim("orders", count=40, latency_ms=45.0))
    traffic.start()
    watched = road.run(canary, paper="paper.prom", watch_s=3)
    traffic.join()
    assert watched.line.startswith("canary status=ok verdict=promote"), watched.line
    road.good(safe_mode, set="on", reason="before_promotion", watch_s=0)
    road.evidence("live", "live")
    assert blocked(road.run(live_promotion, to="live")) == ["observation:too_early"]
    road.later()
    up = promoted(road, monkeypatch, people, "live")
    assert up.line.startswith("live_promotion status=ok promotion=3"), [said.line for said in road.said]
    assert (road.guard(), road.status()["router"]["mode"]) == ("enabled", "HOLD")
    assert road.status()["config"]["router"]["canary_mode"] is False

    live = holders_of(road.port)[0].pid
    down = road.run(live_promotion, to="testnet", execute=True, restart_wait_s=60)
    assert down.line.endswith("source=live target=testnet way=down now=hold+safe guard=test_only"), down.line
    assert holders_of(road.port)[0].pid != live
    road.good(service_restart, service="runtime", ready_wait_s=5)  # whoever restarts it starts what was approved
    assert road.status()["router"]["profile"] == "testnet"
    hung = holders_of(road.port)[0].pid
    assert hung
    os.kill(hung, signal.SIGSTOP)  # it answers nobody any more
    monkeypatch.setenv("RUNTIME_TIMEOUT_S", "1")
    assert road.run(live_promotion, to="testnet", execute=True).reason == "runtime_unreachable"
    down = road.run(live_promotion, to="paper", execute=True, restart_wait_s=60)
    assert down.line.endswith("source=silent target=paper way=down now=hold+safe guard=test_only"), down.line
    assert holders_of(road.port)[0].pid != hung
    kinds = [(one.entry.kind, one.facts.get("state")) for one in read_chain.fn("shift-log")]
    assert kinds.count(("promotion", "done")) == 3
    assert kinds[-1][0] == "promotion_down"
