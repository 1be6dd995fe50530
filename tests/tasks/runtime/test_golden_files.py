"""Golden documents on a real disk and in a real repository (runbook 002, "Smoke & Acceptance")."""

import json

import pytest
from git import Repo

from tasks.rules.faults import Fault, Refused
from tasks.rules.guard.golden import compare
from tasks.runtime.golden_files import read_documents_of, refuse_unless_clean, write_golden


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A repository with one golden document, and a folder of what was observed."""
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "GITEA_ACTIONS", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "golden").mkdir()
    (tmp_path / "observed").mkdir()
    (tmp_path / "golden" / "a.json").write_text('{"x": 1}')
    (tmp_path / "observed" / "a.json").write_text('{"x": 2}')
    repository = Repo.init(tmp_path)
    repository.index.add(["golden/a.json"])
    repository.index.commit("golden")
    return tmp_path


def documents(place):
    return read_documents_of.fn(place / "golden", place / "observed")


@pytest.mark.row("P002-321")
def test_a_dirty_tree_a_build_and_a_place_without_a_repository_are_refused(place, monkeypatch, tmp_path_factory):
    refuse_unless_clean.fn(place / "golden")
    (place / "golden" / "a.json").write_text("{}")
    with pytest.raises(Refused, match="dirty_tree"):
        refuse_unless_clean.fn(place / "golden")
    with pytest.raises(Refused, match="no_repository"):
        refuse_unless_clean.fn(tmp_path_factory.mktemp("plain"))
    monkeypatch.setenv("CI", "true")
    with pytest.raises(Refused, match="in_ci"):
        refuse_unless_clean.fn(place / "golden")


@pytest.mark.row("P002-323")
def test_only_what_was_approved_is_written(place):
    there = documents(place)
    cases = compare(there.golden, there.observed, there.tolerances)
    (place / "golden" / "a.json").write_text('{"x": 3}')
    with pytest.raises(Refused, match="golden_moved"):
        write_golden.fn(place / "golden", cases, there.observed)
    (place / "golden" / "a.json").write_text('{"x": 1}')
    with pytest.raises(Refused, match="golden_moved"):
        write_golden.fn(place / "golden", cases, {"a": {"x": 9}})
    write_golden.fn(place / "golden", cases, there.observed)
    assert json.loads((place / "golden" / "a.json").read_text()) == {"x": 2}
    assert all(case.verdict == "same" for case in compare(documents(place).golden, there.observed, there.tolerances))


@pytest.mark.row("D002-320", "W002-321")
def test_documents_that_cannot_be_compared_are_refused(place):
    (place / "observed" / "a.json").write_text('{"x": NaN}')
    with pytest.raises(Fault, match="golden_unreadable"):
        documents(place)
    (place / "observed" / "a.json").write_text("{")
    with pytest.raises(Fault, match="golden_unreadable"):
        documents(place)
    (place / "golden" / "golden.toml").write_text("volatile = 1")
    (place / "observed" / "a.json").unlink()
    with pytest.raises(Refused, match="tolerances_invalid"):
        documents(place)
    (place / "golden" / "a.json").unlink()
    with pytest.raises(Refused, match="golden_missing"):
        documents(place)
