"""A promotion from paper to live: gates, two people, a typed confirmation, and the way back (runbook 002)."""

import functools
import json
import threading
import time
from typing import Any

import psycopg
import pytest

from flows.guard.live_promotion import live_promotion
from tasks.procedure import telling
from tasks.records.chain import read_chain
from tasks.rules.outcome import Outcome
from tasks.step import without_server
from tests.people import KEY, App, typing
from tests.promotions import all_good, remember, signing
from tests.runtime.world import OPERATOR_B_TOKEN

pytestmark = pytest.mark.usefixtures("prefect_server", "place")
CAPS = {"RISK_CAP_VENUE": "binance-um:1000", "RISK_DAILY_LOSS": "250"}
FAST = {"API_RATE_PER_MIN": "60000", "API_BURST": "1000"}
STAGES = {
    "paper": {"EXEC_PROFILE": "paper"},
    "testnet": {"EXEC_PROFILE": "testnet", **CAPS},
    "live-canary": {"EXEC_PROFILE": "live", "CANARY_MODE": "1", "ALLOW_LIVE_TRADING": "1", **CAPS},
    "live": {"EXEC_PROFILE": "live", "ALLOW_LIVE_TRADING": "1", **CAPS},
}


@pytest.fixture
def place(operations_database, monkeypatch, tmp_path, runtime):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHKEEPER_APPROVAL_KEY", KEY)
    monkeypatch.setenv("RUNTIME_SECOND_TOKEN", OPERATOR_B_TOKEN)
    return operations_database


@pytest.fixture
def people(place):
    return App("alice").enrolled(), App("bob").enrolled(by="alice")


def at(runtime, stage, **more):
    return runtime.boot(**FAST, **STAGES[stage], **more).warm_up()


class Run:
    """A run by hand; an operator restarts the runtime when the run says that it waits for that."""

    def __init__(self, runtime, starts="", meanwhile=lambda _: None) -> None:
        self.runtime, self.starts, self.meanwhile = runtime, starts, meanwhile
        self.said: list[Outcome] = []

    @property
    def lines(self):
        return [one.line for one in self.said]

    @property
    def line(self):
        return self.lines[-1]

    def hear(self, outcome):
        self.said.append(outcome)
        if outcome.fields.get("waits_for") and self.starts:
            at(self.runtime, self.starts)
        self.meanwhile(outcome)

    def phrase(self):
        return next(str(one.fields["confirm"]) for one in reversed(self.said) if one.fields.get("confirm"))

    def __call__(self, to, **more):
        with telling(self.hear):
            live_promotion(
                **{"to": to, "execute": True, "restart_wait_s": 5, "ready_wait_s": 1} | more, return_state=True
            )
        return self


def promoted(monkeypatch, people, run, to, **more):
    with signing(monkeypatch, people, run.phrase) as typist:
        run(to, **more)
    run.screen = typist.screen
    return run


def rows(dsn):
    with psycopg.connect(dsn) as conn:
        return conn.execute("SELECT target, state, reason FROM promotions ORDER BY id").fetchall()


def guard_of(runtime):
    return runtime.ask("GET", "/api/ui/live-guard").json()["state"]


def records():
    return [one.facts.get("state") for one in read_chain.fn("shift-log")]


@pytest.mark.row("P002-130", "P002-131", "P002-134", "W002-130")
@pytest.mark.parametrize(
    ("here", "to", "guard"),
    [("paper", "testnet", "test_only"), ("testnet", "live-canary", "enabled"), ("live-canary", "live", "enabled")],
)
def test_two_people_bring_it_one_stage_further_and_it_stays_held(  # noqa: PLR0917
    runtime, people, place, monkeypatch, tmp_path, here, to, guard
):
    at(runtime, here)
    all_good(to, tmp_path)
    run = promoted(monkeypatch, people, Run(runtime, starts=to), to)
    assert run.line.startswith(f"live_promotion status=ok promotion=1 source={here} target={to} way=up plan="), (
        run.lines
    )
    assert f" now=hold+safe guard={guard} request=1 requested_by=alice approved_by=bob" in run.line
    assert (guard_of(runtime), runtime.world.control.mode, runtime.world.control.safe_mode) == (guard, "HOLD", True)
    assert rows(place) == [(to, "done", None)]
    assert records() == ["checklist_open", "gates_running", "awaiting_approval", "applying", "verifying", "done"]


