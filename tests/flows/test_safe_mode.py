"""Safe mode on at once and off by two people, with a runtime that lies (runbook 002, Profiles & Modes)."""

import json
import threading
import time

import psycopg
import pytest

from flows.guard.safe_mode import safe_mode
from tasks.procedure import telling
from tasks.records.chain import read_chain
from tasks.records.notes import open_note
from tasks.rules.guard.safe_mode import CHAIN
from tests.people import KEY, App, typing
from tests.runtime.world import API_TOKEN

pytestmark = pytest.mark.usefixtures("prefect_server", "journal", "fast")


@pytest.fixture
def journal(operations_database, monkeypatch):
    monkeypatch.setenv("WATCHKEEPER_APPROVAL_KEY", KEY)
    return operations_database


@pytest.fixture
def fast(runtime):
    runtime.boot(API_RATE_PER_MIN="60000", API_BURST="1000")


@pytest.fixture
def incident():
    return open_note.fn("k", {"why": "stale"}, json.dumps({"x": 1})).incident


@pytest.fixture
def people():
    return App("alice").enrolled(), App("bob").enrolled(by="alice")


def line_of(**parameters):
    with telling(lambda _: None) as run:
        safe_mode(**({"watch_s": 0} | parameters), return_state=True)
    return run.said[-1].line


def rows():
    return [(one.entry.kind, one.facts.get("direction")) for one in read_chain.fn(CHAIN)]


def signing(monkeypatch, first, second):
    return typing(
        monkeypatch,
        ("who asks", first.name),
        ("code of", lambda _: first.code()),
        ("who approves", second.name),
        ("code of", lambda _: second.code()),
    )


def off_by_two(monkeypatch, people, incident, **more):
    with signing(monkeypatch, *people):
        return line_of(set="off", reason="cause found", incident=incident, **more)


@pytest.mark.row("P002-210", "W002-215")
def test_on_holds_the_runtime_sees_it_and_writes_it_down_before(runtime):
    runtime.live()
    line = line_of(set="on", reason="stale data")
    assert line == "safe_mode status=ok set=on before=run now=hold+safe hold=kept orders=0 again=false"
    assert rows() == [("asked", "on"), ("done", "on")]
    assert runtime.world.safety.hold_reason == "unlinked:stale_data"


@pytest.mark.row("P002-211")
@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"set": "on"}, "reason_missing"),
        ({"set": "off", "reason": "  "}, "reason_missing"),
        ({"set": "off", "reason": "fine"}, "incident_missing"),
        ({"set": "off", "reason": "fine", "incident": "INC-20261121-77"}, "incident_unknown"),
    ],
)
def test_without_a_reason_and_off_without_an_incident_nothing_is_sent(runtime, parameters, reason):
    assert line_of(**parameters).startswith(f"safe_mode status=fail reason={reason}")
    assert runtime.seen == []


@pytest.mark.row("P002-212")
def test_off_takes_two_people_and_goes_the_runbooks_way(runtime, people, incident, monkeypatch):
    line = off_by_two(monkeypatch, people, incident)
    assert line == (
        f"safe_mode status=ok set=off incident={incident} before=hold+safe now=run again=false"
        " request=1 requested_by=alice approved_by=bob"
    )
    assert [one.path.rsplit("/", 1)[-1] for one in runtime.writes] == [
        "resume-request",
        "resume-confirm",
        "control",
        "resume",
    ]
    assert rows() == [("asked", "off"), ("approved", "off"), ("done", "off")]


@pytest.mark.row("P002-213", "W002-224")
def test_self_approval_is_refused_before_any_call(runtime, people, incident, monkeypatch):
    alice, _ = people
    with typing(
        monkeypatch,
        ("who asks", "alice"),
        ("code of", lambda _: alice.code()),
        ("who approves", "alice"),
        ("code of", lambda _: alice.code(steps=1)),
        ("who approves", ""),
        ("who approves", ""),
    ):
        line = line_of(set="off", reason="cause found", incident=incident)
    assert line.startswith("safe_mode status=fail reason=no_answer")
    assert runtime.seen == []


@pytest.mark.row("P002-214")
def test_the_same_change_again_is_one_row_and_no_call_that_changes(runtime, people, incident, monkeypatch):
    off_by_two(monkeypatch, people, incident)
    before = rows(), len(runtime.writes)
    assert "again=true" in line_of(set="off", reason="cause found", incident=incident)
    assert (rows(), len(runtime.writes)) == before


@pytest.mark.row("D002-210")
def test_a_runtime_that_answers_from_its_cache_is_held_all_the_same(runtime):
    line_of(set="on", reason="stale", incident="INC-20261121-01")
    runtime.live()
    assert "now=hold+safe" in line_of(set="on", reason="stale", incident="INC-20261121-01")
    assert runtime.world.control.mode == "HOLD"
    assert rows() == [("asked", "on"), ("done", "on"), ("done_again", "on")]


@pytest.mark.row("W002-214")
def test_in_live_off_is_refused_and_nothing_is_written_to_the_runtime(runtime, people, incident, monkeypatch):
    runtime.boot(EXEC_PROFILE="live")
    assert "reason=live_needs_restart" in off_by_two(monkeypatch, people, incident)
    assert runtime.writes == []


