"""Webhooks of the stand-in, held to what was recorded from a real Gitea 1.21."""

import hashlib
import hmac
import json
import time
from urllib.parse import parse_qs

import httpx
import pytest

from tests.gitea.asking import push
from tests.gitea.fixtures import Gitea, commit_files, git
from tests.gitea.listener import webhook_listener


def _hook(gitea: Gitea, repo: str, url: str, *events: str, kind: str = "json", **config: str) -> httpx.Response:
    body = {"type": "gitea", "active": True, "events": list(events or ("push",))}
    return gitea.api("POST", f"{repo}/hooks", json=body | {"config": {"url": url, "content_type": kind, **config}})


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"type": "nope", "config": {}}, "Invalid hook type: nope"),
        ({"type": "gitea", "config": {"content_type": "json"}}, "Missing config option: url"),
        ({"type": "gitea", "config": {"url": "x"}}, "Missing config option: content_type"),
    ],
)
def test_a_hook_that_lacks_something_is_refused(gitea, repo, body, message):
    answer = gitea.api("POST", f"{repo}/hooks", json=body)
    assert (answer.status_code, answer.json()["message"]) == (422, message)


def test_a_hook_never_shows_its_secret_and_sorts_its_events(gitea, repo):
    made = _hook(gitea, repo, "no url at all", "push", "create", secret="hush")
    assert made.status_code == 201
    assert "hush" not in made.text
    where = f"{repo}/hooks/{made.json()['id']}"
    assert gitea.api("PATCH", where, json={"events": ["push", "create"]}).json()["events"] == ["create", "push"]
    assert gitea.api("DELETE", where).status_code == 204
    assert gitea.api("DELETE", where).status_code == 404
    gitea.world.add_user("guest", "pw")
    assert gitea.api("GET", f"{repo}/hooks", login=("guest", "pw")).status_code == 403


def test_a_push_is_announced_with_thirteen_headers_and_a_signature_over_the_body(gitea, repo, mono):
    for number in range(7):
        commit_files(mono, f"commit {number}", a=str(number))
    with webhook_listener() as heard:
        _hook(gitea, repo, heard.url, secret="hush")
        push(gitea, mono, "main")
        heard.wait_for(1)
    request = heard.requests[0]
    assert len([name for name in request.headers if name.startswith("x-")]) == 13
    assert request.headers["user-agent"] == "Go-http-client/1.1"
    signed = hmac.new(b"hush", request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-gitea-signature"] == request.headers["x-gogs-signature"] == signed
    assert request.headers["x-hub-signature-256"] == f"sha256={signed}"
    payload = json.loads(request.body)
    assert request.body.startswith(b'{\n  "ref"')
    assert not request.body.endswith(b"\n")
    assert (len(payload["commits"]), payload["total_commits"]) == (5, 8)
    assert payload["commits"][0]["id"] == payload["after"] == git(mono, "rev-parse", "HEAD")
    assert payload["commits"][0]["message"] == "commit 6\n"
    assert payload["commits"][0]["modified"] == ["a"]


def test_without_a_secret_the_signatures_are_there_and_empty_and_a_form_signs_the_json(gitea, repo, mono):
    with webhook_listener() as heard:
        _hook(gitea, repo, heard.url)
        push(gitea, mono, "main")
        heard.wait_for(1)
        gitea.repo("one").hooks.clear()
        _hook(gitea, repo, heard.url, kind="form", secret="hush")
        commit_files(mono, b="2")
        push(gitea, mono, "main")
        heard.wait_for(2)
    plain, form = heard.requests
    assert plain.headers["x-gitea-signature"] == ""
    assert plain.headers["x-hub-signature"] == "sha1="
    assert plain.headers["x-hub-signature-256"] == "sha256="
    text = parse_qs(form.body.decode())["payload"][0].encode()
    assert form.headers["x-gitea-signature"] == hmac.new(b"hush", text, hashlib.sha256).hexdigest()


def test_each_ref_is_one_request_a_deletion_none_and_nothing_is_sent_twice(gitea, repo, mono):
    with webhook_listener() as heard:
        heard.status = 500
        _hook(gitea, repo, heard.url)
        push(gitea, mono, "main", *(f"main:refs/heads/b{number}" for number in range(3)))
        heard.wait_for(4)
        push(gitea, mono, ":b0")
        push(gitea, mono, "main")
        time.sleep(0.9)
    assert [json.loads(request.body)["ref"] for request in heard.requests] == [
        "refs/heads/main",
        "refs/heads/b0",
        "refs/heads/b1",
        "refs/heads/b2",
    ]
    beside = json.loads(heard.requests[1].body)
    assert (beside["before"], beside["commits"], beside["total_commits"]) == ("0" * 40, [], 0)
    assert beside["head_commit"]["id"] == beside["after"]


def test_tags_and_deletions_have_their_own_events(gitea, repo, mono):
    push(gitea, mono, "main", "main:refs/heads/br3")
    git(mono, "tag", "--annotate", "--message", "one", "v1")
    with webhook_listener() as heard:
        _hook(gitea, repo, heard.url, "push", "create", "delete")
        push(gitea, mono, "v1")
        push(gitea, mono, ":br3", ":v1")
        heard.wait_for(5)
    events = [(request.headers["x-gitea-event"], json.loads(request.body)) for request in heard.requests]
    assert [event for event, _ in events] == ["push", "create", "delete", "push", "delete"]
    tagged, created, gone, untagged, _ = (payload for _, payload in events)
    assert tagged["after"] == git(mono, "rev-parse", "v1") != tagged["head_commit"]["id"]
    assert (created["ref"], created["ref_type"]) == ("v1", "tag")
    assert (gone["ref"], gone["ref_type"], gone["pusher_type"]) == ("br3", "branch", "user")
    assert (untagged["after"], untagged["head_commit"]) == ("0" * 40, None)


def test_a_branch_filter_and_the_list_of_allowed_hosts_drop_without_a_word(gitea, repo, mono):
    with webhook_listener() as heard:
        hook = _hook(gitea, repo, heard.url).json()["id"]
        gitea.repo("one").hooks[0].branch_filter = "release/*"
        push(gitea, mono, "main")
        push(gitea, mono, "main:refs/heads/release/1")
        heard.wait_for(1)
        gitea.post.allows_loopback = False
        assert gitea.api("POST", f"{repo}/hooks/{hook}/tests").status_code == 204
        time.sleep(0.8)
    assert [json.loads(request.body)["ref"] for request in heard.requests] == ["refs/heads/release/1"]


def test_a_trial_of_a_hook_is_a_push_of_the_last_commit(gitea, repo, mono):
    push(gitea, mono, "main")
    with webhook_listener() as heard:
        hook = _hook(gitea, repo, heard.url).json()["id"]
        gitea.api("POST", f"{repo}/hooks/{hook}/tests")
        heard.wait_for(1)
    payload = json.loads(heard.requests[0].body)
    assert payload["before"] == payload["after"] == git(mono, "rev-parse", "HEAD")
