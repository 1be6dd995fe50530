"""Heads kept outside of the journal: in the database, and in a note of the repository around it."""

from datetime import UTC, datetime

import git
import pytest

from tasks.git_notes import put_note, read_note
from tasks.journal import append
from tasks.journal_heads import read_heads, spread_head
from tasks.rules.journal import Head
from tasks.step import without_server
from tests.journals import tick
from tests.soaks import keep_in_database

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
A = "a" * 64


@pytest.fixture(autouse=True)
def by_hand():
    with without_server():
        yield


@pytest.fixture
def repository(tmp_path):
    with git.Repo.init(tmp_path / "checkout"):
        yield tmp_path / "checkout"


def test_a_head_in_the_database_is_found_again_newest_first(tmp_path, operations_database):
    journal = tmp_path / "J.jsonl"
    for count in (1, 2, 3):
        keep_in_database(journal, Head(count, A, 7), NOW)
    keep_in_database(tmp_path / "other.jsonl", Head(9, A), NOW)
    assert read_heads(journal) == {"database": [Head(3, A, 7), Head(2, A, 7), Head(1, A, 7)]}


def test_without_any_place_there_are_no_heads_and_no_failure(tmp_path):
    assert read_heads(tmp_path / "J.jsonl") == {}


@pytest.mark.row("P004-511")
def test_a_note_is_kept_in_a_repository_without_any_commit_and_replaced_by_a_newer_one(repository):
    journal = repository / "artifacts" / "J.jsonl"
    head = append(journal, tick(), now=NOW)
    spread_head(journal, Head(1, A), NOW)
    spread_head(journal, head, NOW)
    assert read_heads(journal) == {"note": [head]}
    assert read_note(repository / "artifacts" / "other.jsonl") is None


@pytest.mark.row("P004-511")
def test_the_notes_have_a_history_so_that_a_changed_note_shows(repository):
    for text in ("one", "two"):
        put_note(repository / "J.jsonl", text)
    with git.Repo(repository) as opened:
        assert len(opened.git.log("--format=%H", "refs/notes/watchkeeper-journal").split()) == 2


def test_a_note_that_somebody_wrote_by_hand_is_no_head(repository):
    put_note(repository / "J.jsonl", "not a head")
    assert read_heads(repository / "J.jsonl") == {}