@pytest.mark.row("D002-211")
@pytest.mark.parametrize("broken", ["resume-confirm", "control", "/resume$"])
def test_a_call_that_fails_is_a_row_and_the_runtime_is_held_again(runtime, people, incident, monkeypatch, broken):
    runtime.trouble(broken, status=500, times=9)
    line = off_by_two(monkeypatch, people, incident)
    assert line.startswith("safe_mode status=fail reason=runtime_error")
    assert (runtime.world.control.mode, runtime.world.safety.hold_active) == ("HOLD", True)
    assert runtime.world.control.safe_mode
    assert rows()[-1] == ("call_failed", "off")


@pytest.mark.row("D002-211", "D002-205")
def test_a_runtime_that_falls_silent_in_the_middle_is_held_again_as_soon_as_it_answers(
    runtime, people, incident, monkeypatch
):
    runtime.trouble("control", cut=True, times=4)
    line = off_by_two(monkeypatch, people, incident)
    assert line.startswith("safe_mode status=fail reason=runtime_unreachable")
    assert (runtime.world.control.mode, runtime.world.safety.hold_active) == ("HOLD", True)


@pytest.mark.row("W002-224")
def test_somebody_elses_resume_request_is_not_confirmed(runtime, people, incident, monkeypatch):
    runtime.ask("POST", "/api/ui/resume-request", API_TOKEN, json={"reason": "mine", "requested_by": "mallory"})
    assert "reason=foreign_resume_request" in off_by_two(monkeypatch, people, incident)
    assert runtime.world.safety.hold_active


@pytest.mark.row("D002-212")
def test_on_holds_also_when_the_journal_cannot_be_written_and_says_so(runtime, monkeypatch):
    runtime.live()
    monkeypatch.setenv("WATCHKEEPER_DSN", "postgresql://nobody@127.0.0.1:9/none")
    line = line_of(set="on", reason="stale")
    assert line.startswith("safe_mode status=fail reason=journal_not_written")
    assert runtime.world.control.mode == "HOLD"


@pytest.mark.row("W002-215")
def test_orders_that_go_on_after_a_hold_are_seen(runtime):
    def order_once_it_is_watched():
        while not any(one.path == "/metrics" for one in runtime.seen):
            time.sleep(0.01)
        runtime.ask("POST", "/api/ui/execution/orders", json={})

    threading.Thread(target=order_once_it_is_watched, daemon=True).start()
    assert line_of(set="on", reason="stale", watch_s=2).startswith("safe_mode status=fail reason=orders_after_hold")


@pytest.mark.row("W002-462")
@pytest.mark.parametrize("what", [{"status": 500}, {"cut": True}, {"status": 200, "text": "<html>"}])
def test_a_hold_after_which_nobody_could_see_the_orders_is_no_pass(runtime, what):
    runtime.trouble("^/metrics$", times=99, **what)
    line = line_of(set="on", reason="stale")
    assert line.startswith("safe_mode status=fail reason=orders_not_watched set=on before=hold+safe now=hold+safe")
    assert rows() == [("asked", "on"), ("done", "on")]


@pytest.mark.row("W002-463")
def test_a_runtime_that_says_yes_and_does_nothing_is_found_out(runtime):
    """As the old command line's pause and resume did: exit 0, and nothing changed (W12)."""
    runtime.live()
    runtime.trouble("/hold$", status=200, text='{"mode":"HOLD","hold_active":true}', times=9)
    assert line_of(set="on", reason="stale").startswith("safe_mode status=fail reason=runtime_not_changed")
    assert rows() == [("asked", "on"), ("call_failed", "on")]


@pytest.mark.row("D002-205")
def test_an_unreachable_runtime_is_said_and_the_failed_call_is_a_row(runtime):
    runtime.trouble("", times=99, cut=True)
    assert line_of(set="on", reason="stale").startswith("safe_mode status=fail reason=runtime_unreachable")
    assert rows() == [("asked", "on"), ("call_failed", "on")]


@pytest.mark.row("P002-215")
def test_who_holds_after_off_was_asked_for_wins(runtime, people, incident, monkeypatch, journal):
    from tasks.records.safe_mode import ask_for_change
    from tasks.rules.guard.safe_mode import runtime_word

    alice, bob = people

    def hold_meanwhile(_):
        ask_for_change.fn("on", "INC-20261121-99", runtime_word(runtime.url), "another hold")
        return bob.name

    with typing(
        monkeypatch,
        ("who asks", alice.name),
        ("code of", lambda _: alice.code()),
        ("who approves", hold_meanwhile),
        ("code of", lambda _: bob.code()),
    ):
        line = line_of(set="off", reason="cause found", incident=incident)
    assert line.startswith("safe_mode status=fail reason=held_meanwhile")
    assert runtime.seen == []


@pytest.mark.row("W002-226")
def test_the_journal_is_chained_and_holds_no_words_of_people(runtime, journal):
    line_of(set="on", reason="the desk in room five saw stale data")
    with psycopg.connect(journal) as conn:
        lines = [row[0] for row in conn.execute("SELECT line FROM records WHERE chain = 'safe-mode'")]
    assert len(lines) == 2
    assert not any("room five" in line or API_TOKEN in line for line in lines)
