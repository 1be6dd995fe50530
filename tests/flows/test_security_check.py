"""Runbook 003, Security Operations: a real repository, a real scanner, services that keep strangers out."""

import logging
from pathlib import Path

import pytest

from flows.services.security_check import security_check
from tasks.procedure import part, telling
from tasks.rules.outcome import Outcome, Status
from tasks.step import without_server
from tests.gitea.fixtures import git
from tests.services.strangers import KEPT_OUT, answering

KEY = "AKIA" + "QX7W3ZP5LM2N4RT6"
NOTE = "docs/SECURITY_AUDIT_2026-02-11.md"


def check(**parameters):
    said: list[Outcome] = []
    with without_server(), telling(said.append):
        last = part(security_check, **parameters)
    return last, said


def of_item(said, name):
    return next(one for one in said if one.token == "security_check_item" and one.fields["name"] == name)


def findings(said):
    return [one for one in said if one.token == "security_finding"]


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository in which nothing is wrong, in an environment that is complete."""
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "docs").mkdir()
    (tmp_path / NOTE).write_text("Two risks are open.\n")
    (tmp_path / ".gitignore").write_text(".env\nartifacts/\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "all is well")
    monkeypatch.chdir(tmp_path)
    for name in ("ORKET_API_KEY", "GITEA_WEBHOOK_SECRET", "GITEA_ADMIN_PASSWORD"):
        monkeypatch.setenv(name, "3f9a1c77")
    with answering(KEPT_OUT) as (url, _):
        monkeypatch.setenv("ORKET_API_URL", url)
        monkeypatch.setenv("ORKET_WEBHOOK_URL", url)
        yield tmp_path


@pytest.mark.row("P003-670", "P003-672")
def test_a_repository_in_order_passes_every_item(repository):
    last, said = check()
    assert (last.status, last.fields["passed"], last.fields["findings"]) == (Status.OK, 5, 0)
    assert not findings(said)


@pytest.mark.row("P003-670")
def test_a_secret_is_found_in_a_file_that_git_would_take_and_never_shown(repository, caplog, capfd):
    (repository / "deploy.py").write_text(f'\nkey = "{KEY}"\n')
    (repository / "artifacts").mkdir()
    (repository / "artifacts" / "ignored.py").write_text(f'key = "{KEY}"\n')
    with caplog.at_level(logging.DEBUG):
        last, said = check()
    assert (last.status, last.reason, last.fields["failed"]) == (Status.FAIL, "item_failed", ("secrets",))
    assert {(one.fields["file"], one.fields["line"]) for one in findings(said)} == {("deploy.py", 2)}
    shown = "".join(one.line for one in said) + caplog.text + "".join(capfd.readouterr())
    assert KEY not in shown


@pytest.mark.row("P003-670")
def test_a_secret_that_a_later_commit_took_out_again_is_found_until_it_is_published(repository):
    base = git(repository, "rev-parse", "HEAD").strip()
    (repository / "deploy.py").write_text(f'key = "{KEY}"\n')
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "a key by mistake")
    (repository / "deploy.py").write_text("key = None\n")
    git(repository, "commit", "-qam", "out again")
    assert check()[0].fields["findings"] == 0
    last, said = check(base=base)
    assert last.fields["failed"] == ("secrets",)
    assert {one.fields["file"] for one in findings(said)} == {"deploy.py"}
    git(repository, "update-ref", "refs/remotes/origin/main", base)
    assert check()[0].fields["failed"] == ("secrets",)
    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert check()[0].status is Status.OK


@pytest.mark.row("P003-671")
def test_a_finding_that_somebody_answers_for_is_allowed_by_its_fingerprint(repository):
    (repository / "deploy.py").write_text(f'key = "{KEY}"\n')
    _, said = check()
    entries = [
        f'[[allow]]\nfile = "{one.fields["file"]}"\nkind = "{str(one.fields["kind"]).replace("_", " ")}"\n'
        f'fingerprint = "{one.fields["fingerprint"]}"\nreason = "of the test server"\nowner = "ops"\n'
        for one in findings(said)
    ]
    allow = Path("security-allow.toml")
    allow.write_text("".join(entry + "expires = 2999-01-01\n" for entry in entries))
    last, _ = check()
    assert (last.status, last.fields["allowed"]) == (Status.OK, len(entries))
    allow.write_text("".join(entry + "expires = 2020-01-01\n" for entry in entries))
    assert check()[0].fields["expired"] == len(entries)
    allow.write_text("".join(entries))
    assert check()[0].reason == "allow_list_invalid"


@pytest.mark.row("P003-672", "W003-670")
def test_everything_that_is_wrong_has_its_line(repository, monkeypatch):
    monkeypatch.delenv("ORKET_API_KEY")
    monkeypatch.setenv("GITEA_WEBHOOK_SECRET", "change-me")
    (repository / NOTE).unlink()
    (repository / ".gitignore").write_text("artifacts/\n")
    last, said = check(skip_canary=True)
    assert last.fields["failed"] == ("variables", "env_file", "audit_note")
    assert of_item(said, "variables").fields["env"] == ("ORKET_API_KEY", "GITEA_WEBHOOK_SECRET")
    assert of_item(said, "env_file").reason == "env_file_not_ignored"
    assert of_item(said, "audit_note").reason == "audit_note_missing"
    assert of_item(said, "canary").reason == "asked_to_skip"


@pytest.mark.row("P003-672")
def test_variables_may_stand_in_the_env_file_which_git_must_not_have(repository, monkeypatch):
    monkeypatch.delenv("ORKET_API_KEY")
    (repository / ".env").write_text("ORKET_API_KEY=3f9a1c77\n")
    assert check()[0].status is Status.OK
    git(repository, "add", "-f", ".env")
    last, said = check()
    assert of_item(said, "env_file").reason == "env_file_tracked"
    assert last.status is Status.FAIL


@pytest.mark.row("P003-672")
def test_without_the_canary_it_is_partial_and_a_door_that_opens_fails_it(repository, monkeypatch):
    assert check(skip_canary=True)[0].status is Status.PARTIAL
    with answering(dict.fromkeys(KEPT_OUT, 200)) as (url, _):
        last, said = check(api_url=url, webhook_url=url)
    assert (last.fields["failed"], of_item(said, "canary").reason) == (("canary",), "let_in")


def test_a_folder_that_is_no_repository_is_refused(repository, tmp_path_factory):
    assert check(repo_root=str(tmp_path_factory.mktemp("plain")))[0].reason == "not_a_repository"


def test_a_base_that_is_not_there_is_refused(repository):
    assert check(base="nowhere")[0].reason == "git_failed"
    assert check(base="--all")[0].reason == "git_failed"
