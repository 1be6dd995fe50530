"""Runbook 002, Rollback & Release: real processes, a real link, real releases."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from flows.guard.recording import release_verified
from flows.guard.release_deploy import release_deploy
from flows.guard.rollback import rollback
from tasks.clock import utc_now
from tasks.procedure import telling
from tasks.records.chain import read_chain
from tasks.rules.guard.rollback import Standing, SwitchKind, Word, newest_words
from tasks.rules.outcome import Status
from tasks.runtime.release_memory import begin_switch, note_release, open_switch, read_releases
from tasks.services import commands
from tasks.step import without_server
from tests.runtime.site import Site, site
from tests.runtime.world import VIEWER_TOKEN

__all__ = ["site"]


def verified(site: Site, *names: str) -> None:
    """Releases that passed, in this order."""
    for name in names:
        site.release(name)
        note_release.fn("runtime", Word(name, Standing.PASSED), utc_now())


def standings() -> dict[str, str]:
    return {one.name: one.standing.value for one in newest_words(read_releases.fn("runtime"))}


def kinds() -> list[str]:
    return [kept.entry.kind for kept in read_chain.fn("shift-log")]


@pytest.mark.row("P002-430", "P002-431", "P002-432", "P002-433", "W002-430", "W002-431", "W002-433")
def test_it_goes_back_to_the_last_verified_release_held_ended_started_and_seen_good(site):
    site.sets(SIM_OBEYS_SIGTERM="")
    verified(site, "a", "b")
    site.release("never-verified")
    site.deploy("c")
    site.go_live()
    old, files = site.pid(), site.untouched()
    outcome = site.back()
    assert (outcome.status, outcome.fields["before"], outcome.fields["to"]) == (Status.OK, "c", "b")
    assert (outcome.fields["held"], outcome.fields["stopped"]) == ("verified", "killed")
    assert (site.leads_to, site.serves(), site.full()["router"]["mode"]) == ("releases/b", "b", "HOLD")
    assert outcome.fields["pid"] == site.pid() != old
    assert kinds() == ["rollback", "rollback_done"]
    assert {path: digest for path, digest in site.untouched().items() if path in files} == files
    assert [path.name for path in site.folder.iterdir() if path.name.startswith(".current")] == []


@pytest.mark.row("P002-434")
def test_a_dry_run_shows_the_plan_and_touches_nothing(site):
    verified(site, "a")
    site.deploy("b")
    site.go_live()
    old = site.pid()
    outcome = site.back(execute=False)
    assert (outcome.status, outcome.fields["before"], outcome.fields["to"]) == (Status.PLANNED, "b", "a")
    assert (site.pid(), site.leads_to, site.full()["router"]["mode"]) == (old, "releases/b", "RUN")
    assert open_switch.fn("runtime") is None
    assert kinds() == []


@pytest.mark.row("P002-435", "W002-432")
def test_repeating_it_goes_further_back_and_never_to_and_fro(site):
    verified(site, "a", "b")
    site.deploy("c")
    site.back(do="record")
    assert [site.back().fields.get("to") for _ in range(2)] == ["b", "a"]
    refused = site.back()
    assert (refused.status, refused.reason) == (Status.FAIL, "no_verified_release")
    assert site.serves() == "a"
    assert standings() == {"a": "passed", "b": "withdrawn", "c": "withdrawn"}


@pytest.mark.row("P002-435")
def test_with_one_release_it_is_refused_before_anything_is_touched(site):
    verified(site, "only")
    site.deploy("only")
    old = site.pid()
    assert site.back().reason == "no_verified_release"
    assert (site.pid(), kinds()) == (old, [])


@pytest.mark.row("P002-436", "D002-430")
@pytest.mark.parametrize(("kind", "why"), [("ends", "ended_early"), ("cold", "not_ready")])
def test_a_release_that_is_not_good_is_taken_back_and_not_tried_again(site, kind, why):
    verified(site, "a", "b")
    site.release("b", kind)
    site.deploy("c")
    outcome = site.back()
    assert (outcome.status, outcome.reason, outcome.fields["why"]) == (Status.FAIL, "release_failed", why)
    assert (outcome.fields["back"], outcome.fields["now"]) == ("verified", "c")
    assert (site.serves(), site.leads_to, site.full()["router"]["mode"]) == ("c", "releases/c", "HOLD")
    assert (standings()["b"], kinds()) == ("failed", ["rollback", "rollback_taken_back"])
    assert site.back(execute=False).fields["to"] == "a"


@pytest.mark.row("P002-436")
def test_a_release_that_only_lacks_signals_is_good_when_readiness_is_not_asked_for(site):
    verified(site, "a")
    site.release("a", "cold")
    site.deploy("b")
    outcome = site.back(readiness=False)
    assert (outcome.status, outcome.fields["ready_s"]) == (Status.OK, None)


@pytest.mark.row("D002-431")
def test_when_neither_release_comes_up_nothing_runs_and_the_line_says_so(site):
    verified(site, "a")
    site.release("a", "ends")
    site.deploy("b")
    site.release("b", "ends")
    outcome = site.back()
    assert (outcome.status, outcome.reason, outcome.fields["back"]) == (Status.FAIL, "back_failed", "failed")
    assert outcome.fields["back_why"] == "ended_early"
    assert (site.pid(), site.leads_to) == (None, "releases/b")
    assert open_switch.fn("runtime") is None


@pytest.mark.row("D002-432")
def test_a_runtime_that_is_gone_cannot_be_held_and_is_rolled_back_all_the_same(site):
    verified(site, "a")
    site.deploy("b")
    site.end()
    outcome = site.back()
    assert (outcome.status, outcome.fields["held"], outcome.fields["stopped"]) == (Status.OK, "silent", "none")
    assert site.serves() == "a"


@pytest.mark.row("D002-432")
def test_a_release_that_says_nothing_of_its_state_does_not_stand_in_the_way_of_leaving_it(site):
    verified(site, "a")
    site.deploy("b", "odd")
    assert site.back(do="record", execute=False).fields["why"] == "smoke_failed"
    outcome = site.back()
    assert (outcome.status, outcome.fields["held"], outcome.fields["stopped"]) == (Status.OK, "silent", "asked")
    assert site.serves() == "a"


@pytest.mark.row("P002-430")
def test_a_runtime_that_refuses_the_hold_is_not_touched(site, monkeypatch):
    verified(site, "a")
    site.deploy("b")
    site.go_live()
    old = site.pid()
    monkeypatch.setenv("RUNTIME_API_TOKEN", VIEWER_TOKEN)
    assert site.back().reason in ("runtime_forbidden", "runtime_unauthorised")
    assert (site.pid(), site.leads_to, kinds()) == (old, "releases/b", [])


@pytest.mark.row("P002-437", "W002-430")
def test_a_release_is_recorded_by_what_its_own_process_shows(site):
    site.deploy("a")
    planned = site.back(do="record", execute=False)
    assert (planned.status, planned.fields["standing"], standings()) == (Status.PLANNED, "passed", {})
    assert site.back(do="record").status is Status.OK
    with without_server():
        assert release_verified(site.place, pid=site.pid())["standing"] == "passed"
        assert release_verified(site.place, pid=os.getpid())["why"] == "switched_meanwhile"
    site.lead("b")
    os.utime(site.folder / "current", (2e9, 2e9), follow_symlinks=False)
    assert site.back(do="record").reason == "started_before_switch"
    assert standings() == {"a": "passed"}
    site.deploy("c", "cold")
    failed = site.back(do="record")
    assert (failed.status, failed.reason, failed.fields["why"]) == (Status.FAIL, "release_failed", "not_ready")
    assert standings() == {"a": "passed", "c": "failed"}
    listed = site.back(do="list")
    assert (listed.status, listed.fields["releases"], listed.fields["now"]) == (Status.OK, 2, "c")
    site.end()
    assert site.back(do="record").reason == "not_running"


@pytest.mark.row("P002-450")
def test_a_release_that_is_started_and_good_is_recorded_by_itself(site, monkeypatch):
    verified(site, "a")
    site.lead("b", "cold")
    failed = site.restart()
    assert (failed.status, failed.fields["standing"], failed.fields["why"]) == (Status.OK, "unverified", "not_ready")
    assert standings() == {"a": "passed"}
    good = site.restart(readiness=False)
    assert (good.status, good.fields["release"], good.fields["standing"]) == (Status.OK, "b", "passed")
    assert standings() == {"a": "passed", "b": "passed"}
    monkeypatch.setenv("WATCHKEEPER_DSN", "postgresql://nobody@127.0.0.1:9/none")
    unknown = site.restart(readiness=False)
    assert (unknown.status, unknown.fields["standing"], unknown.fields["why"]) == (
        Status.OK,
        "unrecorded",
        "db_connect_failed",
    )


@pytest.mark.row("P002-450", "P002-438")
def test_while_readiness_is_waited_for_a_rollback_may_go_and_the_release_that_was_left_is_not_recorded(site):
    verified(site, "a")
    site.lead("b", "cold")
    with ThreadPoolExecutor(1) as other:
        restarted = other.submit(site.restart, ready_wait_s=300)
        while site.pid() is None or site.back(execute=False).reason == "lock_held":
            assert not restarted.done()
        assert site.back().status is Status.OK
        said = restarted.result().fields
    assert said["standing"] == "unverified"
    assert standings() == {"a": "passed", "b": "withdrawn"}


@pytest.mark.row("P002-451", "P002-452", "W002-450")
def test_a_release_that_was_changed_since_it_passed_is_refused_and_new_variables_are_named(site):
    site.deploy("a")
    site.back(do="record")
    site.deploy("b")
    site.sets(FEATURE_NEW="1")
    planned = site.back(execute=False)
    assert [planned.fields[part] for part in ("content", "environment", "interpreter")] == ["same", "changed", "same"]
    (site.folder / "releases" / "a" / "extra.py").touch()
    refused = site.back()
    assert (refused.status, refused.reason, site.serves()) == (Status.FAIL, "release_changed", "b")
    assert open_switch.fn("runtime") is None
    begin_switch.fn("runtime", SwitchKind.BACK, "b", "a", utc_now())
    finished = site.back()
    assert (finished.fields["why"], finished.fields["back"], site.serves()) == ("release_changed", "verified", "b")
    os.utime(site.folder / "releases" / "b" / "start.py", (2e9, 2e9))
    assert site.back(do="record").reason == "changed_since_start"


@pytest.mark.row("D002-433")
def test_what_cannot_be_gone_to_is_refused_by_name(site, monkeypatch):
    site.release("x")
    assert site.back(do="list").reason == "link_missing"
    (site.folder / "current").symlink_to("data")
    assert site.back().reason == "link_elsewhere"
    site.lead("x")
    verified(site, "a")
    note_release.fn("runtime", Word("gone", Standing.PASSED), utc_now())
    assert site.back().reason == "release_missing"
    assert site.back(to="nobody").reason == "release_unknown"
    assert site.back(to="x").reason == "already_current"
    note_release.fn("runtime", Word("a", Standing.FAILED), utc_now())
    assert site.back(to="a").reason == "release_not_verified"
    monkeypatch.setenv("RUNTIME_URL", "http://127.0.0.1:9")
    assert site.back().reason == "runtime_mismatch"
    assert site.back(config=str(site.folder / "none.toml")).status is Status.NOT_CONFIGURED
    assert site.pid() is None


@pytest.mark.row("P002-438")
def test_two_at_once_are_one(site):
    verified(site, "a")
    site.deploy("b")
    with commands.alone_with(site.place):
        assert site.back().reason == "lock_held"
    assert site.leads_to == "releases/b"


@pytest.mark.row("D002-434")
def test_a_switch_that_was_broken_off_and_moved_on_by_hand_is_named_and_not_guessed_at(site):
    verified(site, "a")
    site.deploy("c")
    begin_switch.fn("runtime", SwitchKind.BACK, "b", "a", utc_now())
    refused = site.back()
    assert (refused.reason, refused.fields["before"], refused.fields["to"]) == ("half_done", "b", "a")
    assert (refused.fields["now"], site.serves()) == ("c", "c")


@pytest.mark.row("P002-432", "P002-455")
@pytest.mark.usefixtures("prefect_server")
def test_as_a_run_of_the_server_it_does_the_same(site):
    verified(site, "a")
    site.deploy("b")
    site.release("c")
    config = str(site.folder / "services.toml")
    with telling(lambda _: None) as run:
        rollback(execute=True, config=config, ready_wait_s=0, return_state=True)
        release_deploy(to="c", execute=True, config=config, ready_wait_s=0, return_state=True)
    assert [(said.status, said.fields["before"], said.fields["now"]) for said in run.said] == [
        (Status.OK, "b", "a"),
        (Status.OK, "a", "c"),
    ]
    assert site.serves() == "c"
