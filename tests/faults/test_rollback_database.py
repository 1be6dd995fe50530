"""A rollback that loses the operations database on its way, or whose releases do not hold (runbook 002)."""

import psycopg
import pytest

from tasks.clock import utc_now
from tasks.records.chain import read_chain
from tasks.rules.guard.rollback import Standing, Word
from tasks.rules.outcome import Status
from tasks.runtime.release_memory import note_release, open_switch, read_releases
from tests.runtime.site import Site, site

__all__ = ["site"]


@pytest.fixture
def two(site, postgres, operations_database):
    """`b` runs and `a` is verified; a release can take the database away."""
    site.sets(CUT_BY=postgres, CUT=name_of(operations_database))
    site.release("a")
    note_release.fn("runtime", Word("a", Standing.PASSED), utc_now())
    return site


def name_of(dsn: str) -> str:
    return dsn.rpartition("?")[0].rpartition("/")[2]


def give_back(postgres: str, dsn: str) -> None:
    with psycopg.connect(postgres, autocommit=True) as admin:
        admin.execute(f"ALTER DATABASE {name_of(dsn)} WITH ALLOW_CONNECTIONS true")


def words() -> list[tuple[str, str]]:
    return [(one.name, one.standing.value) for one in read_releases.fn("runtime")]


def stands(site: Site) -> tuple[str, str, str]:
    return site.serves(), site.leads_to, site.full()["router"]["mode"]


@pytest.mark.row("P002-454", "D002-451")
def test_gone_on_the_way_forward_the_release_stays_held_the_line_says_so_and_the_next_run_writes_it_down(
    two, postgres, operations_database
):
    two.release("a", "cuts")
    two.deploy("b")
    lost = two.back()
    assert (lost.status, lost.reason, lost.fields["unrecorded"]) == (
        Status.FAIL,
        "db_connect_failed",
        "db_connect_failed",
    )
    assert (lost.fields["now"], stands(two)) == ("a", ("a", "releases/a", "HOLD"))
    two.release("a")
    give_back(postgres, operations_database)
    done = two.back()
    assert (done.status, done.fields["half_done"], done.fields["unrecorded"]) == (Status.OK, True, None)
    assert words() == [("a", "passed"), ("b", "withdrawn"), ("a", "passed")]
    assert stands(two) == ("a", "releases/a", "HOLD")


@pytest.mark.row("P002-454", "D002-451", "P002-436")
def test_gone_before_the_way_back_it_is_taken_all_the_same_and_the_line_hides_nothing(
    two, postgres, operations_database
):
    two.release("a", "cuts-cold")
    two.deploy("b")
    lost = two.back()
    assert (lost.status, lost.reason, lost.fields["why"]) == (Status.FAIL, "release_failed", "not_ready")
    assert (lost.fields["back"], lost.fields["unrecorded"]) == ("verified", "db_connect_failed")
    assert stands(two) == ("b", "releases/b", "HOLD")
    two.release("a", "cold")
    give_back(postgres, operations_database)
    known = two.back()
    assert (known.reason, known.fields["half_done"], known.fields["unrecorded"]) == ("release_failed", True, None)
    assert (words()[-1], open_switch.fn("runtime"), stands(two)[0]) == (("a", "failed"), None, "b")


@pytest.mark.row("P002-454", "D002-451")
@pytest.mark.parametrize(("table", "is_open"), [("release_switches", False), ("records", True)])
def test_what_nobody_would_know_of_is_not_begun_and_the_runtime_is_held_by_then(
    two, operations_database, table, is_open
):
    two.deploy("b")
    two.go_live()
    old = two.pid()
    with psycopg.connect(operations_database, autocommit=True) as connection:
        connection.execute("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE disk_full; END'")
        connection.execute(f"CREATE TRIGGER no BEFORE INSERT ON {table} EXECUTE FUNCTION no()")
    refused = two.back()
    assert (refused.status, refused.reason, refused.fields["held"]) == (Status.FAIL, "db_error", "verified")
    assert (two.pid(), stands(two), open_switch.fn("runtime") is not None) == (
        old,
        ("b", "releases/b", "HOLD"),
        is_open,
    )


@pytest.mark.row("D002-451")
def test_gone_from_the_start_nothing_is_touched(two, monkeypatch):
    two.deploy("b")
    two.go_live()
    old = two.pid()
    monkeypatch.setenv("WATCHKEEPER_DSN", "postgresql://nobody@127.0.0.1:9/none")
    assert two.back().reason == "db_connect_failed"
    assert (two.pid(), stands(two)) == (old, ("b", "releases/b", "RUN"))


@pytest.mark.row("D002-452")
def test_a_release_that_does_not_hold_is_ended_and_the_one_before_comes_back(two):
    two.release("a", "unheld")
    two.deploy("b")
    outcome = two.back()
    assert (outcome.reason, outcome.fields["why"], outcome.fields["back"]) == (
        "release_failed",
        "not_held",
        "verified",
    )
    assert stands(two) == ("b", "releases/b", "HOLD")


@pytest.mark.row("D002-452")
def test_when_neither_release_holds_neither_is_left_running(two):
    two.release("a", "unheld")
    two.deploy("b")
    two.release("b", "unheld")
    outcome = two.back()
    assert (outcome.reason, outcome.fields["back"], outcome.fields["back_why"]) == (
        "back_failed",
        "failed",
        "not_held",
    )
    assert two.pid() is None


@pytest.mark.row("D002-453")
def test_a_release_before_that_comes_up_held_and_is_not_good_is_left_and_said(two):
    two.release("a", "cold")
    two.deploy("b", "cold")
    outcome = two.back()
    assert (outcome.reason, outcome.fields["why"], outcome.fields["back"]) == (
        "release_failed",
        "not_ready",
        "unverified",
    )
    assert (outcome.fields["back_why"], stands(two)) == ("not_ready", ("b", "releases/b", "HOLD"))
    assert [kept.entry.kind for kept in read_chain.fn("shift-log")] == ["rollback", "rollback_taken_back"]
    assert (words()[-1], open_switch.fn("runtime")) == (("a", "failed"), None)