@pytest.mark.row("P002-132")
def test_every_item_that_blocks_is_named_and_nothing_is_asked_or_sent(runtime, people, place):
    at(runtime, "testnet")
    runtime.world.facts.md_connected = False
    remember("smoke-acceptance", status="fail")
    remember("smoke-guard", hours=30)
    remember("env-check", profile="testnet")
    remember("docker-deploy", hours=0.2, service="runtime", healthy_s=1.0)
    run = Run(runtime)("live-canary")
    assert run.line.startswith("live_promotion status=fail reason=checklist_blocked promotion=1")
    blocked = run.said[-1].fields["blocked"]
    assert [one.partition(":")[0] for one in blocked] == [
        "acceptance",
        "smoke_guard",
        "environment",
        "secrets",
        "start",
        "metrics",
        "readiness",
        "golden",
        "observation",
        "idempotency_windows",
        "cooldown_windows",
        "experimental_flags_off",
    ]
    assert any("item=smoke_guard state=missing_evidence" in line and "why=too_old" in line for line in run.lines)
    assert "md_disconnected" in blocked[6]
    (early,) = [line for line in run.lines if "item=observation" in line]
    assert "state=fail evidence=docker-deploy age_s=72" in early and early.endswith("limit_s=900 why=too_early")
    assert runtime.writes == []
    assert rows(place) == [("live-canary", "rejected", "checklist_blocked")]


@pytest.mark.row("P002-133")
def test_a_waiver_has_a_reason_and_an_operator_and_never_covers_what_must_be(runtime, people, tmp_path):
    at(runtime, "paper")
    all_good("testnet", tmp_path)
    remember("smoke-guard", status="fail", hours=0.5)
    remember("env-check", status="fail", hours=0.5, profile="testnet", codes=["bad_bool"], compared=True)
    waived = '[waived.smoke_guard]\nreason = "known"\napprover = "alice"\n'
    (tmp_path / "promotion.toml").write_text(waived + waived.replace("smoke_guard", "environment"))
    run = Run(runtime)("testnet", execute=False)
    assert run.said[-1].fields["blocked"] == ("environment:status:fail",)  # of secrets it said nothing bad
    assert any("item=smoke_guard state=waived" in line and "approver=alice" in line for line in run.lines)
    (tmp_path / "promotion.toml").write_text(waived.replace("alice", "mallory"))
    assert "reason=checklist_invalid" in Run(runtime)("testnet", execute=False).line


def test_without_execute_the_plan_is_shown_and_nothing_is_written(runtime, people, place, tmp_path):
    at(runtime, "paper")
    all_good("testnet", tmp_path)
    run = Run(runtime)("testnet", execute=False)
    assert run.line.startswith("live_promotion status=planned source=paper target=testnet way=up plan=")
    assert (rows(place), records(), runtime.writes) == ([], [], [])


@pytest.mark.row("P002-135", "W002-131")
def test_a_wrong_phrase_is_refused_counted_and_kept_nowhere(runtime, people, place, monkeypatch, tmp_path):
    at(runtime, "testnet")
    all_good("live-canary", tmp_path)
    alice, _ = people
    run, typed = Run(runtime), ["I_UNDERSTAND", "I_KNOW_WHAT_I_AM_DOING", "LIVE-CANARY-00000000"]
    answers: list[tuple[str, Any]] = []
    for steps, phrase in enumerate(typed, -1):
        code = functools.partial(lambda steps, _: alice.code(steps=steps), steps)
        answers += [("who asks", "alice"), ("code of", code), ("LIVE_CONFIRM", phrase)]
    with typing(monkeypatch, *answers) as typist:
        run("live-canary")
    assert typist.screen.count("not counted: wrong_phrase") == 3
    assert "reason=wrong_phrase" in run.line
    assert runtime.writes == []
    with psycopg.connect(place) as conn:
        assert conn.execute("SELECT count(*) FROM approval_codes WHERE verdict = 'wrong_phrase'").fetchone() == (3,)
        kept = json.dumps(
            [
                [str(row) for row in conn.execute(f"SELECT * FROM {table}")]
                for table in ("approval_codes", "approval_requests", "promotions", "records", "record_documents")
            ]
        )
    assert not [phrase for phrase in [*typed, run.phrase()] if phrase in kept]
    assert rows(place) == [("live-canary", "rejected", "wrong_phrase")]


