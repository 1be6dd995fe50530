"""Repositories are called as their folders, and no two folders share one (runbook 003, note 1)."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.publishing.naming import (
    LONGEST,
    Name,
    Named,
    earlier_slug,
    is_repository_name,
    is_repository_prefix,
    name_all,
    taken_by,
)
from tasks.rules.publishing.registry import Entry

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)


def named(folder, prefix="", taken=None):
    return name_all([folder], prefix, taken or {})[folder]


def entry(name, repo, source_dir="product"):
    return Entry(source_dir, name, repo, "main", f"/m/{source_dir}/{name}", "a" * 40, None, True, NOW)


@pytest.mark.row("P003-106")
@pytest.mark.parametrize("folder", ["price_watch", "Price.Watch-2", "-x", "x-", "...", ".x", "user", "0", "a" * 100])
def test_a_name_that_gitea_allows_is_kept_as_it_is(folder):
    assert named(folder) == Name(folder, Named.AS_FOLDER)


@pytest.mark.row("P003-106", "D003-100", "D003-101")
@pytest.mark.parametrize(
    ("folder", "repository"),
    [
        ("price watch", "price-watch"),
        (" lead", "lead"),
        ("caf\u00e9 bar", "caf-bar"),
        ('say "hi"', "say-hi"),
        ("two\nlines", "two-lines"),
        ("back\\slash", "back-slash"),
        ("a  +  b", "a-b"),
    ],
)
def test_what_gitea_does_not_allow_becomes_one_dash(folder, repository):
    assert named(folder) == Name(repository, Named.CHANGED)


@pytest.mark.row("P003-106", "D003-101")
@pytest.mark.parametrize(
    "folder", ["-", "\u00e9", " ", "x.git", "X.GIT", "x.wiki", "x.rss", "x.Atom", "a" * 101, "caf\udce9"]
)
def test_a_folder_without_an_allowed_name_says_so(folder):
    assert named(folder).problem == "name_not_allowed"


def test_the_prefix_stands_in_front_and_counts():
    assert named("watch", "p-") == Name("p-watch", Named.AS_FOLDER)
    assert named("-", "p").problem is None
    assert named("\u00e9", "p-").problem == "name_not_allowed"
    assert named("a" * 99, "p-").problem == "name_not_allowed"
    assert is_repository_prefix("")
    assert not is_repository_prefix("a b")
    assert not is_repository_prefix("p" * LONGEST)


@pytest.mark.row("W003-107")
def test_folders_that_would_share_a_repository_are_both_refused_and_others_are_not():
    names = name_all(["A_b", "a_b", "a b", "a-b", "c"], "", {})
    assert [folder for folder, name in names.items() if name.problem == "name_collision"] == [
        "A_b",
        "a_b",
        "a b",
        "a-b",
    ]
    assert names["c"].problem is None


@pytest.mark.row("W003-107")
def test_a_repository_that_belongs_to_a_folder_elsewhere_is_refused():
    taken = taken_by(
        [entry("watch", "orket/Watch", "bin/projects"), entry("gone", "Orket/other")], "Orket", "product"
    )
    assert named("watch", taken=taken).problem == "name_collision"
    assert named("Other", taken=taken).problem == "name_collision"
    assert named("gone", taken=taken).problem is None
    assert taken_by([entry("watch", "Elsewhere/watch")], "Orket", "product") == {}


@pytest.mark.row("P003-106")
def test_a_project_that_the_earlier_program_published_stays_where_it_is():
    taken = taken_by([entry("Price_Watch", "Orket/price-watch")], "Orket", "product")
    assert named("Price_Watch", taken=taken) == Name("price-watch", Named.AS_BEFORE)
    assert named("Price_Watch", "new-", taken=taken) == Name("new-Price_Watch", Named.AS_FOLDER)
    assert earlier_slug(" __ ") == "project"


folders = st.lists(st.text(min_size=1).filter(lambda name: "/" not in name), unique=True, max_size=8)


@given(folders, st.sampled_from(["", "p-", "A."]))
def test_every_name_that_is_given_is_allowed_and_no_two_are_alike(names, prefix):
    given_names = [name.repository for name in name_all(names, prefix, {}).values() if not name.problem]
    assert all(map(is_repository_name, given_names))
    assert len({name.lower() for name in given_names}) == len(given_names)
