"""What a publish may do at all, and how plan, result and standing are told (runbook 003)."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tasks.rules.outcome import Status, checked
from tasks.rules.publishing.contents import Inside
from tasks.rules.publishing.folders import LeftOut, Why
from tasks.rules.publishing.plan import Action, Item, Remote, is_same, with_contents
from tasks.rules.publishing.publish import (
    Done,
    Flags,
    Plan,
    done_lines,
    done_table,
    plan_lines,
    plan_table,
    planned,
    published,
    refusal,
)
from tasks.rules.publishing.registry import Entry
from tasks.rules.publishing.remote import Repository
from tasks.rules.publishing.standing import InParity, standing, status_lines, status_table, stood

A, B, HEAD = "a" * 40, "b" * 40, "c" * 40
NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
THERE = Repository("Orket", "alpha", True, False, False, False, "main", True)
ITEM = Item("al pha", "product/al pha", "Orket/al-pha", "changed", Action.PUSH, A, Remote(THERE, B, 2), commits=3)
REFUSED = replace(ITEM, name="beta", action=Action.REFUSE, reason="push_diverged")
PLAN = Plan(HEAD, "main", (ITEM, REFUSED), (LeftOut("link", Why.SYMLINK),))
ENTRY = Entry("product", "alpha", "Orket/alpha", "main", "/m/product/alpha", A, A, True, NOW)
ASKED = Flags(execute=True, verify_parity=True, delete_local=False, by_deployment=False, enabled=False)


@pytest.mark.row("P003-110", "P003-114", "P003-115")
@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (ASKED, None),
        (replace(ASKED, delete_local=True), None),
        (replace(ASKED, delete_local=True, execute=False), "delete_local_needs_execute"),
        (replace(ASKED, delete_local=True, verify_parity=False), "delete_local_needs_parity"),
        (replace(ASKED, delete_local=True, by_deployment=True, enabled=True), "delete_local_in_deployment"),
        (replace(ASKED, by_deployment=True), "publishing_disabled"),
        (replace(ASKED, by_deployment=True, execute=False), None),
        (replace(ASKED, by_deployment=True, enabled=True), None),
    ],
)
def test_what_a_run_may_do_is_decided_before_it_looks(asked, reason):
    refused = refusal(asked)
    assert (refused.reason if refused else None) == reason


def test_a_plan_is_told_project_by_project_and_then_in_numbers():
    said = [*plan_lines(PLAN), planned(PLAN)]
    assert [checked(one) for one in said] == said
    assert [one.line for one in said] == [
        "product_publish_project status=planned project=al%20pha repository=Orket/al-pha named=changed action=push"
        f" commit={A} commits=3 remote={B} loses=2",
        "product_publish_project status=planned reason=push_diverged project=beta repository=Orket/al-pha"
        f" named=changed action=refuse commit={A} commits=3 remote={B} loses=2",
        "product_publish_project status=skipped reason=symlink project=link",
        f"product_publish status=fail reason=would_not_publish mode=dry_run head={HEAD} branch=main projects=2"
        " create=0 push=1 unchanged=0 refused=1 loses=2 left_out=1",
    ]


def test_a_result_is_told_project_by_project_and_then_in_numbers():
    done = [Done(ITEM, None, "verified", deleted=True), Done(REFUSED, REFUSED.reason)]
    said = [*done_lines(PLAN, done), published(PLAN, done)]
    assert [checked(one) for one in said] == said
    assert said[0].line.endswith("loses=2 parity=verified deleted=true")
    assert said[-1].line == (
        f"product_publish status=fail reason=not_published mode=execute head={HEAD} branch=main projects=2 create=0"
        " push=1 unchanged=0 refused=1 failed=0 loses=2 verified=1 deleted=1 left_out=1"
    )
    assert published(PLAN, done[:1]).status is Status.OK


def test_commits_that_were_not_pushed_over_were_not_lost():
    assert published(PLAN, [Done(ITEM, "push_protected")]).fields["loses"] == 0


def test_nothing_to_publish_is_not_good():
    empty = Plan(HEAD, "main", (), ())
    assert planned(empty).reason == published(empty, []).reason == "no_projects"


@pytest.mark.row("P003-118")
def test_the_table_has_a_row_for_each_project_and_each_folder_that_is_none():
    assert [row["result"] for row in plan_table(PLAN)] == ["planned", "push_diverged", "symlink"]
    assert [row["result"] for row in done_table(PLAN, [Done(ITEM)])] == ["ok", "symlink"]


def test_a_remote_is_told_by_its_commit_or_a_word():
    told = {
        Remote(THERE, B): B,
        Remote(THERE): "empty",
        Remote(): "absent",
        Remote(problem="gitea_busy"): "unknown",
        None: "unknown",
    }
    for remote, word in told.items():
        line = next(iter(plan_lines(replace(PLAN, items=(replace(ITEM, remote=remote),)))))
        assert line.fields["remote"] == word


@pytest.mark.row("D003-106", "D003-107")
def test_missing_files_are_refused_and_what_a_folder_only_points_to_is_noted():
    assert with_contents(ITEM, Inside("a", 0, 0, 0)) == ITEM
    noted = with_contents(ITEM, Inside("a", 1, 2, 0))
    assert (noted.action, noted.holds) == (Action.PUSH, ("holds_submodules", "holds_lfs_pointers"))
    lacking = with_contents(ITEM, Inside("a", 0, 0, 3))
    assert (lacking.action, lacking.reason) == (Action.REFUSE, "objects_missing")
    assert with_contents(REFUSED, Inside("a", 0, 0, 3)).reason == "push_diverged"


def test_a_repository_is_the_same_while_name_privacy_and_archive_are():
    assert is_same(replace(THERE, empty=True, default_branch="other"), THERE)
    for change in ({"name": "beta"}, {"private": False}, {"archived": True}):
        assert not is_same(replace(THERE, **change), THERE)


@pytest.mark.row("P003-119")
@pytest.mark.parametrize(
    ("entry", "remote", "parity", "reason"),
    [
        (ENTRY, Remote(THERE, A), InParity.YES, None),
        (replace(ENTRY, parity_verified=False), Remote(THERE, A), InParity.UNVERIFIED, "not_verified"),
        (ENTRY, Remote(THERE, B), InParity.REMOTE_MOVED, "parity_lost"),
        (ENTRY, Remote(THERE), InParity.REMOTE_MISSING, "parity_lost"),
        (ENTRY, Remote(), InParity.REMOTE_MISSING, "parity_lost"),
        (ENTRY, Remote(problem="gitea_busy"), InParity.UNKNOWN, "parity_unknown"),
        (ENTRY, None, InParity.UNKNOWN, "parity_unknown"),
    ],
)
def test_a_published_project_is_in_parity_only_when_the_remote_said_so(entry, remote, parity, reason):
    one = standing(entry, remote)
    assert one.parity is parity
    assert stood([one]).reason == reason
    assert (stood([one]).status is Status.OK) == (reason is None)
    line = next(iter(status_lines([one])))
    assert checked(line) == line
    assert (line.status is Status.OK) == (parity is InParity.YES)


def test_where_the_folder_is_now_is_told_by_the_registry():
    archived = replace(ENTRY, archived_at=NOW, archived_path="/archive/alpha-1")
    rows = [standing(row, None) for row in (ENTRY, archived, replace(archived, deleted_at=NOW))]
    assert [row["local"] for row in status_table(rows)] == ["here", "archived", "deleted"]
    assert [stood(rows).fields[key] for key in ("projects", "archived", "deleted", "unknown")] == [3, 1, 1, 3]
    assert stood([]).reason == "nothing_published"
