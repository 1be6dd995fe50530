"""Which webhooks are believed, and which pushes concern what is published (runbook 003, Push Automation)."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.rules.publishing.push import (
    Concern,
    NotAPush,
    Watched,
    concern_of,
    delivery_in,
    is_inside,
    signature_in,
    signed_payload,
)
from tests.pushes import SECRET, ZEROS, as_form, body_of, commit, headers_of, push, touching

WATCHED = Watched("main", "product")
JSON, FORM = "application/json", "application/x-www-form-urlencoded"


def concern(payload, event="push", watched=WATCHED):
    return concern_of(event, body_of(payload), watched)


def signature(body, secret=SECRET):
    return headers_of(body, secret=secret)["X-Gitea-Signature"]


@pytest.mark.row("P003-300")
@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (touching(), Concern.TOUCHES),
        (push(commit(added=("product/new/a.py",))), Concern.TOUCHES),
        (push(commit(removed=("product/old/a.py",))), Concern.TOUCHES),
        (push(commit("README.md"), commit("docs/a.md", "product/x")), Concern.TOUCHES),
        (push(commit("README.md")), Concern.OTHER_FOLDER),
        (push(commit("products/a.py", "my/product/a.py")), Concern.OTHER_FOLDER),
        (push(commit("product/a"), ref="refs/heads/feature"), Concern.OTHER_BRANCH),
        (push(commit("product/a"), ref="refs/tags/main"), Concern.OTHER_BRANCH),
        (push(commit("product/a"), after=ZEROS, head_commit=None), Concern.BRANCH_DELETED),
    ],
)
def test_a_push_to_the_branch_that_touches_the_folder_concerns_us(payload, why):
    assert concern(payload) is why


@pytest.mark.row("D003-300")
@pytest.mark.parametrize(
    "payload",
    [
        push(*[commit("README.md")] * 5, total=40),
        push(before=ZEROS, total=0),
        push(total=0),
        push(commits=None, total_commits=3),
    ],
)
def test_what_the_payload_does_not_tell_counts_as_touching(payload):
    assert concern(payload) is Concern.TOUCHES


def test_other_events_and_other_repositories_do_not_concern_us():
    assert concern(touching(), event="pull_request") is Concern.OTHER_EVENT
    assert concern_of("ping", b"no json", WATCHED) is Concern.OTHER_EVENT
    assert concern(touching(), watched=Watched("main", "product", "o/other")) is Concern.OTHER_REPOSITORY
    assert concern(touching(), watched=Watched("main", "product", "O/Mono")) is Concern.TOUCHES


@pytest.mark.row("W003-303", "D003-301")
@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"[]",
        b"{}",
        b"null",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        body_of(touching() | {"ref": 5}),
        body_of(push(commit(), after="x")),
        body_of(push(commit(), before=None)),
        body_of(push(commits={"a": 1}, total_commits=1)),
        body_of(push(commits=["a"], total_commits=1)),
        body_of(push({**commit(), "added": [1]})),
        body_of(push(commit(), total_commits="many")),
    ],
    ids=lambda payload: f"{len(payload)} bytes",  # the numbers in a payload are new in each process
)
def test_a_signed_payload_that_is_no_push_is_said_so(payload):
    with pytest.raises(NotAPush):
        concern_of("push", payload, WATCHED)


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["added", "modified"]), inner),
    max_leaves=6,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["ref", "before", "after", "commits", "total_commits"]), _ANYTHING))
def test_no_payload_makes_the_rule_fall_over(odd):
    with contextlib.suppress(NotAPush):
        assert concern({**touching(), **odd}) in Concern


@pytest.mark.row("P003-301")
def test_a_signature_is_over_the_raw_body_or_over_the_json_inside_a_form():
    body = body_of(touching())
    assert signed_payload(body, JSON, SECRET, signature(body)) == body
    assert signed_payload(as_form(body), FORM, SECRET, signature(body)) == body
    assert signed_payload(as_form(body), f"{FORM}; charset=utf-8", SECRET, signature(body)) == body
    assert signed_payload(as_form(body), FORM, SECRET, signature(as_form(body))) is None
    assert signed_payload(body + b" ", JSON, SECRET, signature(body)) is None
    assert signed_payload(body, JSON, SECRET, signature(body, "another")) is None


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_survive_the_form(payload):
    assert signed_payload(as_form(payload), FORM, SECRET, signature(payload)) == (payload or None)


@pytest.mark.parametrize("body", [b"", b"\xff", b"a=b", b"payload=1&payload=2", b"&" * 5000, b"payload=%FF%"])
def test_a_form_that_is_none_is_not_signed(body):
    assert signed_payload(body, FORM, SECRET, "0" * 64) is None


@pytest.mark.row("W003-301", "D003-302")
@pytest.mark.parametrize(
    "values",
    [
        [],
        [""],
        ["sha256=" + "a" * 64],
        ["a" * 63],
        ["A" * 64],
        ["é" * 64],
        ["\u0660" * 64],
        ["a" * 64] * 2,
        ["a" * 64 + "\n"],
    ],
)
def test_what_is_no_signature_of_gitea_counts_as_none(values):
    assert signature_in(values) is None


def test_a_delivery_has_one_number():
    assert delivery_in(["07bc8c92-fc85-4cd2-819f-6bb653de2153"])
    assert not any(map(delivery_in, ([], [""], ["a b"], ["é" * 36], ["x" * 65], ["a" * 36] * 2)))


@pytest.mark.parametrize(
    ("path", "folder", "inside"),
    [
        ("product/a", "product", True),
        ("product", "product", True),
        ("productive/a", "product", False),
        ("bin/projects/a/b", "bin/projects/", True),
        ("bin/a", "./bin", True),
        ("anything", ".", True),
        ("a/product/b", "product", False),
    ],
)
def test_inside_is_by_whole_names_of_folders(path, folder, inside):
    assert is_inside(path, folder) is inside
