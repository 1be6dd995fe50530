"""What is asked of Gitea and what is made there, against a server that answers as a real one does."""

import logging
import time

import pytest

from tasks.gitea import requests
from tasks.gitea.api import check_server, ensure_repository, find_owner, find_repository, read_head
from tasks.gitea.remotes import read_remote_head
from tasks.rules.faults import Fault, GiteaRefused, GiteaUnauthorised, GiteaUnreachable, Misconfigured
from tasks.rules.publishing.remote import Owner, OwnerKind
from tasks.settings.publishing import missing_gitea_settings
from tests.gitea.fixtures import BOSS, PASSWORD


@pytest.fixture
def owner(gitea) -> Owner:
    return Owner(gitea.owner, OwnerKind.ORG)


@pytest.mark.row("W003-181")
@pytest.mark.parametrize(
    "password", [PASSWORD, "a@b", "a:b", "a/b", "a%b", "a%40b", "пароль", "密码 ", "é€", "x" * 200]
)
def test_a_password_of_any_signs_is_taken(gitea, monkeypatch, password):
    gitea.world.add_user("Äda", password).password = password
    gitea.world.users["äda"].is_admin = True
    monkeypatch.setenv("GITEA_ADMIN_USER", "Äda")
    monkeypatch.setenv("GITEA_ADMIN_PASSWORD", password)
    assert check_server().startswith("1.21")
    assert find_owner(gitea.owner).kind is OwnerKind.ORG


