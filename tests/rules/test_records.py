"""What a record may hold and how it reads back; what an incident note is made of (runbook 002)."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.faults import Refused
from tasks.rules.incident_note import (
    CLOSED,
    OPENED,
    REVIEWED,
    WRITTEN,
    NoteState,
    Section,
    next_incident,
    note_of,
    refuse_author,
    review_plan,
    sections_of,
    text_of,
)
from tasks.rules.journal import GENESIS, own_hash
from tasks.rules.log_excerpt import LONGEST_LINE, MOST_LINES, last_lines, samples
from tasks.rules.note_lines import said_of
from tasks.rules.record_pages import note_json, note_page
from tasks.rules.records import Columns, Entry, Kept, damage_of_columns, kept_of, sealed_entry

AT = "2026-11-21T03:00:00Z"
words = st.text("abcdefghij0123456789_.:+-", min_size=1, max_size=30)
facts = st.one_of(words, st.integers(-(10**9), 10**9), st.booleans(), st.lists(words, max_size=4).map(tuple))


def record(seq: int, kind: str, document: str | None = None, **said) -> Kept:
    return Kept(seq, f"{seq:064d}", AT, Entry(kind, said, "INC-20261121-01", None, document))


def note(*records: Kept):
    found = note_of("INC-20261121-01", records)
    assert found
    return found


@given(st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True), facts, max_size=8), words)
def test_a_record_reads_back_as_it_was_written(said, kind):
    entry = Entry(kind, said, "INC-20261121-01", "one", "ab" * 32)
    line, own = sealed_entry(entry, "incidents", 7, AT, GENESIS)
    assert own_hash(line.encode() + b"\n") == own
    assert kept_of(line) == Kept(7, own, AT, entry)


@pytest.mark.row("P002-402", "D002-402")
@pytest.mark.parametrize(
    "wrong",
    [
        Entry("hand over"),
        Entry("x", {"said": "two words"}),
        Entry("x", {"said": "line\nbreak"}),
        Entry("x", {"dsn": "postgresql://u:p@h/d"}),
        Entry("x", {"who": "somebody@example.org"}),
        Entry("x", {"Upper": 1}),
        Entry("x", {"share": float("nan")}),
        Entry("x", {"names": ("good", "not good")}),
        Entry("x", {f"f{n}": n for n in range(41)}),
        Entry("x", subject="two words"),
    ],
)
def test_a_record_takes_words_and_numbers_alone(wrong):
    with pytest.raises(ValueError, match="words and numbers alone"):
        sealed_entry(wrong, "shift-log", 1, AT, GENESIS)


def test_columns_that_say_something_else_than_the_line_are_found():
    line, own = sealed_entry(Entry("hold", {}, "r1", "k", "d" * 64), "shift-log", 1, AT, GENESIS)
    right = Columns(1, "hold", "r1", "k", "d" * 64, own)
    assert damage_of_columns(line, right) is None
    for wrong in (
        replace(right, kind="other"),
        replace(right, subject="other"),
        replace(right, key=None),
        replace(right, document="e" * 64),
        replace(right, seq=2),
    ):
        assert damage_of_columns(line, wrong) == "flipped"


@pytest.mark.row("P002-404")
def test_the_next_number_of_a_day_is_one_more_than_the_largest():
    assert next_incident("20261121", []) == "INC-20261121-01"
    taken = ["INC-20261121-01", "INC-20261121-09", "INC-20261120-44", "other"]
    assert next_incident("20261121", taken) == "INC-20261121-10"
    assert next_incident("20261121", ["INC-20261121-99"]) == "INC-20261121-100"


@pytest.mark.row("P002-405")
def test_every_item_that_is_wanting_is_named():
    opened = record(1, OPENED, author="watchkeeper", profile="live")
    assert note(opened).wanting == ("venue", "why", "decisions", "next_steps")
    said = record(2, WRITTEN, author="alice", venue="okx", why="unknown", sections=("decisions",))
    assert note(opened, said).wanting == ("why", "next_steps")


@pytest.mark.row("P002-406")
def test_a_note_that_is_written_on_after_its_review_is_a_draft_again():
    steps = [
        record(1, OPENED, author="watchkeeper"),
        record(2, REVIEWED, reviewer="bob"),
        record(3, WRITTEN, author="carol"),
        record(4, REVIEWED, reviewer="bob"),
        record(5, CLOSED),
        record(6, WRITTEN, author="alice", profile="paper"),
    ]
    states = [note(*steps[:count]).state for count in range(1, 7)]
    assert states == [
        NoteState.DRAFT,
        NoteState.REVIEWED,
        NoteState.DRAFT,
        NoteState.REVIEWED,
        NoteState.CLOSED,
        NoteState.DRAFT,
    ]
    assert note(*steps[:5]).reviewer == "bob"
    assert note(*steps).reviewer is None
    assert note(*steps).facts["profile"] == "paper"


@pytest.mark.row("P002-407")
def test_who_wrote_does_not_review():
    found = note(record(1, OPENED, author="watchkeeper"), record(2, WRITTEN, author="alice"))
    refuse_author(found, "bob")
    with pytest.raises(Refused) as refused:
        refuse_author(found, "alice")
    assert refused.value.reason == "reviewer_is_author"


def test_a_later_word_is_another_plan_for_the_reviewer():
    opened = record(1, OPENED, author="watchkeeper")
    assert review_plan(note(opened)) != review_plan(note(opened, record(2, WRITTEN, author="alice")))


def test_a_text_is_read_by_its_headings():
    text = "it stopped\n\n# Decisions\nstay in hold\n\n## next steps ##\n1. look\n"
    assert sections_of(text) == {
        Section.WHAT_HAPPENED: "it stopped",
        Section.DECISIONS: "stay in hold",
        Section.NEXT_STEPS: "1. look",
    }
    assert sections_of("# Decisions\n\n \n# Next steps\ngo") == {Section.NEXT_STEPS: "go"}
    assert sections_of("# Blame\nhim") is None


@given(st.dictionaries(st.sampled_from(list(Section)), st.text("ab \nü#", min_size=1), max_size=3))
def test_sections_read_back_what_was_written(sections):
    read = sections_of(text_of(sections))
    if read is not None:
        assert sections_of(text_of(read)) == read


@pytest.mark.row("P002-409", "D002-404")
def test_an_excerpt_is_bounded_and_begins_with_a_whole_line():
    block = b"rn line\n" + b"x" * 3000 + b"\nlast\xff\x1b[31m\n"
    lines = last_lines(block, whole=False)
    assert [line[:5] for line in lines] == ["xxxxx", "last\ufffd"]
    assert len(lines[0]) < LONGEST_LINE + 20
    assert "\x1b" not in lines[1]
    assert len(last_lines(b"a\n" * 500, whole=True)) == MOST_LINES
    assert last_lines(b"", whole=True) == []


def test_of_a_textfile_the_key_metrics_are_shown():
    text = "# TYPE a counter\npropbot_orders_submitted_total 4\nother 3\npropbot_router_latency_ms_count 4\n"
    assert samples(text) == ["propbot_orders_submitted_total 4", "propbot_router_latency_ms_count 4"]


@pytest.mark.row("P002-408")
def test_both_files_of_a_note_are_the_same_bytes_each_time_and_hold_every_required_field():
    snapshot = {"taken_at": AT, "runtime": "unavailable: runtime_unreachable", "log a": ["one ``` two"], "flags": {}}
    documents = {"s" * 64: json.dumps(snapshot), "t" * 64: "## Decisions\n\nstay\n\n## Next steps\n\nlook\n"}
    said = {"profile": "live", "venue": "okx", "why": "stale-p95", "flags": ("SAFE_MODE",)}
    found = note(record(1, OPENED, "s" * 64, author="watchkeeper", **said), record(2, WRITTEN, "t" * 64, author="al"))
    page, data = note_page(found, documents), note_json(found, documents)
    assert (page, data) == (note_page(found, documents), note_json(found, documents))
    text = page.decode()
    for part in (f"opened (UTC): {AT}", "profile: live", "venue: okx", "why: stale-p95", "flags: SAFE_MODE"):
        assert part in text
    assert "### Decisions\n\nstay" in text
    assert "### runtime\n\nunavailable: runtime_unreachable" in text
    assert "````\none ``` two\n````" in text
    assert json.loads(data)["snapshot"]["log a"] == ["one ``` two"]
    assert json.loads(note_json(found, {}))["snapshot"] == {"snapshot": "unavailable: the document was taken away"}


def test_a_line_of_a_note_says_words_and_counts():
    found = note(record(1, OPENED, "s" * 64, author="watchkeeper", sources=4, unavailable=1, flags=("A", "B")))
    said = said_of(found)
    assert (said["flags"], said["sources"], said["unavailable"], said["records"]) == (("A", "B"), 4, 1, 1)
