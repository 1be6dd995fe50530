"""The env file as the memory of an exchange of secrets (runbook 003, Incident Playbook 2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.services.rotation import (
    NEXT,
    PREVIOUS,
    SECRET,
    Stage,
    changed,
    leads_to,
    made,
    repository_of,
    settled,
    stage_of,
    with_values,
)


def applied(values: dict[str, str], changes: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in {**values, **changes}.items() if value is not None}


@pytest.mark.row("P003-611")
def test_an_exchange_goes_through_its_stages_and_keeps_the_old_secret_until_the_end():
    values = {SECRET: "old", "OTHER": "x"}
    assert stage_of(values) is Stage.SETTLED
    values = applied(values, made(values, "new"))
    assert (stage_of(values), values[SECRET], values[NEXT]) == (Stage.MADE, "old", "new")
    assert applied(values, made(values, "newer")) == values
    values = applied(values, changed(values))
    assert (stage_of(values), values) == (Stage.CHANGED, {SECRET: "new", PREVIOUS: "old", "OTHER": "x"})
    values = applied(values, settled())
    assert (stage_of(values), values) == (Stage.SETTLED, {SECRET: "new", "OTHER": "x"})


def test_a_first_secret_has_no_old_one():
    values = applied({}, made({}, "new"))
    assert applied(values, changed(values)) == {SECRET: "new"}


lines = st.lists(st.sampled_from(["", "# comment", "A=1", 'B="x y"', "export C=3", "GITEA_WEBHOOK_SECRET_X=9"]))


@given(lines, lines)
def test_every_other_line_of_the_file_stays(before, after):
    text = "".join(f"{line}\n" for line in [*before, f"export {SECRET} = 'old'", *after, f"{SECRET}=twice"])
    new = with_values(text, {SECRET: "new", NEXT: None})
    assert new.splitlines() == [*before, f"{SECRET}=new", *after]
    assert with_values(new, {SECRET: None}).splitlines() == [*before, *after]
    assert with_values(new, {NEXT: "n"}).splitlines()[-1] == f"{NEXT}=n"


def test_hooks_of_other_programs_are_left_alone():
    assert leads_to("http://h:8080/webhook/gitea?x=1", "")
    assert leads_to("https://u:p@h/base/webhook/gitea/", "")
    assert not leads_to("http://h:8080/other", "")
    assert not leads_to("http://h:8080/webhook/gitea", "http://h:9090/webhook/gitea")


@pytest.mark.parametrize("text", ["", "a", "a/b/c", "../b", "-a/b", "a/b c", "a\n/b"])
def test_a_repository_is_an_owner_and_a_name(text):
    assert repository_of(text) is None
    assert repository_of("Org-1/price_watch") == ("Org-1", "price_watch")
