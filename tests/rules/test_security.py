"""Runbook 003, Security Operations: what is allowed, until when, and what the whole of it says."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.outcome import Status
from tasks.rules.services.security import (
    MOST_SHOWN,
    Item,
    Leak,
    Scan,
    allowances_in,
    checked_all,
    finding_lines,
    is_sample,
    sifted,
    variables_item,
)

TODAY = date(2026, 11, 21)
LEAK = Leak("app/key.py", 3, "Secret Keyword", "ab" * 20)


def allow(**changed):
    entry = {
        "file": LEAK.file,
        "kind": LEAK.kind,
        "fingerprint": LEAK.fingerprint,
        "reason": "a key of the test server",
        "owner": "ops",
        "expires": TODAY,
    }
    return {"allow": [entry | changed]}


@pytest.mark.row("P003-671")
def test_an_allowance_holds_on_its_last_day_and_not_on_the_next():
    allowances = allowances_in(allow())
    assert sifted([LEAK], allowances, TODAY, 1) == Scan((), 1, 0, 1)
    assert sifted([LEAK], allowances, TODAY + timedelta(days=1), 1) == Scan((LEAK,), 0, 1, 1)


@pytest.mark.row("P003-671")
@pytest.mark.parametrize("changed", [{"file": "app/other.py"}, {"kind": "Private Key"}, {"fingerprint": "cd" * 20}])
def test_an_allowance_covers_one_finding_and_no_other(changed):
    assert sifted([LEAK], allowances_in(allow(**changed)), TODAY, 1).open == (LEAK,)


@pytest.mark.row("P003-671")
@pytest.mark.parametrize("name", ["file", "kind", "fingerprint", "reason", "owner", "expires"])
def test_an_allowance_without_one_of_its_fields_is_refused(name):
    document = allow()
    del document["allow"][0][name]
    with pytest.raises(ValueError, match=name):
        allowances_in(document)


@pytest.mark.parametrize(
    "document",
    [[], {"allow": {}}, {"allow": ["x"]}, allow(reason=" "), allow(expires="2026-11-21"), allow(until=TODAY)],
)
def test_a_list_that_is_not_what_it_should_be_is_refused(document):
    with pytest.raises(ValueError, match=r"allow|entry"):
        allowances_in(document)


@given(st.lists(st.builds(Leak, st.sampled_from("ab"), st.integers(1, 9), st.just("k"), st.sampled_from(["1", "2"]))))
def test_every_finding_is_open_or_allowed_and_none_is_both(leaks):
    allowances = allowances_in(allow(file="a", kind="k", fingerprint="1"))
    scan = sifted(leaks, allowances, TODAY, 1)
    assert len(scan.open) + scan.allowed == len(set(leaks))
    assert all((leak.file, leak.fingerprint) != ("a", "1") for leak in scan.open)


def test_odd_and_long_names_of_files_still_give_a_line_and_there_are_at_most_fifty():
    odd = [Leak("a b\n" + "ü" * 300, line, "Hex High Entropy String", "ab" * 20) for line in range(1, 80)]
    lines = finding_lines(Scan(tuple(odd), 0, 0, 1))
    assert len(lines) == MOST_SHOWN
    assert {line.reason for line in lines} == {"secret_found"}


@pytest.mark.row("P003-672")
def test_all_variables_that_are_missing_or_hollow_are_named():
    assert variables_item(("A",), ("B",)) == Item("variables", Status.FAIL, "missing_env", ("A", "B"))
    assert variables_item((), ("B",)) == Item("variables", Status.FAIL, "placeholder_left", ("B",))
    assert variables_item((), ()) == Item("variables")


@pytest.mark.parametrize("value", ["change-me", "CHANGEME", "your-password", "todo", "replace-me-now"])
def test_the_words_of_a_sample_file_are_no_secrets(value):
    assert is_sample(value)
    assert not is_sample("3f9a1c")


@pytest.mark.row("P003-672")
def test_an_item_that_was_left_out_is_never_ok():
    scan = Scan((), 0, 0, 1)
    assert checked_all([Item("secrets")], scan).status is Status.OK
    left_out = [Item("secrets"), Item("canary", Status.SKIPPED, "asked_to_skip")]
    assert checked_all(left_out, scan).status is Status.PARTIAL
    both = [*left_out, Item("variables", Status.FAIL, "missing_env", ("A",)), Item("audit_note", Status.FAIL)]
    assert checked_all(both, scan).fields["failed"] == ("variables", "audit_note")