@pytest.mark.row("D003-181")
@pytest.mark.parametrize(
    ("name", "value"),
    [("GITEA_ADMIN_PASSWORD", "p%40ss"), ("GITEA_ADMIN_USER", "nobody"), ("GITEA_TOKEN", "garbage")],
)
def test_a_wrong_login_is_a_fault_of_its_own_and_names_the_variables(gitea, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    with pytest.raises(GiteaUnauthorised) as caught:
        check_server()
    assert caught.value.reason == "gitea_unauthorised"
    assert value not in str(caught.value)
    assert len(gitea.seen) == 1  # a wrong password is not tried again


@pytest.mark.row("D003-182")
def test_nobody_there_is_another_fault(gitea, monkeypatch):
    monkeypatch.setenv("GITEA_URL", "http://127.0.0.1:9")
    with pytest.raises(GiteaUnreachable) as caught:
        check_server()
    assert caught.value.reason == "gitea_unreachable"


def test_what_a_run_still_needs_is_named(gitea, monkeypatch):
    for name in ("GITEA_URL", "GITEA_ADMIN_PASSWORD"):
        monkeypatch.delenv(name)
    assert missing_gitea_settings() == ("GITEA_URL", "GITEA_ADMIN_PASSWORD")
    with pytest.raises(Misconfigured) as caught:
        check_server()
    assert caught.value.fields == {"env": ("GITEA_URL", "GITEA_ADMIN_PASSWORD")}
    monkeypatch.setenv("GITEA_TOKEN", "t")
    assert missing_gitea_settings() == ("GITEA_URL",)


@pytest.mark.row("W003-180")
def test_an_address_with_a_login_in_it_is_refused_and_not_shown(gitea, monkeypatch):
    monkeypatch.setenv("GITEA_URL", "http://boss:hunter2hunter2@127.0.0.1:3000")
    with pytest.raises(Misconfigured) as caught:
        check_server()
    assert "hunter2" not in str(caught.value)
    assert caught.value.reason == "invalid_setting"


@pytest.mark.row("D003-180")
def test_http_to_another_machine_warns(gitea, monkeypatch, caplog):
    monkeypatch.setenv("GITEA_URL", "http://gitea.invalid:3000")
    monkeypatch.setenv("GITEA_TIMEOUT_S", "0.2")
    logging.getLogger("prefect.watchkeeper").addHandler(caplog.handler)
    try:
        with pytest.raises(GiteaUnreachable):
            check_server()
    finally:
        logging.getLogger("prefect.watchkeeper").removeHandler(caplog.handler)
    assert any("cross the network in clear" in record.getMessage() for record in caplog.records)


@pytest.mark.row("P003-181")
def test_an_owner_is_an_organisation_ourselves_another_user_or_nobody(gitea):
    gitea.world.add_user("guest", "pw")
    assert find_owner(gitea.owner.upper()) == Owner(gitea.owner, OwnerKind.ORG)
    assert find_owner("BOSS") == Owner(BOSS, OwnerKind.USER)
    assert find_owner("guest") == Owner("guest", OwnerKind.OTHER_USER)
    with pytest.raises(GiteaRefused) as caught:
        find_owner("no-such-owner")
    assert caught.value.reason == "gitea_owner_missing"


@pytest.mark.row("P003-181")
def test_another_user_s_namespace_is_for_site_admins(gitea, monkeypatch):
    gitea.world.add_user("plain-user", "guest-password")
    monkeypatch.setenv("GITEA_ADMIN_USER", "plain-user")
    monkeypatch.setenv("GITEA_ADMIN_PASSWORD", "guest-password")
    with pytest.raises(GiteaRefused) as caught:
        find_owner(BOSS)
    assert caught.value.reason == "gitea_forbidden"


@pytest.mark.row("W003-182")
@pytest.mark.parametrize("name", [None, BOSS, "guest-owner"])
def test_a_repository_is_made_in_exactly_the_owner_s_namespace(gitea, name):
    gitea.world.add_user("guest-owner", "pw")
    owner = find_owner(name or gitea.owner)
    made = ensure_repository(owner, f"of-{gitea.owner}", private=True)
    assert made.created
    assert made.repository.full_name == f"{owner.name}/of-{gitea.owner}"
    assert (made.repository.private, made.repository.empty, made.repository.can_push) == (True, True, True)
    again = ensure_repository(owner, f"OF-{gitea.owner}", private=True)
    assert (again.created, again.repository.full_name) == (False, made.repository.full_name)


@pytest.mark.row("W003-182")
@pytest.mark.parametrize("status", [403, 404, 422, 500])
def test_a_refused_creation_makes_nothing_anywhere_else(gitea, owner, status):
    gitea.trouble(r"/repos$", method="POST", status=status, times=9)
    before = set(gitea.world.repos)
    with pytest.raises(Fault):
        ensure_repository(owner, "stray", private=True)
    assert set(gitea.world.repos) == before
    assert {seen.path for seen in gitea.seen if seen.method == "POST"} == {f"/api/v1/orgs/{gitea.owner}/repos"}


@pytest.mark.row("W003-182")
def test_an_owner_that_vanishes_is_not_replaced_by_our_own_namespace(gitea, owner):
    del gitea.world.orgs[gitea.owner.lower()]
    with pytest.raises(GiteaRefused) as caught:
        ensure_repository(owner, "stray", private=True)
    assert caught.value.reason == "gitea_owner_missing"
    assert not [name for _, name in gitea.world.repos if name == "stray"]


def test_a_public_repository_is_not_taken_for_a_private_one(gitea, owner):
    gitea.world.add_repo(gitea.owner, "open")
    with pytest.raises(GiteaRefused) as caught:
        ensure_repository(owner, "open", private=True)
    assert caught.value.reason == "gitea_repository_public"
    assert ensure_repository(owner, "open", private=False).created is False


@pytest.mark.row("W003-183")
def test_an_answer_lost_after_the_deed_is_looked_up_and_nothing_is_made_twice(gitea, owner):
    gitea.trouble(r"/repos$", method="POST", cut=True, after=True)
    found = ensure_repository(owner, "lost", private=True)
    assert found.repository.name == "lost"
    assert len([seen for seen in gitea.seen if seen.method == "POST"]) == 1


@pytest.mark.row("W003-183")
@pytest.mark.parametrize("what", [{"status": 503}, {"status": 429}, {"cut": True}, {"delay_s": 0.6}])
def test_a_question_is_asked_again_when_gitea_stumbles(gitea, owner, monkeypatch, what):
    monkeypatch.setenv("GITEA_TIMEOUT_S", "0.5")
    gitea.world.add_repo(gitea.owner, "there")
    trouble = gitea.trouble(r"/repos/.*/there", **what)
    found = find_repository(owner, "there")
    assert found is not None  # trouble never reads as absence
    assert trouble.met == 1


@pytest.mark.row("W003-183")
@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ({"status": 502}, "gitea_server_error"),
        ({"status": 429, "headers": {"Retry-After": "3600"}}, "gitea_busy"),
        ({"cut": True}, "gitea_unreachable"),
    ],
)
def test_trouble_that_stays_is_unreachable_and_never_absent(gitea, owner, what, reason):
    gitea.trouble(r"/repos/.*/there", times=99, **what)
    with pytest.raises(GiteaUnreachable) as caught:
        find_repository(owner, "there")
    assert caught.value.reason == reason


@pytest.mark.row("W003-183")
def test_retry_after_is_waited_for(gitea, owner):
    gitea.trouble(r"/repos/.*/there", status=429, headers={"Retry-After": "1"})
    began = time.monotonic()
    assert find_repository(owner, "there") is None
    assert time.monotonic() - began >= 1.0


