"""Approvals where the run is: in the form of a suspended run, and at the terminal (runbook 002)."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow

from flows.guard.approve import approve
from flows.guard.operators import operators
from flows.production.janitor import janitor
from tasks.approvals.asking import await_approval
from tasks.approvals.requests import consume, find_request
from tasks.clock import utc_now
from tasks.procedure import procedure
from tasks.rules.approval import LATE_ANSWERS, plan_hash_of
from tasks.rules.contracts.guard import APPROVE
from tasks.rules.outcome import Outcome, Status
from tests.operations_tables import empty, shared_operations
from tests.people import KEY, App, shown_secret, typing

pytestmark = pytest.mark.usefixtures("prefect_server", "approvals")
MINUTE = timedelta(minutes=1)
plan = {"delete": ["a"]}


@procedure(APPROVE, run_name="erase")
def erase() -> Outcome:
    """What a procedure does that cannot be undone: plan, ask, use the approval, act."""
    signed_for = plan_hash_of(plan)
    asked = await_approval("erase", signed_for, f"delete={len(plan['delete'])}", within=timedelta(hours=1))
    consume(asked.number, "erase", signed_for, utc_now())
    return APPROVE.says(
        Status.OK, request=asked.number, requested_by=asked.requested_by, approved_by=asked.approved_by
    )


@pytest.fixture(scope="module")
def approvals_database(postgres):
    with shared_operations(postgres) as dsn:
        yield dsn


@pytest.fixture
def approvals(approvals_database, monkeypatch):
    empty(approvals_database, "operators", "approval_codes", "approval_requests")
    monkeypatch.setenv("WATCHKEEPER_DSN", approvals_database)
    monkeypatch.setenv("WATCHKEEPER_APPROVAL_KEY", KEY)
    monkeypatch.setattr(f"{__name__}.plan", {"delete": ["a"]})
    return approvals_database


@pytest.fixture
def alice():
    return App("alice").enrolled()


@pytest.fixture
def bob(alice):
    return App("bob").enrolled(by="alice")


class Deployed:
    """A run of a deployment as a worker has it: started again from the top whenever it comes back."""

    def __init__(self, flow, **parameters) -> None:
        self.flow, self.parameters = flow, parameters
        with get_client(sync_client=True) as client:
            deployment = client.create_deployment(client.create_flow(flow), name=f"{flow.name}-form")
            self.id: UUID = client.create_flow_run_from_deployment(deployment, parameters=parameters).id

    @property
    def run(self) -> FlowRun:
        with get_client(sync_client=True) as client:
            return client.read_flow_run(self.id)

    @property
    def state(self) -> str:
        return str(self.run.state_name)

    @property
    def line(self) -> str:
        state = self.run.state
        return str(state and state.message)

    def go_on(self) -> "Deployed":
        with suppress(Pause):
            run_flow(self.flow, flow_run=self.run, return_type="state", parameters=self.parameters)
        return self

    def answered(self, **given) -> "Deployed":
        with get_client(sync_client=True) as client:
            response = client.resume_flow_run(self.id, run_input=given)
        assert response.status == "ACCEPT", response
        return self.go_on()

    def signed(self, app, code=None) -> "Deployed":
        return self.answered(operator=app.name, code=code or app.code())

    def waits_until(self, moment: datetime) -> None:
        """Let Prefect have it that the form was to be answered by then."""
        state = self.run.state
        assert state
        details = state.state_details.model_copy(update={"pause_timeout": moment + LATE_ANSWERS})
        with get_client(sync_client=True) as client:
            client.set_flow_run_state(self.id, state.model_copy(update={"state_details": details}), force=True)

    @property
    def kept_by_prefect(self) -> str:
        """Every form and answer of this run that Prefect's database holds."""
        with get_client(sync_client=True) as client:
            body = {"prefix": "", "limit": 200}
            path = {"id": self.id}
            return client.request("POST", "/flow_runs/{id}/input/filter", path_params=path, json=body).text


@pytest.mark.row("P002-111")
def test_a_run_waits_suspended_for_two_people_and_goes_on_after_the_second(alice, bob):
    run = Deployed(erase).go_on()
    assert run.state == "Suspended"
    assert run.signed(alice).state == "Suspended"
    assert run.signed(bob).state == "Completed"
    assert run.line == "approve status=ok request=1 requested_by=alice approved_by=bob"


@pytest.mark.row("P002-111", "W002-124")
def test_self_approval_a_stale_code_and_a_used_one_are_refused_on_the_way_and_the_run_waits_on(alice, bob):
    run = Deployed(erase).go_on()
    given = alice.code()
    run.signed(alice, given)
    for app, code, why in (
        (alice, alice.code(steps=1), "self_approval"),
        (alice, given, "code_used"),
        (bob, bob.code(datetime.now(UTC) - 3 * MINUTE), "wrong_code"),
        (App("nobody"), "123456", "unknown_operator"),
    ):
        assert run.signed(app, code).state == "Suspended"
        assert f"Not counted: {why}" in run.kept_by_prefect
    assert run.signed(bob).state == "Completed"


