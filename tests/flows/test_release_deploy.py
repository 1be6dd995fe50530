"""Runbook 002, Rollback & Release: a new release put in use, by real processes and a real link."""

import pytest

from tasks.clock import utc_now
from tasks.records.chain import read_chain
from tasks.rules.guard.rollback import SwitchKind, newest_words
from tasks.rules.outcome import Status
from tasks.runtime.release_link import lead_link
from tasks.runtime.release_memory import begin_switch, open_switch, read_releases
from tests.runtime.site import site

__all__ = ["site"]


def standings() -> dict[str, str]:
    return {one.name: one.standing.value for one in newest_words(read_releases.fn("runtime"))}


def kinds() -> list[str]:
    return [kept.entry.kind for kept in read_chain.fn("shift-log")]


@pytest.mark.row("P002-455", "P002-450")
def test_it_is_put_in_use_held_seen_good_and_recorded_and_rollback_has_somewhere_to_go(site):
    site.deploy("a")
    site.go_live()
    old, files = site.pid(), site.untouched()
    site.release("b")
    planned = site.put("b", execute=False)
    assert (planned.status, planned.fields["before"], site.pid()) == (Status.PLANNED, "a", old)
    done = site.put("b")
    assert (done.status, done.fields["held"], done.fields["now"]) == (Status.OK, "verified", "b")
    assert (site.serves(), site.leads_to, site.full()["router"]["mode"]) == ("b", "releases/b", "HOLD")
    assert {path: digest for path, digest in site.untouched().items() if path in files} == files
    assert (standings(), kinds()) == (
        {"a": "passed", "b": "passed"},
        ["release", "release_deploy", "release_deploy_done"],
    )
    assert site.put("b").reason == "already_current"
    assert site.back(execute=False).fields["to"] == "a"


@pytest.mark.row("P002-456", "D002-454")
def test_one_that_is_not_good_is_taken_back_and_none_to_go_back_to(site):
    site.deploy("a")
    site.release("b", "cold")
    failed = site.put("b")
    assert (failed.status, failed.reason, failed.fields["why"]) == (Status.FAIL, "release_failed", "not_ready")
    assert (failed.fields["back"], site.serves(), standings()) == (
        "verified",
        "a",
        {"a": "passed", "b": "failed"},
    )
    assert site.put("gone").reason == "release_missing"
    assert site.put("b", config=str(site.folder / "none.toml")).status is Status.NOT_CONFIGURED


@pytest.mark.row("D002-454")
def test_one_that_was_broken_off_is_turned_back_by_a_rollback(site):
    site.deploy("a")
    site.release("b")
    begin_switch.fn("runtime", SwitchKind.DEPLOY, "a", "b", utc_now())
    lead_link.fn(site.folder, "b")
    assert site.put("c").reason == "half_done"
    turned = site.back()
    assert (turned.reason, turned.fields["why"], turned.fields["back"]) == (
        "release_failed",
        "broken_off",
        "verified",
    )
    assert (site.serves(), site.leads_to, open_switch.fn("runtime")) == ("a", "releases/a", None)
    assert standings() == {}