def test_an_order_is_given_again_only_where_it_surely_was_not_carried_out(gitea, owner):
    gitea.trouble(r"/repos$", method="POST", status=429)
    assert ensure_repository(owner, "busy", private=True).created
    gitea.trouble(r"/repos$", method="POST", status=500)
    with pytest.raises(GiteaUnreachable):
        ensure_repository(owner, "failed", private=True)
    assert len([seen for seen in gitea.seen if seen.method == "POST"]) == 3


@pytest.mark.row("D003-183")
def test_a_redirect_to_another_server_is_refused_and_gets_nothing(gitea, owner):
    gitea.trouble(r"/repos/", status=307, headers={"Location": "http://127.0.0.2:9/api/v1/repos/o/x"})
    with pytest.raises(GiteaRefused) as caught:
        find_repository(owner, "x")
    assert caught.value.reason == "gitea_redirect_refused"


@pytest.mark.row("D003-184")
def test_a_renamed_repository_is_followed_and_said(gitea, owner):
    repo = gitea.world.add_repo(gitea.owner, "before")
    gitea.world.rename(repo, "after")
    found = find_repository(owner, "before")
    assert found is not None
    assert (found.name, found.renamed_from) == ("after", "before")


def test_a_repository_that_moved_to_another_owner_is_refused(gitea, owner):
    gitea.world.add_user("guest", "pw")
    moved = gitea.world.add_repo("guest", f"moved-{gitea.owner}")
    gitea.world.renamed[gitea.owner.lower(), "mine"] = moved
    with pytest.raises(GiteaRefused) as caught:
        find_repository(owner, "mine")
    assert caught.value.reason == "gitea_repository_moved"


@pytest.mark.parametrize("text", ["<html>hello</html>", "[]", '{"name": 3}'])
def test_a_server_that_is_no_gitea_is_said_to_be_none(gitea, owner, text):
    gitea.trouble("/repos/", status=200, text=text)
    with pytest.raises(GiteaRefused) as caught:
        find_repository(owner, "x")
    assert caught.value.reason == "gitea_answer_unknown"


def test_a_token_takes_the_place_of_the_password(gitea, monkeypatch):
    scopes = ("read:user", "write:repository", "write:organization")
    monkeypatch.setenv("GITEA_TOKEN", gitea.token(*scopes))
    monkeypatch.delenv("GITEA_ADMIN_PASSWORD")
    assert check_server().startswith("1.21")
    assert ensure_repository(find_owner(gitea.owner), "by-token", private=True).created


@pytest.mark.parametrize(("scopes", "name"), [(("write:organization",), None), (("write:user",), BOSS)])
def test_a_token_needs_only_the_scopes_of_the_owner_it_is_for(gitea, monkeypatch, scopes, name):
    monkeypatch.setenv("GITEA_TOKEN", gitea.token("write:repository", *scopes))
    owner = find_owner(name or gitea.owner)
    assert ensure_repository(owner, f"few-{gitea.owner}", private=True).repository.owner == owner.name


@pytest.mark.row("D003-185")
def test_a_token_without_the_scope_says_which_ones_it_needs(gitea, monkeypatch):
    owner = find_owner(gitea.owner)
    monkeypatch.setenv("GITEA_TOKEN", gitea.token("write:repository"))
    with pytest.raises(GiteaRefused) as caught:
        ensure_repository(owner, "x", private=True)
    assert caught.value.reason == "gitea_scope_missing"
    assert "write:organization" in caught.value.next_step


@pytest.mark.parametrize("branch", ["main", "release/1", "ä#%20&+", "40" * 20, "-x"])
def test_the_head_of_a_branch_is_right_at_once(gitea, owner, branch):
    repo = gitea.world.add_repo(gitea.owner, "heads")
    tree = repo.git("hash-object", "-t", "tree", "-w", "/dev/null").strip()
    sha = repo.git("-c", "user.name=a", "-c", "user.email=a@b.invalid", "commit-tree", "-m", "x", tree).strip()
    found = find_repository(owner, "heads")
    assert found is not None
    assert read_head(found, branch) is None
    repo.git("update-ref", f"refs/heads/{branch}", sha)
    repo.git("update-ref", f"refs/heads/{branch}-more", sha)
    assert read_head(found, branch) == sha
    assert read_head(found, branch[:-1]) is None


def test_no_proxy_stands_before_this_machine(gitea, owner, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    requests._client.cache_clear()  # a client reads the proxies when it is made
    made = ensure_repository(owner, "direct", private=True).repository
    assert read_remote_head(made, "main") is None
