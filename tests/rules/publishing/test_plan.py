"""What is done with a project is decided from what was seen at the remote, before anything is done (runbook 003)."""

from dataclasses import replace
from itertools import product

import pytest

from tasks.rules.publishing.naming import Name, Named
from tasks.rules.publishing.plan import (
    Action,
    Remote,
    Tally,
    Wishes,
    has_to_be_counted,
    plan_item,
    tally,
    without_shared,
)
from tasks.rules.publishing.remote import Repository
from tasks.rules.splitting.answer import Split

A, B = "a" * 40, "b" * 40
SPLIT = Split("alpha", "product/alpha", A, "complete", 3, 0)
NAME = Name("alpha", Named.AS_FOLDER)


def planned(remote, split=SPLIT, name=NAME, **wishes):
    return plan_item(split, name, "Orket", remote, Wishes(**wishes))


def decision(remote, **wishes):
    item = planned(remote, **wishes)
    return item.action, item.reason


def repository(name="alpha", private=True, **fields):
    state = {"archived": False, "mirror": False, "can_push": True} | fields
    return Repository("Orket", name, private, empty=False, default_branch="main", **state)


def there(head=None, loses=None, problem=None, **fields):
    return Remote(repository(**fields), head, loses, problem)


@pytest.mark.row("P003-101")
def test_a_missing_repository_is_created_unless_nobody_may():
    assert decision(Remote()) == (Action.CREATE, None)
    assert decision(Remote(), may_create=False) == (Action.REFUSE, "gitea_repository_missing")


@pytest.mark.row("W003-112")
def test_a_remote_that_has_exactly_this_commit_is_not_pushed_to():
    assert decision(there(head=A)) == (Action.UNCHANGED, None)


def test_an_empty_repository_and_one_that_is_behind_are_pushed_to():
    assert decision(there()) == (Action.PUSH, None)
    assert decision(there(head=B, loses=0)) == (Action.PUSH, None)


@pytest.mark.row("P003-108", "W003-111")
def test_commits_that_a_push_would_lose_stop_it_and_force_says_how_many_go():
    assert decision(there(head=B, loses=2)) == (Action.REFUSE, "push_diverged")
    forced = planned(there(head=B, loses=2), force=True)
    assert (forced.action, forced.loses) == (Action.PUSH, 2)
    assert planned(there(head=B, loses=2)).loses == 0


@pytest.mark.row("W003-111")
def test_what_could_not_be_counted_is_never_pushed_over_even_with_force():
    assert decision(there(head=B), force=True) == (Action.REFUSE, "remote_not_read")


@pytest.mark.row("P003-107", "W003-105")
def test_a_public_repository_is_refused_when_private_was_asked_for():
    public = there(head=A, private=False)
    assert decision(public, private=True) == (Action.REFUSE, "gitea_repository_public")
    assert decision(public) == decision(public, private=False) == (Action.UNCHANGED, None)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ({"archived": True}, "gitea_archived"),
        ({"mirror": True}, "repository_is_mirror"),
        ({"can_push": False}, "gitea_forbidden"),
    ],
)
def test_a_repository_that_takes_no_push_is_refused(state, reason):
    assert decision(there(**state), force=True) == (Action.REFUSE, reason)
    assert decision(there(head=B, loses=0, **state), force=True) == (Action.REFUSE, reason)
    assert decision(there(head=A, **state)) == (Action.UNCHANGED, None)


@pytest.mark.row("W003-109")
def test_what_is_wrong_with_a_project_is_its_own_reason():
    gap = replace(SPLIT, sha=None, problem="history_gap")
    assert planned(Remote(), split=gap).reason == "history_gap"
    assert planned(Remote(), name=replace(NAME, problem="name_collision")).reason == "name_collision"
    assert decision(Remote(problem="gitea_unreachable")) == (Action.REFUSE, "gitea_unreachable")


@pytest.mark.row("P003-103")
def test_without_credentials_nothing_is_claimed_about_the_remote():
    assert decision(None) == (Action.NOT_ASKED, None)


def test_only_a_foreign_commit_has_to_be_counted():
    assert has_to_be_counted(SPLIT, there(head=B))
    for seen in (
        Remote(),
        there(),
        there(head=A),
        there(head=B, loses=0),
        Remote(problem="x", head=B),
    ):
        assert not has_to_be_counted(SPLIT, seen)


@pytest.mark.row("P003-108")
def test_nothing_is_ever_lost_without_force_whatever_was_seen():
    seen = [
        Remote(found, head, loses, problem)
        for found, head, loses, problem in product(
            (None, repository(), repository(private=False), repository(archived=True)),
            (None, A, B),
            (None, 0, 3),
            (None, "p"),
        )
        if loses is None or (found and head == B)
    ]
    for remote, private, create in product(seen, (None, True, False), (True, False)):
        item = planned(remote, private=private, may_create=create)
        assert item.loses == 0
        if item.is_pushed and remote.repository:
            assert remote.head is None or remote.loses == 0, remote
            assert remote.repository.private or not private


def test_the_plan_in_numbers():
    items = [planned(Remote()), planned(there(head=A)), planned(None), planned(Remote(problem="x"))]
    items.append(planned(there(head=B, loses=2), force=True))
    assert tally(items) == Tally(create=1, push=1, unchanged=1, refused=1, not_asked=1, loses=2)


@pytest.mark.row("W003-107")
def test_two_folders_that_a_renaming_leads_to_one_repository_are_both_refused():
    renamed = planned(there(name="Beta", head=A))
    beta = planned(there(name="beta"), split=replace(SPLIT, name="beta"), name=replace(NAME, repository="beta"))
    assert [item.reason for item in without_shared([renamed, beta])] == ["name_collision"] * 2
    assert without_shared([renamed]) == [renamed]