@pytest.mark.row("D002-130")
@pytest.mark.parametrize(
    "change",
    [
        lambda runtime: runtime.world.environ.update(RISK_CAP_VENUE="binance-um:9999"),
        lambda runtime: setattr(runtime.world.control, "order_notional_usdt", 5000.0),
        lambda runtime: setattr(runtime.world.facts, "md_connected", False),
        lambda _: remember("smoke-guard", status="fail", hours=0.0),
    ],
)
def test_what_moved_after_the_plan_voids_it_and_nothing_is_done(
    runtime, people, place, monkeypatch, tmp_path, change
):
    at(runtime, "testnet")
    all_good("live-canary", tmp_path)

    def meanwhile(outcome):
        if outcome.fields.get("state") == "awaiting_approval":
            change(runtime)

    run = promoted(monkeypatch, people, Run(runtime, meanwhile=meanwhile), "live-canary")
    assert "reason=plan_changed" in run.line
    assert runtime.writes == []
    assert rows(place) == [("live-canary", "rejected", "plan_changed")]


@pytest.mark.row("D002-131")
def test_an_approval_that_comes_too_late_ends_it_as_expired(runtime, people, place, monkeypatch, tmp_path):
    at(runtime, "paper")
    all_good("testnet", tmp_path)
    alice, _ = people

    def late(_):
        with psycopg.connect(place) as conn:
            conn.execute("UPDATE approval_requests SET expires_at = now() - interval '1 second'")
        return alice.code()

    with typing(monkeypatch, ("who asks", "alice"), ("code of", late), ("LIVE_CONFIRM", "x")):
        run = Run(runtime)("testnet")
    assert "reason=approval_expired" in run.line
    assert rows(place) == [("testnet", "expired", "approval_expired")]
    assert runtime.writes == []


@pytest.mark.row("D002-132")
def test_a_second_promotion_is_refused_while_one_is_open(runtime, people, place, monkeypatch, tmp_path):
    at(runtime, "paper")
    all_good("testnet", tmp_path)
    second = Run(runtime)
    first = promoted(
        monkeypatch,
        people,
        Run(runtime, "testnet", lambda said: said.fields.get("confirm") and not second.said and second("testnet")),
        "testnet",
    )
    assert second.line == "live_promotion status=fail reason=promotion_open promotion=1"
    assert first.line.startswith("live_promotion status=ok")


@pytest.mark.row("P002-136", "D002-133")
@pytest.mark.parametrize("starts", ["testnet", "", "unheld"])
def test_a_runtime_that_does_not_come_up_as_asked_is_taken_back(
    runtime, people, place, monkeypatch, tmp_path, starts
):
    at(runtime, "testnet")
    all_good("live-canary", tmp_path)
    run = Run(runtime, starts if starts != "unheld" else "live-canary")
    if starts == "unheld":
        run.meanwhile = lambda said: said.fields.get("waits_for") and runtime.live()
    promoted(monkeypatch, people, run, "live-canary", restart_wait_s=1)
    why = "not_held_after_start" if starts == "unheld" else "stage_not_reached"
    assert f"reason={why}" in run.line
    assert (runtime.world.control.mode, guard_of(runtime) == "enabled") == ("HOLD", False)
    assert rows(place) == [("live-canary", "rolled_back", "taken_back")]


@pytest.mark.row("W002-132")
@pytest.mark.parametrize(
    ("lie", "why"),
    [
        ({"facts": {"risk_limits_enabled": False}}, "limits_not_active"),
        ({"facts": {"recon_ok": False}}, "not_ready_after_start"),
        ({"environ": {"ALLOW_LIVE_TRADING": "0"}}, "live_not_allowed"),
    ],
)
def test_a_live_runtime_that_would_trade_unguarded_is_closed_again(
    runtime, people, place, monkeypatch, tmp_path, lie, why
):
    at(runtime, "testnet")
    all_good("live-canary", tmp_path)

    def meanwhile(said):
        if said.fields.get("waits_for"):
            vars(runtime.world.facts).update(lie.get("facts", {}))
            runtime.world.environ.update(lie.get("environ", {}))

    run = promoted(monkeypatch, people, Run(runtime, "live-canary", meanwhile), "live-canary")
    assert f"reason={why}" in run.line
    assert (guard_of(runtime), runtime.world.control.mode) == ("disabled", "HOLD")
    assert rows(place) == [("live-canary", "rolled_back", "taken_back")]


