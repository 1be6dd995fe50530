"""A day of a long journal, found without reading all of it."""

import io
import json
from datetime import UTC, datetime, timedelta

import pytest

from tasks.journal_window import NEAR_BYTES, first_offset, tally_window
from tasks.rules.soak_window import window_of
from tests.journals import chained, hash_of, put, tick

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTES = 20_000


@pytest.fixture(scope="module")
def lines():
    stamps = ((START + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ") for minute in range(MINUTES))
    return chained(tick(ts=ts) for ts in stamps)


class CountingFile(io.BytesIO):
    """A file that counts the bytes that are read from it."""

    done = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        self.done += len(line)
        return line

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        self.done += len(content)
        return content


class HugeJournal(CountingFile):
    """Two gigabytes of lines of 512 bytes, one a minute, made up where they are read."""

    SIZE, LINE = 2 << 30, 512

    def seek(self, offset: int, whence: int = 0, /) -> int:  # noqa: ARG002  from the beginning only
        self.at = offset
        return offset

    def tell(self) -> int:
        return self.at

    def read(self, size: int | None = -1, /) -> bytes:
        first, last = self.at // self.LINE, (self.at + (size or 0)) // self.LINE + 1
        stretch = b"".join(self.line(number) for number in range(first, last))
        content = stretch[self.at - first * self.LINE :][:size]
        self.at, self.done = self.at + len(content), self.done + len(content)
        return content

    def readline(self, size: int | None = -1, /) -> bytes:  # noqa: ARG002  every line is shorter than any limit
        return self.read(self.LINE - self.at % self.LINE)

    def line(self, number: int) -> bytes:
        ts = (START + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return json.dumps({"ts": ts}).encode().ljust(self.LINE - 1) + b"\n"


@pytest.mark.row("D004-504", "W004-205")
def test_the_day_of_a_journal_of_two_gigabytes_is_found_in_a_few_blocks():
    journal = HugeJournal()
    lines = journal.SIZE // journal.LINE
    since = int((START + timedelta(minutes=lines - 1440)).timestamp())
    offset = first_offset(journal, journal.SIZE, since)
    assert 0 < (lines - 1440) * journal.LINE - offset < 2 * NEAR_BYTES
    assert journal.done < 3 * NEAR_BYTES


def window(minute: int, hours: int = 24):
    return window_of(START + timedelta(minutes=minute), UTC, hours)


def test_a_day_in_the_middle_is_counted_exactly_with_its_chain(tmp_path, lines):
    journal = put(tmp_path / "journal.jsonl", lines)
    tally = tally_window.fn(journal, window(10_000))
    assert (tally.of("CONTINUE"), tally.chain, tally.future) == (1441, "unproven", MINUTES - 10_001)


def test_the_whole_journal_and_a_window_after_it_are_counted_too(tmp_path, lines):
    journal = put(tmp_path / "journal.jsonl", lines[:3000])
    assert tally_window.fn(journal, window(3000, hours=8760)).of("CONTINUE") == 3000
    late = tally_window.fn(journal, window(30_000))
    assert (late.ticks, late.chain) == (0, "unproven")


@pytest.mark.row("W004-205")
def test_what_is_read_does_not_grow_with_the_journal(lines):
    content = b"".join(lines)
    file = CountingFile(content)
    since = int((START + timedelta(minutes=MINUTES - 1440)).timestamp())
    offset = first_offset(file, len(content), since)
    ahead = content[offset:].split(b"\n")[0]
    wanted = content.index(lines[MINUTES - 1440])
    assert 0 < wanted - offset < 2 * NEAR_BYTES
    assert content[offset - 1 : offset] == b"\n"
    assert ahead.startswith(b"{")
    assert file.done < 50 * 1024 + NEAR_BYTES


def test_damage_in_the_middle_of_the_journal_does_not_lead_the_search_astray(tmp_path, lines):
    garbage = b"\xff" * 200_000 + b"\n" + b"not json\n" * 1000
    journal = put(tmp_path / "journal.jsonl", [*lines[:8000], garbage, *lines[8000:16_000]])
    tally = tally_window.fn(journal, window(15_999))
    assert tally.of("CONTINUE") == 1441
    journal = put(tmp_path / "torn.jsonl", [*lines[:16_000], lines[16_000][:50]])
    assert tally_window.fn(journal, window(15_999)).chain == "torn"


@pytest.mark.row("D004-507")
def test_after_a_clock_that_went_back_no_line_of_the_day_is_left_out(tmp_path, lines):
    """Sixty lines in the middle of the day say they are from the day before."""
    minutes = [*range(9_000, 10_000), *range(8_560, 8_620), *range(10_000, 10_441)]
    stamps = ((START + timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ") for minute in minutes)
    late = chained((tick(ts=ts) for ts in stamps), hash_of(lines[8_999]))
    journal = put(tmp_path / "journal.jsonl", [*lines[:9_000], *late])
    tally = tally_window.fn(journal, window(10_440))
    assert (tally.of("CONTINUE"), tally.back) == (1441, 60)


@pytest.mark.row("D004-507")
def test_wherever_the_clock_went_back_the_day_begins_at_its_first_line(lines):
    """A hundred and fifty lines of the day before, at every place of the day where bisection may meet them."""
    since = int((START + timedelta(minutes=9_000)).timestamp())
    for place in range(9_050, 10_400, 50):
        content = b"".join([*lines[:place], *lines[8_500:8_650], *lines[place:10_441]])
        offset = first_offset(io.BytesIO(content), len(content), since)
        assert content.index(lines[9_000]) - 2 * NEAR_BYTES < offset < content.index(lines[9_000])


def test_a_journal_that_is_not_there_or_no_file_says_so(tmp_path):
    assert tally_window.fn(tmp_path / "nowhere.jsonl", window(0)).chain == "missing"
    assert tally_window.fn(tmp_path, window(0)).chain == "unreadable"
    assert tally_window.fn(put(tmp_path / "empty.jsonl", []), window(0)).ticks == 0
