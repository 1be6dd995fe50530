"""Every promise has a row, every row a test, and no row says what the code does not."""

import re
from pathlib import Path

import pytest

from tests.runbooks.rows import DOCS, Row, complaints, read_rows

PAGES = sorted(path.name for path in DOCS.glob("runbook-0*.md"))
_MARK = re.compile(r"""@pytest\.mark\.row\(((?:\s*"[^"]+",?)+\s*)\)""")


def _rows_named_by_tests() -> set[str]:
    tests = Path(__file__).parents[1]
    return {
        row
        for path in tests.rglob("test_*.py")
        for mark in _MARK.findall(path.read_text(encoding="utf-8"))
        for row in re.findall(r'"([^"]+)"', mark)
    }


def _all_rows() -> list[Row]:
    return [row for page in PAGES for row in read_rows(page)]


def test_there_are_pages_and_rows():
    assert PAGES
    assert len(_all_rows()) > 30


def test_every_row_is_named_by_a_test_or_says_why_it_does_not_apply():
    tested = _rows_named_by_tests()
    assert not [row.id for row in _all_rows() if row.id not in tested and not row.where.startswith("does not apply:")]


def test_every_test_names_a_row_that_exists():
    assert not _rows_named_by_tests() - {row.id for row in _all_rows()}


def test_a_row_stands_once():
    ids = [row.id for row in _all_rows()]
    assert not {row for row in ids if ids.count(row) > 1}


@pytest.mark.parametrize("page", PAGES)
def test_the_rows_of_a_page_and_the_code_agree(page):
    assert not [why for row in read_rows(page) for why in complaints(row)]


@pytest.mark.parametrize(
    ("literal", "complaint"),
    [
        ("db_verify status=green", "status"),
        ("db_verify status=fail reason=bad_luck", "reason"),
        ("db_verify colour=red", "keys"),
        ("db_bootstrap applied=<n> mode=all", "order"),
        ("db_verify exit 2: fail", "exit code"),
        ("prod-config --mode lenient", "default"),
        ("prod-config --speed 9", "no option"),
        ("moon_phase status=ok", "no known token"),
        ("event=moon_phase status=OK", "another status"),
        ("sun_phase=1", "no known token"),
        ("event=archive status=ok", "status"),
        ("event=archive files=<n> status=OK", "order"),
        ("RESULT=GOOD checked=<n>", "another status"),
        ("RESULT=OK colours=<n>", "keys"),
    ],
)
def test_a_row_that_disagrees_with_the_code_is_found(literal, complaint):
    assert complaint in complaints(Row("P001-0", "", "", (literal,), ""))[0]


@pytest.mark.parametrize(
    "literal",
    [
        "event=archive status=OK\\|PARTIAL files=<n>",
        "RESULT=OK checked=<n> failed=<n>",
        "RESULT=FAIL missing=<n> stale=<n>",
        "event=accept_error file=<name> reason=missing",
        "NEED_REBUILD=0",
    ],
)
def test_a_line_may_stand_in_a_row_as_it_is_printed(literal):
    assert complaints(Row("P001-0", "", "", (literal,), "README.md")) == []


def test_a_row_whose_place_has_moved_is_found():
    assert "no file" in complaints(Row("P001-0", "", "", (), "tasks/rules/elsewhere.py"))[0]
    assert complaints(Row("P001-0", "", "", (), "does not apply: somebody else's")) == []