@pytest.mark.row("P002-112")
def test_no_code_stays_in_prefect(alice, bob):
    run = Deployed(erase).go_on()
    codes = [alice.code(), bob.code()]
    assert "suspended-approval-1-0-schema" in run.kept_by_prefect
    run.signed(alice, codes[0]).signed(bob, codes[1])
    assert not [code for code in codes if code in run.kept_by_prefect]
    assert "-response" not in run.kept_by_prefect


@pytest.mark.row("P002-101", "P002-111")
def test_a_plan_that_moved_while_the_run_waited_voids_the_request(alice, bob, monkeypatch):
    run = Deployed(erase).go_on().signed(alice)
    monkeypatch.setattr(f"{__name__}.plan", {"delete": ["a", "b"]})
    assert run.signed(bob).state == "Failed"
    assert run.line == "approve status=fail reason=plan_changed request=1 reasons=plan_changed"
    assert "-response" not in run.kept_by_prefect
    assert find_request(1).state == "void"


@pytest.mark.row("P002-102", "P002-111")
def test_an_answer_after_the_end_of_its_time_ends_the_run(alice, approvals):
    run = Deployed(erase).go_on()
    with psycopg.connect(approvals) as conn:
        conn.execute("UPDATE approval_requests SET expires_at = now() - interval '1 second'")
    assert run.signed(alice).line == "approve status=fail reason=approval_expired request=1 reasons=approval_expired"
    assert "-response" not in run.kept_by_prefect


@pytest.mark.row("D002-185")
def test_a_form_that_nobody_answers_is_ended_by_the_janitor_in_a_line_of_its_own(alice, approvals, capsys):
    late, in_time = Deployed(erase).go_on(), Deployed(erase).go_on()
    signing = Deployed(approve, request=1).go_on()
    for run in (late, signing):
        run.waits_until(datetime.now(UTC) - 6 * MINUTE)
    with psycopg.connect(approvals) as conn:
        conn.execute("UPDATE approval_requests SET expires_at = now() - interval '6 minutes' WHERE id = 1")
    janitor(second_look_s=0, return_state=True)
    assert re.fullmatch(r"janitor status=planned .* woken=2", capsys.readouterr().out.strip())
    janitor(execute=True, second_look_s=0, return_state=True)
    over = "approve status=fail reason=approval_expired request=1 reasons=approval_expired"
    assert [late.go_on().line, signing.go_on().line] == [over, over]
    assert in_time.state == "Suspended"


def test_a_no_in_the_form_ends_the_run(alice, bob):
    run = Deployed(erase).go_on().signed(alice)
    assert run.answered(decision="refuse", operator="bob", code=bob.code()).line == (
        "approve status=fail reason=approval_refused request=1 reasons=approval_refused"
    )


@pytest.mark.row("P002-113")
def test_who_signs_at_a_terminal_wakes_the_run_that_waits(alice, bob, monkeypatch, capsys):
    run = Deployed(erase).go_on()
    for app in (alice, bob):
        with typing(monkeypatch, ("(Enter", app.name), ("code of", app.code())) as typist:
            approve(request=1, return_state=True)
        assert "erase: delete=1" in typist.screen
        run.go_on()
    assert run.line == "approve status=ok request=1 requested_by=alice approved_by=bob"
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" plan=")[0] for line in lines[:2]] == [
        "approve status=ok request=1 action=erase state=pending",
        "approve status=ok request=1 action=erase state=approved",
    ]
    assert all(line.endswith("woken=true") for line in lines[:2])


def test_approve_started_from_the_ui_asks_by_its_own_form(alice, bob):
    waiting = Deployed(erase).go_on()
    assert Deployed(approve, request=1).go_on().signed(alice).line.endswith(" woken=true")
    assert waiting.go_on().state == "Suspended"
    refused = Deployed(approve, request=1).go_on().signed(alice, alice.code(steps=1))
    assert refused.line == "approve status=fail reason=self_approval request=1 reasons=self_approval"


def test_at_a_terminal_two_people_sign_one_after_the_other(alice, bob, monkeypatch, capsys):
    answers = [
        ("who asks", "alice"),
        ("code of alice", alice.code()),
        ("who approves", "bob"),
        ("code of bob", bob.code()),
    ]
    with typing(monkeypatch, *answers) as typist:
        erase(return_state=True)
    assert capsys.readouterr().out == "approve status=ok request=1 requested_by=alice approved_by=bob\n"
    assert alice.code() not in typist.screen


def test_at_a_terminal_three_bad_tries_are_the_end(alice, bob, monkeypatch, capsys):
    asks = [("who asks", "alice"), ("code of alice", alice.code())]
    tries = [("who approves", "alice"), ("code of alice", alice.code(steps=1))] * 3
    with typing(monkeypatch, *asks, *tries) as typist:
        erase(return_state=True)
    assert typist.screen.count("not counted: ") == 3
    assert capsys.readouterr().out == (
        "approve status=fail reason=code_used request=1 reasons=code_used,self_approval\n"
    )


