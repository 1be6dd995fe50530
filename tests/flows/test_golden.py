"""Runbook 002, Smoke & Acceptance: golden documents compared, and updated by two people at a terminal."""

import json
from typing import Any

import pytest
from git import Repo

from flows.guard.golden_check import golden_check
from flows.guard.golden_update import golden_update
from tasks.records.chain import read_chain
from tests.people import KEY, App, typing

pytestmark = pytest.mark.usefixtures("prefect_server", "operations_database")


@pytest.fixture
def folders(tmp_path, monkeypatch):
    for name in ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "GITEA_ACTIONS", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WATCHKEEPER_APPROVAL_KEY", KEY)
    for name, value in (("golden", 1), ("observed", 2)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "happy_fill.json").write_text(json.dumps({"final_state": "FILLED", "submitted": value}))
    repository = Repo.init(tmp_path)
    repository.index.add(["golden/happy_fill.json"])
    repository.index.commit("golden")
    return {"golden": str(tmp_path / "golden"), "observed": str(tmp_path / "observed")}


@pytest.mark.row("P002-320", "P002-321", "P002-322", "P002-323", "W002-322")
def test_a_difference_fails_and_gives_way_when_two_people_say_why(capsys, folders, monkeypatch, tmp_path):
    assert golden_check(**folders, return_state=True).is_failed()
    ann, bob = App("ann").enrolled(), App("bob").enrolled(by="ann")
    answers: list[tuple[str, Any]] = [
        ("> ", "the fee is counted now"),
        ("> ", "."),
        ("who asks", "ann"),
        ("code of ann", lambda _: ann.code()),
        ("who approves", "bob"),
        ("code of bob", lambda _: bob.code()),
    ]
    with typing(monkeypatch, *answers) as typist:
        assert golden_update(**folders, return_state=True).is_completed()
    assert '+ "submitted": 2' in typist.screen
    assert golden_check(**folders, return_state=True).is_completed()
    (kept,) = [one for one in read_chain("shift-log") if one.entry.kind == "golden-update"]
    assert (kept.facts["asked_by"], kept.facts["approved_by"], kept.facts["cases"]) == ("ann", "bob", ("happy_fill",))
    lines = capsys.readouterr().out.splitlines()
    assert "golden_update status=ok changed=1 approved_by=bob record=1 request=1" in lines
    assert lines[-1] == "golden_check status=ok cases=1 differ=0 missing=0"
    Repo(tmp_path).git.add("golden")
    Repo(tmp_path).index.commit("meant")
    with typing(monkeypatch):
        assert golden_update(**folders, return_state=True).is_completed()
    assert capsys.readouterr().out == "golden_update status=ok changed=0\n"


@pytest.mark.row("P002-321")
def test_without_a_terminal_nothing_is_updated(capsys, folders, monkeypatch):
    monkeypatch.setattr("tasks.approvals.terminal.DEVICE", "/dev/null/none")
    assert golden_update(**folders, return_state=True).is_failed()
    assert capsys.readouterr().out == "golden_update status=fail reason=no_terminal\n"
