"""The journal as a real file: writers at once, torn ends, full disks, and every damage by its name."""

import json
import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.journal import append, journal_at
from tasks.journal_reading import verify
from tasks.journal_tail import JournalDamaged
from tasks.rules.faults import Fault, Refused
from tasks.rules.journal import Damage, Head, sealed
from tests.journals import chained, hash_of, head_of, journal_of, put, respaced, tick

NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)
ROOT = Path(__file__).parents[2]


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "artifacts" / "SOAK_JOURNAL.jsonl"


def records_in(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def test_a_new_journal_begins_at_genesis_and_numbers_its_lines(journal):
    first = append(journal, tick(), now=NOW)
    second = append(journal, tick(), now=NOW, known=first)
    records = records_in(journal)
    assert [record["seq"] for record in records] == [1, 2]
    assert [record["prev_hash"] for record in records] == ["GENESIS", first.hash]
    assert verify(journal, [second]).judged([second]) is None


@pytest.mark.row("P004-509")
def test_a_journal_of_the_program_before_goes_on_with_its_chain(journal):
    put(journal, chained(tick() for _ in range(30)))
    head = append(journal, tick(), now=NOW)
    assert head.count == 31
    assert verify(journal, []).damage is None


@pytest.mark.row("W004-515")
def test_a_damaged_journal_of_the_program_before_is_refused(journal):
    lines = chained(tick(number=n) for n in range(30))
    put(journal, lines[:10] + lines[11:])
    before = journal.read_bytes()
    with pytest.raises(JournalDamaged, match="journal_damaged") as refusal:
        append(journal, tick(), now=NOW)
    assert refusal.value.fields["damage"] == "deleted"
    assert journal.read_bytes() == before


@pytest.mark.row("W004-516")
@pytest.mark.parametrize("lost", [1, 2, 40, 200])
def test_a_torn_end_is_set_aside_and_the_chain_goes_on_over_a_repair_record(journal, lost):
    lines = journal_of(3)
    put(journal, [*lines, journal_of(4)[3][:-lost]] if lost > 1 else [*lines, journal_of(4)[3][:-2]])
    append(journal, tick(), now=NOW, known=head_of(lines))
    records = records_in(journal)
    assert [record["action"] for record in records] == ["NONE", "NONE", "NONE", "JOURNAL_REPAIR", "NONE"]
    aside = journal.with_name(records[3]["set_aside"])
    assert journal_of(4)[3].startswith(aside.read_bytes())
    assert len(aside.read_bytes()) == records[3]["set_aside_bytes"]
    assert verify(journal, []).damage is None


@pytest.mark.row("W004-516")
def test_a_record_that_lacks_only_its_newline_is_kept(journal):
    put(journal, [*journal_of(3), journal_of(4)[3][:-1]])
    append(journal, tick(), now=NOW)
    assert [record["reason"] for record in records_in(journal)] == ["ok"] * 4 + ["newline_added", "ok"]
    assert verify(journal, []).damage is None


def test_a_torn_end_that_an_outside_head_knows_as_whole_is_no_accident(journal):
    lines = journal_of(4)
    put(journal, [*lines[:3], lines[3][:50]])
    with pytest.raises(JournalDamaged) as refusal:
        append(journal, tick(), now=NOW, known=head_of(lines))
    assert refusal.value.fields["damage"] == "truncated"


@pytest.mark.row("W004-515")
@pytest.mark.parametrize(
    ("kept", "known", "damage"),
    [
        (lambda lines: lines[:-1], lambda lines: lines, "truncated"),
        (lambda _: [], lambda lines: lines, "truncated"),
        (lambda _: chained(tick(seq=n, reason="other") for n in range(1, 6)), lambda lines: lines, "rewritten"),
        (lambda _: chained(tick(seq=n, reason="other") for n in range(1, 9)), lambda lines: lines, "rewritten"),
        (lambda lines: [*lines[:-1], lines[-1].replace(b"NONE", b"NOME")], lambda lines: lines, "flipped"),
        (lambda lines: [*lines[:-1], respaced(lines[-1])], lambda lines: lines, "respaced"),
        (lambda lines: [line[:-1] + b"\r\n" for line in lines], lambda lines: lines, "crlf"),
    ],
)
def test_appending_to_an_end_that_is_not_the_known_one_is_refused_and_named(journal, kept, known, damage):
    lines = journal_of(5)
    put(journal, kept(lines))
    before = journal.read_bytes()
    with pytest.raises(JournalDamaged) as refusal:
        append(journal, tick(), now=NOW, known=head_of(known(lines)))
    assert refusal.value.fields["damage"] == damage
    assert journal.read_bytes() == before


@pytest.mark.parametrize("ahead", [1, 5, 1_200])
def test_a_journal_whose_head_was_not_kept_in_time_may_go_on(journal, ahead):
    lines = journal_of(10 + ahead)
    put(journal, lines)
    assert append(journal, tick(), now=NOW, known=head_of(lines[:10])).count == 11 + ahead


def test_a_journal_that_was_moved_away_is_not_written_to_any_more(journal):
    with journal_at(journal) as open_journal:
        open_journal.append(tick(), now=NOW)
        journal.rename(journal.with_suffix(".old"))
        open_journal.append(tick(), now=NOW)
    assert len(records_in(journal)) == len(records_in(journal.with_suffix(".old"))) == 1


@pytest.mark.row("W004-517")
def test_writers_at_once_make_one_chain_without_a_fork(journal):
    writers, ticks = 8, 40
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.tasks.journal_writer", str(journal), str(number), str(ticks)], cwd=ROOT
        )
        for number in range(writers)
    ]
    assert [child.wait(timeout=120) for child in running] == [0] * writers
    reading = verify(journal, [])
    assert (reading.damage, reading.found.count) == (None, writers * ticks)
    numbers = [(record["region"], record["number"]) for record in records_in(journal)]
    assert len(set(numbers)) == writers * ticks