@pytest.mark.row("P002-137")
def test_the_way_down_asks_nobody_holds_first_and_closes_the_guard(runtime, people, place):
    at(runtime, "live-canary")
    runtime.live()
    line = Run(runtime)("testnet", restart_wait_s=0).line
    assert "reason=stage_not_reached" in line  # nobody restarted it: held and closed all the same
    assert [one.path for one in runtime.writes] == ["/api/ui/hold", "/api/ops/live-toggle/requests"]
    assert runtime.world.toggles[-1]["action"] == "disable_live"
    assert (runtime.world.control.mode, runtime.world.control.safe_mode) == ("HOLD", True)
    assert [one.entry.kind for one in read_chain.fn("shift-log")] == ["promotion_down"]


@pytest.mark.row("D002-190")
def test_a_way_down_while_it_is_restarted_stops_it_and_it_ends_down(runtime, people, place, monkeypatch, tmp_path):
    at(runtime, "testnet")
    all_good("live-canary", tmp_path)
    down = Run(runtime)

    def meanwhile(said):
        if said.fields.get("waits_for"):  # the operator has started it live; another one goes down
            down("paper", restart_wait_s=0)
            at(runtime, "paper")

    run = promoted(monkeypatch, people, Run(runtime, "live-canary", meanwhile), "live-canary", restart_wait_s=60)
    assert "reason=promotion_closed promotion=1" in run.line
    assert rows(place) == [("live-canary", "rolled_back", "went_down")]
    assert (runtime.world.category, runtime.world.control.mode) == ("paper", "HOLD")
    assert not [one for one in runtime.world.toggles if one["action"] == "enable_live"]


@pytest.mark.row("D002-190")
def test_a_way_down_while_live_trading_is_opened_closes_what_was_opened(
    runtime, people, place, monkeypatch, tmp_path
):
    at(runtime, "live-canary")
    all_good("live-canary", tmp_path)
    asking = runtime.trouble(r"/api/ops/live-toggle/requests$", method="POST", delay_s=1.0)
    down = Run(runtime)

    def go_down():
        until = time.monotonic() + 60
        while not asking.met and time.monotonic() < until:
            time.sleep(0.01)
        with without_server():
            down("testnet", restart_wait_s=0)

    other = threading.Thread(target=go_down)
    other.start()
    up = promoted(monkeypatch, people, Run(runtime), "live-canary")
    other.join()
    assert up.line.startswith("live_promotion status=ok promotion=1")  # it came first, and down came after it
    asked = [one["action"] for one in runtime.world.toggles]
    assert (asked.count("enable_live"), asked[-1]) == (1, "disable_live")
    assert (guard_of(runtime), runtime.world.control.mode) == ("disabled", "HOLD")


@pytest.mark.row("D002-134")
def test_down_holds_also_when_nothing_can_be_written_down(runtime, place, monkeypatch):
    at(runtime, "live")
    runtime.live()
    monkeypatch.setenv("WATCHKEEPER_DSN", "postgresql://nobody@127.0.0.1:9/x")
    trouble = threading.Timer(1.5, lambda: at(runtime, "testnet"))
    trouble.start()
    line = Run(runtime)("testnet", restart_wait_s=10).line
    trouble.join()
    assert line.startswith(
        "live_promotion status=fail reason=journal_not_written source=live target=testnet way=down"
    )
    assert "now=hold+safe guard=test_only" in line


@pytest.mark.row("P002-130", "W002-130")
def test_no_stage_is_skipped_whatever_the_runtime_says_and_the_same_one_is_nothing_to_do(runtime, people):
    at(runtime, "paper", PROMOTION_STAGE="live_canary")
    assert runtime.ask("GET", "/api/ui/status").json()["promotion_allowed_next_stages"] == ["live_full"]
    assert "reason=stage_skipped" in Run(runtime)("live").line
    assert Run(runtime)("paper").line == (
        "live_promotion status=skipped reason=already_there source=paper target=paper now=hold+safe"
    )
