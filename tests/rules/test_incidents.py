"""What an outcome means for the people on call."""

import json

import pytest

from tasks.rules.contracts.production import OPS_DAILY, RETENTION
from tasks.rules.incidents import Meaning, meaning_of, message
from tasks.rules.outcome import Status


@pytest.mark.parametrize("status", [Status.FAIL, Status.ERROR, Status.UNHEALTHY])
@pytest.mark.parametrize("mode", ["ci", "prod"])
def test_what_went_wrong_is_bad_in_every_mode(status, mode):
    assert meaning_of(OPS_DAILY.says(status, mode=mode)) is Meaning.BAD


@pytest.mark.parametrize("status", [Status.OK, Status.HEALTHY, Status.NORMALIZED])
def test_a_run_that_looked_and_found_all_well_is_good(status):
    assert meaning_of(OPS_DAILY.says(status, mode="prod")) is Meaning.GOOD


@pytest.mark.parametrize("mode", ["ci", "dry_run"])
def test_a_run_that_touched_nothing_closes_nothing(mode):
    assert meaning_of(OPS_DAILY.says(Status.OK, mode=mode)) is Meaning.NOTHING


@pytest.mark.parametrize(
    "status", [Status.SKIP, Status.SKIPPED, Status.PLANNED, Status.NOT_CONFIGURED, Status.INSUFFICIENT_DATA]
)
def test_what_proves_nothing_neither_opens_nor_closes(status):
    assert meaning_of(OPS_DAILY.says(status)) is Meaning.NOTHING


def test_every_status_has_a_meaning():
    assert {meaning_of(RETENTION.says(status)) for status in Status} == set(Meaning)


@pytest.mark.row("W001-32", "D001-26")
def test_the_message_is_the_line_and_the_link_and_nothing_else():
    line = RETENTION.says(Status.FAIL, "ttl_drift").line
    assert json.loads(message(line, "http://ops/run/1")) == {"text": f"{line}\nhttp://ops/run/1"}
    assert json.loads(message(line, None)) == {"text": line}
