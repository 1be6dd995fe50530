"""Which checks a validation runs and what their results mean (runbook 004)."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from tasks.rules.validation import Check, Ran, checks_of, chosen, section_said, validation_of, validation_said

GOOD = {"name": "linters", "command": ["true"]}


def test_our_own_file_declares_checks_that_are_what_they_must_be():
    checks = checks_of(tomllib.loads((Path(__file__).parents[2] / "validation.toml").read_text()))
    assert {check.name.partition("_")[0] for check in checks} >= {"linters", "tests", "chaos"}
    assert chosen(checks, fast=True)
    assert chosen(checks, fast=False) == checks


def test_a_check_needs_a_name_and_a_command():
    assert checks_of({"check": [GOOD]}) == (Check("linters", ("true",)),)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"name": "Linters"}, "name"),
        ({"name": "../x"}, "name"),
        ({"command": "true"}, "command"),
        ({"command": []}, "command"),
        ({"command": [1]}, "command"),
        ({"timeout_s": 0}, "timeout_s"),
        ({"timeout_s": True}, "timeout_s"),
        ({"fast": "yes"}, "fast"),
        ({"env": {"a-b": "1"}}, "env"),
        ({"env": {"A": 1}}, "env"),
        ({"retries": 3}, "a check has"),
    ],
)
def test_a_check_that_is_none_is_refused(change, why):
    with pytest.raises(ValueError, match=why):
        checks_of({"check": [GOOD | change]})


@pytest.mark.parametrize("document", [{}, {"check": []}, {"check": {}}, {"check": [GOOD], "more": 1}, {"check": [1]}])
def test_a_file_without_checks_or_with_more_is_refused(document):
    with pytest.raises(ValueError, match=r"check"):
        checks_of(document)
    with pytest.raises(ValueError, match="twice"):
        checks_of({"check": [GOOD, GOOD]})


@pytest.mark.row("W004-107")
def test_every_section_says_what_it_said_itself():
    ran = [Ran("a", "exit_0", 0.1), Ran("b", "exit_1", 0.2), Ran("c", "timed_out", 3.0), Ran("d", "not_started", 0.0)]
    document: Any = validation_of(ran, fast=False)
    assert (document["status"], document["result"], document["mode"]) == ("FAIL", "FAIL", "FULL")
    assert document["components"] == ["a", "b", "c", "d"]
    assert [one["status"] for one in document["sections"]] == ["OK", "FAIL", "FAIL", "FAIL"]
    assert [section_said(one).reason for one in ran] == [None, "check_failed", "timed_out", "not_started"]
    assert validation_said(ran, fast=False).line == "RESULT=FAIL checked=4 failed=3 mode=FULL reason=check_failed"


def test_nothing_run_is_not_good():
    assert validation_of([], fast=True)["status"] == "FAIL"
    assert validation_said([], fast=True).line == "RESULT=FAIL checked=0 failed=0 mode=FAST reason=no_checks"