@pytest.mark.row("D002-105")
@pytest.mark.parametrize(
    "call", [lambda: erase(return_state=True), lambda: operators(do="enrol", operator="eve", return_state=True)]
)
def test_without_a_terminal_nothing_is_asked_and_nothing_is_shown(call, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("tasks.approvals.terminal.DEVICE", str(tmp_path / "none"))
    call()
    assert "status=fail reason=no_terminal" in capsys.readouterr().out
    (tmp_path / "none").touch()
    call()
    assert "status=fail reason=no_terminal" in capsys.readouterr().out
    assert (tmp_path / "none").read_text() == ""


@pytest.mark.row("P002-107", "P002-108")
def test_an_enrolment_shows_the_secret_on_the_terminal_and_nowhere_else(monkeypatch, capsys, caplog, approvals):
    with typing(
        monkeypatch, ("code that the app shows", lambda screen: App("alice", shown_secret(screen)).code())
    ) as typist:
        operators(do="enrol", operator="alice", return_state=True)
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0].startswith("operator status=ok name=alice state=active enrolled_at=20")
    assert lines[1] == "operators status=ok do=enrol operator=alice active=1 locked=0 revoked=0"
    secret = shown_secret(typist.screen)
    assert typist.screen.count(f"secret  {secret}") == 1
    with psycopg.connect(approvals) as conn:
        kept = str(
            conn.execute("SELECT * FROM operators").fetchall() + conn.execute("SELECT * FROM outcomes").fetchall()
        )
    assert secret not in kept + printed.out + printed.err + caplog.text


@pytest.mark.row("P002-107")
def test_a_later_enrolment_needs_an_operators_code(alice, monkeypatch, capsys):
    shown = ("code that the app shows", lambda screen: App("bob", shown_secret(screen)).code())
    for code, line in (
        (alice.wrong_code(), "operators status=fail reason=wrong_code reasons=wrong_code"),
        (alice.code(), "operators status=ok do=enrol operator=bob by=alice active=2 locked=0 revoked=0"),
    ):
        with typing(monkeypatch, ("approved by", "alice"), ("code of alice", code), shown) as typist:
            operators(do="enrol", operator="bob", return_state=True)
        assert capsys.readouterr().out.splitlines()[-1] == line
    assert "otpauth://totp/Watchkeeper:bob" in typist.screen


def test_who_does_not_show_a_code_of_the_new_secret_is_not_enrolled(monkeypatch, capsys):
    with typing(monkeypatch, *[("code that the app shows", "000000")] * 3):
        operators(do="enrol", operator="alice", return_state=True)
    assert capsys.readouterr().out == "operators status=fail reason=wrong_code reasons=wrong_code\n"


def test_revoking_and_unlocking_at_the_terminal_name_who_did_it(alice, bob, monkeypatch, capsys):
    for do, code in (("unlock", alice.code()), ("revoke", alice.code(steps=1))):
        with typing(monkeypatch, ("by operator", "alice"), ("code of alice", code)):
            operators(do=do, operator="bob", return_state=True)
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("operators ")]
    assert said == [
        "operators status=ok do=unlock operator=bob by=alice active=2 locked=0 revoked=0",
        "operators status=ok do=revoke operator=bob by=alice active=1 locked=0 revoked=1",
    ]


@pytest.mark.row("P002-107")
@pytest.mark.parametrize("do", ["enrol", "revoke", "unlock"])
def test_from_the_ui_nobody_is_enrolled_revoked_or_unlocked(alice, do):
    run = Deployed(operators, do=do, operator="eve").go_on()
    assert run.line == "operators status=fail reason=by_hand_only"


def test_a_part_of_a_workers_run_has_no_terminal_either(monkeypatch, capsys):
    with typing(monkeypatch) as typist:
        monkeypatch.setenv("PREFECT__FLOW_RUN_ID", "07bc8c92-fc85-4cd2-819f-6bb653de2153")
        operators(do="enrol", operator="eve", return_state=True)
    assert typist.screen == ""
    assert capsys.readouterr().out == "operators status=fail reason=by_hand_only\n"


@pytest.mark.row("D002-103")
def test_enrolment_without_the_key_shows_no_secret_and_says_what_to_do(monkeypatch, capsys):
    monkeypatch.delenv("WATCHKEEPER_APPROVAL_KEY")
    with typing(monkeypatch) as typist:
        operators(do="enrol", operator="alice", return_state=True)
    assert typist.screen == ""
    assert capsys.readouterr().out == (
        "operators status=fail reason=missing_approval_key env=WATCHKEEPER_APPROVAL_KEY\n"
    )


@pytest.mark.parametrize("name", ["", "Eve Adams", "X" * 32])
def test_a_name_that_is_none_is_refused_before_anything(name, capsys):
    operators(do="enrol", operator=name, return_state=True)
    assert capsys.readouterr().out == "operators status=fail reason=invalid_operator\n"
