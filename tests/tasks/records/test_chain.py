"""Chains of records in a real database: one after the other, once for each key, and what is wrong is named."""

import subprocess
import sys

import psycopg
import pytest

from tasks.records.chain import read_chain, verify_chain
from tasks.records.exports import export_chain
from tasks.records.notes import open_note, read_note
from tasks.records.shift import record_shift
from tasks.rules.records import INCIDENTS, SHIFT_LOG
from tasks.step import without_server

WRITERS = """
import multiprocessing
from tasks.records.notes import open_note
from tasks.records.shift import record_shift
from tasks.step import without_server

def write(writer):
    said = []
    with without_server():
        for number in range(8):
            record_shift("hold", key=f"shared-{number}", writer=writer)
            record_shift("step", writer=writer)
            said.append(open_note(f"key-{writer}-{number}", {"author": "watchkeeper"}, "{}").incident)
        return [*said, "shared " + open_note("everybody", {"author": "watchkeeper"}, "{}").incident]

with multiprocessing.get_context("fork").Pool(6) as pool:
    for said in pool.map(write, range(6), chunksize=1):
        print(*said, sep=chr(10))
"""


@pytest.fixture(autouse=True)
def by_hand(records):
    with without_server():
        yield


def put(dsn: str, statement: str) -> None:
    with psycopg.connect(dsn) as conn:
        conn.execute(statement)


def damage(chain: str = SHIFT_LOG) -> tuple[str | None, int | None]:
    proof = verify_chain(chain)
    return (proof.damage.value if proof.damage else None), proof.line


@pytest.mark.row("P002-400")
def test_what_a_procedure_writes_is_numbered_chained_and_read_back():
    first = record_shift(
        "live-confirm", subject="live", operator="alice", phrase="sha256:1f", signals=("market", "recon")
    )
    second = record_shift("canary-hold")
    assert (first.seq, second.seq) == (1, 2)
    assert [kept.entry.kind for kept in read_chain(SHIFT_LOG)] == ["live-confirm", "canary-hold"]
    assert read_chain(SHIFT_LOG)[0] == first
    assert damage() == ("unproven", None)


@pytest.mark.row("P002-401")
def test_a_key_writes_one_record_however_often_it_is_asked_for():
    assert record_shift("promoted", key="run-1", to="live") == record_shift("promoted", key="run-1", to="paper")
    assert len(read_chain(SHIFT_LOG)) == 1


@pytest.mark.row("P002-401", "P002-404", "W002-426", "D002-401")
def test_many_processes_at_once_leave_one_chain_and_no_number_twice():
    said = subprocess.run(
        [sys.executable, "-c", WRITERS], capture_output=True, text=True, timeout=120, check=True
    ).stdout.splitlines()
    own = [line for line in said if line.startswith("INC-")]
    assert len(own) == len(set(own)) == 48
    assert len({line for line in said if line.startswith("shared")}) == 1
    assert len(read_chain(INCIDENTS)) == 49
    assert len(read_chain(SHIFT_LOG)) == 8 + 48
    assert damage(SHIFT_LOG) == damage(INCIDENTS) == ("unproven", None)


@pytest.mark.row("P002-403", "D002-403")
@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE records SET line = replace(line, 'n:4', 'n:5') WHERE seq = 4", ("flipped", 4)),
        ("UPDATE records SET kind = 'released' WHERE seq = 3", ("flipped", 3)),
        ("DELETE FROM records WHERE seq = 3", ("deleted", 3)),
        ("DELETE FROM records WHERE seq = 6", ("truncated", None)),
        ("DELETE FROM records", ("truncated", None)),
        ("UPDATE records SET line = line || ' ' WHERE seq = 2", ("respaced", 2)),
        ("SELECT 1", (None, None)),
    ],
)
def test_what_is_wrong_with_a_chain_is_named_with_its_first_record(records, statement, found):
    for number in range(1, 7):
        record_shift("step", number=f"n:{number}")
    export_chain(SHIFT_LOG, 6)
    put(records, statement)
    assert damage() == found


@pytest.mark.row("P002-403")
def test_a_chain_that_was_written_anew_is_not_the_one_of_the_export(records):
    for number in range(3):
        record_shift("step", number=number)
    export_chain(SHIFT_LOG, 3)
    put(records, "TRUNCATE records")
    for number in range(5):
        record_shift("step", number=number + 100)
    assert damage() == ("rewritten", None)


def test_an_export_that_cannot_be_read_proves_nothing(tmp_path):
    record_shift("step")
    export_chain(SHIFT_LOG, 1)
    (tmp_path / "artifacts" / "records" / "shift-log.json").write_text("[]")
    assert damage() == ("unproven", None)


def test_a_document_that_was_changed_or_taken_away_is_counted_and_not_shown(records):
    note = open_note("one", {"author": "watchkeeper"}, '{"taken_at": "now"}')
    put(records, "UPDATE record_documents SET content = content || ' '")
    assert verify_chain(INCIDENTS).missing_documents == 1
    assert read_note(note.incident).documents == note.documents
