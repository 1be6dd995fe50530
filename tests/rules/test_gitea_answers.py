"""What Gitea's and git's answers mean, told from their words alone."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.faults import GiteaRefused, GiteaUnauthorised, GiteaUnreachable, Unreachable
from tasks.rules.publishing.answers import (
    LONGEST_PAUSE_S,
    TRIES,
    asked_pause_s,
    fault_for,
    git_fault,
    is_worth_repeating,
    pause_s,
)
from tasks.rules.publishing.pushing import read_push
from tasks.rules.publishing.remote import GITEA_REASONS, PUSH_REASONS, Push, address_in

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
SCOPE = "token does not have at least one of required scope(s): [write:organization]"


@pytest.mark.row("W003-183")
@pytest.mark.parametrize(
    ("status", "message", "kind", "reason"),
    [
        (401, "user's password is invalid [uid: 1, name: boss]", GiteaUnauthorised, "gitea_unauthorised"),
        (403, SCOPE, GiteaRefused, "gitea_scope_missing"),
        (403, "Given user is not allowed to create repository in organization.", GiteaRefused, "gitea_forbidden"),
        (403, "This repo is archived. You can view files", GiteaRefused, "gitea_archived"),
        (422, "[Name]: AlphaDashDot", GiteaRefused, "gitea_name_refused"),
        (429, "", GiteaUnreachable, "gitea_busy"),
        (500, "", GiteaUnreachable, "gitea_server_error"),
        (503, "", GiteaUnreachable, "gitea_server_error"),
        (307, "", GiteaRefused, "gitea_redirect_refused"),
        (418, "", GiteaRefused, "gitea_answer_unknown"),
    ],
)
def test_each_answer_is_a_fault_of_its_own(status, message, kind, reason):
    fault = fault_for(status, message)
    assert type(fault) is kind
    assert fault.reason == reason
    assert reason in GITEA_REASONS
    assert not message or message not in str(fault)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("fatal: could not read Username for 'http://h:3000': terminal prompts disabled", "gitea_unauthorised"),
        ("remote: Verify\nfatal: Authentication failed for 'http://h:3000/o/r.git/'", "gitea_unauthorised"),
        ("remote: Repository not found\nfatal: repository 'http://h/o/r.git/' not found", "gitea_repository_missing"),
        (
            "remote: Push to create is not enabled for organizations.\n"
            "fatal: unable to access 'http://h/o/r.git/': The requested URL returned error: 403",
            "gitea_repository_missing",
        ),
        ("remote: This repo is archived. You\nfatal: x: The requested URL returned error: 403", "gitea_archived"),
        ("remote: Forbidden\nfatal: x: The requested URL returned error: 403", "gitea_forbidden"),
        ("fatal: unable to access 'http://h/': The requested URL returned error: 503", "gitea_server_error"),
        ("fatal: unable to access 'http://h/': The requested URL returned error: 429", "gitea_busy"),
        ("fatal: unable to access 'http://h/': The requested URL returned error: 307", "gitea_redirect_refused"),
        ("fatal: unable to access 'http://h/': Failed to connect to h port 1", "gitea_unreachable"),
        ("fatal: the remote end hung up unexpectedly", "gitea_unreachable"),
        ("fatal: bad object 12", "git_failed"),
        ("fatal: unable to read 12\nfatal: the remote end hung up unexpectedly", "git_failed"),
    ],
)
def test_a_git_that_never_reached_the_refs_says_why(words, reason):
    assert git_fault(words).reason == reason
    assert reason in GITEA_REASONS


@given(st.integers(0, 20), st.text(max_size=30) | st.none())
def test_no_pause_is_longer_than_the_bound_and_the_last_attempt_has_none(attempt, retry_after):
    pause = pause_s(attempt, retry_after, NOW)
    assert pause is None or 0 <= pause <= LONGEST_PAUSE_S
    assert attempt < TRIES - 1 or pause is None


@pytest.mark.parametrize(
    ("retry_after", "pause"),
    [
        (None, None),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("soon", None),
        ("-3", None),
        ("Sat, 21 Nov 2026 08:00:04 GMT", 4.0),
        ("Sat, 21 Nov 2026 07:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2026 08:00:04 -0000", 4.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(retry_after, pause):
    assert asked_pause_s(retry_after, NOW) == pause


def test_a_pause_that_is_too_long_is_not_waited_for():
    assert pause_s(0, "11", NOW) is None
    assert pause_s(0, "10", NOW) == 10.0


@pytest.mark.parametrize(("status", "again"), [(200, False), (404, False), (409, False), (429, True), (502, True)])
def test_only_what_may_pass_is_asked_again(status, again):
    assert is_worth_repeating(status) is again
    assert isinstance(fault_for(status, ""), Unreachable) is again


REF = "refs/heads/main"
LINE = "To http://h/o/r.git\n{flag}\tabc:refs/heads/main\t{summary}\nDone\n"


@pytest.mark.parametrize(
    ("flag", "summary", "chatter", "push"),
    [
        ("*", "[new branch]", "remote: . Processing 1 references", Push.PUSHED),
        (" ", "1..2", "remote: Create a new pull request for 'x':", Push.PUSHED),
        ("+", "1...2 (forced update)", "", Push.PUSHED),
        ("=", "[up to date]", "", Push.UP_TO_DATE),
        ("!", "[rejected] (stale info)", "", Push.LEASE_LOST),
        ("!", "[rejected] (fetch first)", "", Push.DIVERGED),
        ("!", "[rejected] (non-fast-forward)", "", Push.DIVERGED),
        (
            "!",
            "[remote rejected] (pre-receive hook declined)",
            "remote: Gitea: Not allowed to push to protected branch main",
            Push.PROTECTED,
        ),
        (
            "!",
            "[remote rejected] (pre-receive hook declined)",
            "remote: Gitea: branch main is protected from force push",
            Push.PROTECTED,
        ),
        (
            "!",
            "[remote rejected] (pre-receive hook declined)",
            "remote: Gitea: User permission denied for writing.",
            Push.REFUSED,
        ),
        (
            "!",
            "[remote rejected] (failed to update ref)",
            "remote: error: cannot lock ref 'refs/heads/main': reference already exists",
            Push.LEASE_LOST,
        ),
        (
            "!",
            "[remote rejected] (failed to update ref)",
            "remote: error: cannot lock ref 'refs/heads/main': 'refs/heads/main/x' exists; cannot create",
            Push.REFUSED,
        ),
    ],
)
def test_what_became_of_a_push_is_read_from_its_line(flag, summary, chatter, push):
    assert read_push(LINE.format(flag=flag, summary=summary), chatter, REF) == push


@pytest.mark.parametrize("push", Push)
def test_every_push_that_is_not_good_has_its_own_reason(push):
    assert push.is_good is (push.reason is None)
    assert push.is_good or PUSH_REASONS.count(push.reason) == 1


def test_a_report_without_our_ref_says_nothing():
    assert read_push("To x\n*\ta:refs/heads/mainly\t[new branch]\n", "", REF) is None
    assert read_push("", "fatal: x", REF) is None


@pytest.mark.parametrize(
    ("url", "root"),
    [
        ("http://localhost:3000", "http://localhost:3000"),
        ("http://localhost:3000/", "http://localhost:3000"),
        ("https://git.example.org/gitea/", "https://git.example.org:443/gitea"),
        ("HTTPS://Git.Example.org", "https://git.example.org:443"),
        ("http://[::1]:3000", "http://[::1]:3000"),
    ],
)
def test_an_address_is_where_gitea_is(url, root):
    address = address_in(url)
    assert address is not None
    assert address.root == root


@pytest.mark.row("W003-180")
@pytest.mark.parametrize(
    "url",
    [
        "http://boss:secret@localhost:3000",
        "http://token@localhost",
        "ftp://localhost",
        "localhost:3000",
        "http://",
        "http://localhost:99999",
        "http://localhost/?token=1",
        "http://localhost/#x",
        "http://local host/",
        "http://localhost/\n",
        "http://[::1",
        "",
    ],
)
def test_an_address_never_carries_a_login(url):
    assert address_in(url) is None


@pytest.mark.row("D003-180")
@pytest.mark.parametrize(
    ("url", "in_clear"),
    [
        ("http://127.0.0.1:3000", False),
        ("http://127.9.9.9", False),
        ("http://[::1]:3000", False),
        ("http://localhost", False),
        ("http://localhost.example.org", True),
        ("http://10.0.0.5", True),
        ("https://git.example.org", False),
    ],
)
def test_a_password_in_clear_is_one_that_leaves_the_machine_by_http(url, in_clear):
    address = address_in(url)
    assert address is not None
    assert address.sends_in_clear is in_clear


@pytest.mark.parametrize(
    ("target", "same"),
    [
        ("http://h:3000/api/v1/repos/o/new", True),
        ("http://H:3000/x?y=1", True),
        ("https://h:3000/x", False),
        ("http://h/x", False),
        ("http://h.evil:3000/x", False),
        ("http://boss:pw@h:3000/x", False),
    ],
)
def test_a_redirect_stays_with_the_server_or_it_does_not(target, same):
    address = address_in("http://h:3000")
    assert address is not None
    assert address.same_server(target) is same


def test_a_repository_s_url_is_made_of_its_own_parts():
    address = address_in("http://h:3000/git")
    assert address is not None
    assert address.repository("Org", "-x y") == "http://h:3000/git/Org/-x%20y.git"