@pytest.mark.row("W004-516")
def test_a_writer_that_is_killed_leaves_a_journal_that_goes_on(journal):
    append(journal, tick(), now=NOW)
    for _ in range(3):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.tasks.journal_writer", str(journal), "1", "1000000"], cwd=ROOT
        )
        size = journal.stat().st_size
        while journal.stat().st_size < size + 20_000:
            assert child.poll() is None
        child.send_signal(signal.SIGKILL)
        child.wait()
        append(journal, tick(), now=NOW)
    assert verify(journal, []).damage is None


_FULL_DISK = """
import resource, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from tasks.journal import append
from tasks.rules.faults import Fault
from tests.journals import tick

path = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + int(sys.argv[2]),) * 2)
try:
    append(path, tick(), now=datetime.now(UTC))
except Fault as fault:
    sys.exit(0 if fault.reason == "journal_not_written" else 3)
sys.exit(4)
"""


def append_on_a_full_disk(path: Path, room: int) -> None:
    subprocess.run([sys.executable, "-c", _FULL_DISK, str(path), str(room)], cwd=ROOT, check=True)


@pytest.mark.row("D004-506")
@pytest.mark.parametrize("room", [0, 1, 200])
def test_a_full_disk_leaves_nothing_half_done(journal, room):
    append(journal, tick(), now=NOW)
    before = journal.read_bytes()
    append_on_a_full_disk(journal, room)
    assert journal.read_bytes() == before
    assert append(journal, tick(), now=NOW).count == 2


@pytest.mark.row("D004-506")
def test_a_full_disk_while_a_torn_end_is_set_aside_loses_nothing(journal):
    torn = journal_of(2)[1][:200]
    put(journal, [*journal_of(1), torn])
    append_on_a_full_disk(journal, 0)
    append(journal, tick(), now=NOW)
    assert verify(journal, []).damage is None
    assert torn in [file.read_bytes() for file in journal.parent.glob("*.torn-*")]


def test_a_folder_that_cannot_be_written_is_named_without_its_path(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Fault, match="journal_not_written") as refusal:
        append(tmp_path / "file" / "J.jsonl", tick(), now=NOW)
    assert str(tmp_path) not in str(refusal.value)


def test_a_journal_that_is_not_there_is_missing_and_an_empty_one_is_unproven(journal):
    with pytest.raises(Refused, match="journal_missing"):
        verify(journal, [])
    put(journal, [])
    assert verify(journal, []).judged([]) is Damage.UNPROVEN


def test_a_file_without_any_newline_is_read_in_bounded_pieces(journal):
    put(journal, [b"x" * 5_000_000])
    reading = verify(journal, [])
    assert (reading.damage, reading.line) == (Damage.FLIPPED, 1)


@pytest.mark.row("W004-517")
def test_verifying_meets_no_line_that_is_being_written(journal):
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.tasks.journal_writer", str(journal), "1", "100000"], cwd=ROOT
    )
    try:
        while not journal.exists() or journal.stat().st_size < 5_000:
            assert child.poll() is None
        for _ in range(5):
            assert verify(journal, []).damage is None
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()


@pytest.mark.row("P004-511")
def test_an_older_copy_put_in_place_is_told_from_a_cut_file(journal, tmp_path):
    lines = journal_of(10)
    put(journal, lines)
    seen = Head(10, hash_of(lines[-1]), journal.stat().st_ino)
    put(tmp_path / "backup", lines[:6]).replace(journal)
    assert verify(journal, [seen]).judged([seen]) is Damage.OLDER_COPY


@pytest.mark.row("P004-510")
def test_two_writers_without_a_lock_are_shown_as_a_fork(journal):
    lines = journal_of(5)
    other, _ = sealed(tick(seq=4, region="us-east-1"), hash_of(lines[2]))
    reading = verify(put(journal, [*lines[:4], other, lines[4]]), [])
    assert (reading.damage, reading.line) == (Damage.FORKED, 5)


@pytest.mark.row("P004-510")
def test_a_chain_that_begins_anew_inside_the_file_is_named(journal):
    reading = verify(put(journal, [*journal_of(5), *chained([tick(reason="again")])]), [])
    assert (reading.damage, reading.line, reading.broken) == (Damage.RESTARTED, 6, 1)


@pytest.fixture
def peak_bytes() -> Iterator[Callable[[], int]]:
    """The most memory that Python held at once since the test began."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


@pytest.mark.row("W004-518", "D004-504")
def test_adding_to_a_journal_of_two_gigabytes_reads_its_end_only(journal, peak_bytes):
    line, own = sealed(tick(seq=7_000_000), "f" * 64)
    put(journal, [])
    os.truncate(journal, 2 << 30)  # sparse: it takes no room
    with journal.open("ab") as file:
        file.write(b"\n" + line)
    head = append(journal, tick(), now=NOW, known=Head(7_000_000, own))
    assert append(journal, tick(), now=NOW, known=head).count == 7_000_002
    assert peak_bytes() < 1 << 20


@pytest.mark.row("D004-504")
def test_verifying_takes_the_same_memory_whatever_the_length(journal, peak_bytes):
    put(journal, journal_of(10_000))
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    assert verify(journal, []).found.count == 10_000
    assert peak_bytes() - before < 2 << 20 < journal.stat().st_size
