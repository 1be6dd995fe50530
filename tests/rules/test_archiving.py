"""What goes into an archive and what stays out, with the reason (runbook 004, Artifacts)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.archiving import (
    KEY_FILES,
    MIB,
    Archived,
    Caps,
    Entry,
    Reason,
    Skipped,
    archive_told,
    caps_for,
    is_excluded,
    is_utf8,
    select,
)
from tasks.rules.artifacts import canonical_json
from tasks.rules.manifests import Packed, Promises, differences, manifest_of, promises_of

PATHS = st.text("ab/.", min_size=1, max_size=6) | st.sampled_from(KEY_FILES)
ENTRIES = st.lists(
    st.builds(
        Entry,
        PATHS,
        st.integers(0, 50),
        st.integers(0, 9),
        st.none() | st.sampled_from((Reason.SYMLINK, Reason.VANISHED)),
    ),
    unique_by=lambda entry: entry.path,
    max_size=12,
)
CAPS = st.builds(Caps, st.none() | st.integers(1, 6), st.none() | st.integers(1, 99), st.none() | st.just((".a",)))
DIGESTS = st.sampled_from(("0" * 64, "f" * 64))
FILES = st.lists(st.builds(Packed, PATHS, st.integers(0, 3), DIGESTS), unique_by=lambda file: file.path, max_size=6)


def chosen(*entries, **caps):
    return [entry.path for entry in select(entries, Caps(**caps)).chosen]


def cut(*entries, **caps):
    return {skipped.path: skipped.reason for skipped in select(entries, Caps(**caps)).skipped}


@given(ENTRIES, CAPS)
def test_every_entry_is_either_chosen_or_skipped_with_a_reason(entries, caps):
    selection = select(entries, caps)
    named = [*(e.path for e in selection.chosen), *(s.path for s in selection.skipped)]
    assert sorted(named) == sorted(entry.path for entry in entries)


@given(ENTRIES, CAPS)
def test_the_caps_hold_and_nothing_that_cannot_be_archived_goes_in(entries, caps):
    inside = select(entries, caps).chosen
    assert caps.max_files is None or len(inside) <= caps.max_files
    assert caps.max_bytes is None or sum(entry.size for entry in inside) <= caps.max_bytes
    assert not any(entry.problem for entry in inside)


@pytest.mark.row("W004-503")
@given(st.data())
def test_the_order_in_which_a_disk_lists_its_files_changes_nothing(data):
    entries, caps = data.draw(ENTRIES), data.draw(CAPS)
    assert select(data.draw(st.permutations(entries)), caps) == select(entries, caps)


@given(ENTRIES, CAPS)
def test_what_was_skipped_for_a_count_is_never_newer_than_what_went_in(entries, caps):
    selection = select(entries, caps)
    by_path = {entry.path: entry for entry in entries}
    skipped = [by_path[s.path] for s in selection.skipped if s.reason is Reason.OVER_MAX_FILES]
    newest_cut = max((e.mtime_ns for e in skipped if e.path not in KEY_FILES), default=0)
    assert all(e.mtime_ns >= newest_cut for e in selection.chosen if e.path not in KEY_FILES)


def test_key_files_go_first_whatever_their_age_and_then_the_newest():
    entries = [Entry("new.md", 1, 9), Entry("old.md", 1, 1), Entry("KPI_GATE.json", 1, 0)]
    assert chosen(*entries, max_files=2) == ["KPI_GATE.json", "new.md"]
    assert cut(*entries, max_files=2) == {"old.md": Reason.OVER_MAX_FILES}


def test_a_key_file_counts_only_at_the_top_of_the_folder():
    assert chosen(Entry("x/KPI_GATE.json", 1, 0), Entry("new.md", 1, 9), max_files=1) == ["new.md"]


@pytest.mark.row("W004-506")
def test_one_file_that_is_too_large_does_not_empty_the_archive():
    entries = [Entry("huge.log", 101, 9), Entry("a.md", 60, 8), Entry("b.md", 60, 7), Entry("c.md", 40, 6)]
    assert chosen(*entries, max_bytes=100) == ["a.md", "c.md"]
    assert cut(*entries, max_bytes=100) == {"huge.log": Reason.FILE_OVER_MAX_MB, "b.md": Reason.OVER_MAX_MB}


def test_a_file_of_exactly_the_cap_goes_in():
    assert chosen(Entry("a", 100), max_bytes=100) == ["a"]


def test_the_archive_is_sorted_bytewise():
    assert chosen(Entry("b"), Entry("a/z"), Entry("a.md"), Entry("ä")) == ["a.md", "a/z", "b", "ä"]


@pytest.mark.row("P004-501")
def test_fast_mode_has_caps_of_its_own_and_full_mode_has_none():
    assert caps_for(fast=True, max_files=None, max_mb=None).max_files == 300
    assert caps_for(fast=True, max_files=None, max_mb=None).max_bytes == 5 * MIB
    assert caps_for(fast=False, max_files=None, max_mb=None) == Caps()


@pytest.mark.row("P004-502")
def test_a_cap_that_was_asked_for_counts_in_either_mode():
    assert caps_for(fast=True, max_files=2, max_mb=3) == Caps(2, 3 * MIB, (".json", ".jsonl", ".md", ".log"))
    assert caps_for(fast=False, max_files=2, max_mb=0.5) == Caps(2, MIB // 2)


def test_fast_mode_takes_the_formats_people_read_in_any_spelling():
    caps = {"suffixes": (".json",)}
    assert cut(Entry("a.JSON"), Entry("b.png"), Entry("json"), **caps) == {
        "b.png": Reason.FORMAT,
        "json": Reason.FORMAT,
    }


@pytest.mark.row("W004-504")
@pytest.mark.parametrize("name", ["failures", "Failures", "ARCHIVE", "tmp", "TMP"])
def test_a_name_is_excluded_in_any_spelling(name):
    assert is_excluded(name, ("Tmp",))


def test_a_name_that_only_begins_like_an_excluded_one_is_not():
    assert not is_excluded("failures2", ("tmp",))


def test_a_name_that_is_not_utf8_is_seen():
    assert is_utf8("ä/☃")
    assert not is_utf8(b"\xff.json".decode("utf-8", "surrogateescape"))


def test_the_manifest_reads_back_as_what_it_promises_and_holds_no_time():
    files = [Packed("a.md", 3, "0" * 64)]
    skipped = [
        Skipped("l", Reason.SYMLINK),
        Skipped(b"\xff".decode("utf-8", "surrogateescape"), Reason.NAME_NOT_UTF8),
    ]
    written = canonical_json(manifest_of(Packed("artifacts.tar.zst", 9, "f" * 64), files, skipped, Caps(2)))
    assert promises_of(written) == Promises((Packed("artifacts.tar.zst", 9, "f" * 64),), tuple(files))
    assert json.loads(written)["skipped"] == [
        {"path": "l", "reason": "symlink"},
        {"path": "\\xff", "reason": "name_not_utf8"},
    ]
    assert b"time" not in written


@pytest.mark.parametrize("garbage", [b"", b"[]", b"null", b"\xff", b'{"archive":{}}', b'{"archive":1,"files":2}'])
def test_what_is_no_manifest_is_refused_as_one_kind_of_error(garbage):
    with pytest.raises(ValueError):
        promises_of(garbage)


@given(FILES)
def test_an_archive_that_is_as_promised_has_no_differences(files):
    assert differences(files, reversed(files)) == ()


@given(FILES, FILES)
def test_any_other_contents_have_differences(promised, found):
    assert bool(differences(promised, found)) == (set(promised) != set(found))


def test_differences_are_named():
    promised = [Packed("a", 1, "0"), Packed("b", 1, "0"), Packed("c", 1, "0")]
    found = [Packed("b", 2, "0"), Packed("c", 1, "1"), Packed("d", 1, "0"), Packed("d", 1, "0")]
    assert differences(promised, found) == ("twice:d", "missing:a", "bytes:b", "sha256:c", "extra:d")


def line_of(**skipped):
    done = Archived("d", "a" * 64, 10, 2, 20, {Reason[name]: count for name, count in skipped.items()})
    return archive_told(done, "artifacts/archive/x").line


def test_what_was_asked_for_leaves_the_archive_whole():
    assert line_of(EXCLUDED=2, SYMLINK=1).startswith(
        "event=archive status=OK files=2 skipped=3 dst=artifacts/archive/x cut=excluded:2,symlink:1 bytes=20"
    )
    assert line_of().startswith("event=archive status=OK files=2 skipped=0 dst=artifacts/archive/x bytes=20")


@pytest.mark.parametrize("reason", ["OVER_MAX_FILES", "OVER_MAX_MB", "FILE_OVER_MAX_MB", "UNREADABLE", "VANISHED"])
def test_a_cap_that_cut_something_makes_the_archive_a_partial_one(reason):
    assert line_of(**{reason: 1}).startswith("event=archive status=PARTIAL files=2 skipped=1 ")
