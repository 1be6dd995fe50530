"""What a release is made of, what its stamp says, and when the next is due (runbook 004, Release bundle)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.contracts.release import BUNDLE
from tasks.rules.outcome import Status
from tasks.rules.rebuild import Decision, announced, concluded, decide
from tasks.rules.release import (
    REQUIRED,
    Source,
    Stamp,
    bundle_blockers,
    bundle_name,
    changed_inputs,
    is_released,
    is_version,
    manifest_of,
    read_manifest,
    read_stamp,
    stamp_mismatches,
    stamp_of,
    written_manifest,
)

NOW = 1_700_000_000
DAY = 86_400
SOURCE = Source("1.2.3", "a" * 40, dirty=False)
SHA = "b" * 64
GOOD = dict.fromkeys(REQUIRED, b'{"status":"OK"}')
CONTENTS = st.dictionaries(st.text("abc/.", min_size=1, max_size=5), st.binary(max_size=5), max_size=5)


def stamped(**changes):
    document = json.loads(stamp_of(SOURCE, bundle_name("1.2.3", SHA), SHA, ts=NOW, frozen_now=None, evidence={}))
    return json.dumps(document | changes).encode()


def stamp_aged(age_s):
    return read_stamp(stamped(ts=NOW - age_s))


@pytest.mark.row("P004-515")
def test_the_stamp_has_the_four_fields_of_the_runbook():
    document = json.loads(stamped())
    assert [document[key] for key in ("version", "git_hash", "bundle_sha256", "ts")] == ["1.2.3", "a" * 40, SHA, NOW]
    assert "frozen_now" not in document


@pytest.mark.row("P004-515")
def test_the_evidence_is_an_in_toto_statement_about_the_bundle():
    statement = json.loads(stamped())["evidence"]
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["subject"] == [{"name": "watchkeeper-1.2.3-bbbbbbbbbbbb.zip", "digest": {"sha256": SHA}}]
    assert set(statement) == {"_type", "subject", "predicateType", "predicate"}


@pytest.mark.row("W004-526")
def test_a_frozen_clock_is_written_on_the_stamp():
    frozen = stamp_of(SOURCE, "w.zip", SHA, ts=NOW, frozen_now="2026-01-01T00:00:00Z", evidence={})
    assert json.loads(frozen)["frozen_now"] == "2026-01-01T00:00:00Z"


def test_a_stamp_reads_back():
    assert read_stamp(stamped()) == Stamp(
        "1.2.3", "a" * 40, SHA, NOW, "watchkeeper-1.2.3-bbbbbbbbbbbb.zip", False, SHA
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"ts": "1700000000"},
        {"ts": 1.5},
        {"ts": True},
        {"ts": None},
        {"bundle_sha256": "B" * 64},
        {"git_hash": "none"},
        {"version": ""},
        {"version": 1},
        {"bundle": "../../etc/passwd"},
        {"bundle": "a/b.zip"},
        {"bundle": ".zip"},
    ],
)
def test_a_stamp_with_a_field_that_is_not_what_it_must_be_is_none(changes):
    with pytest.raises(ValueError, match="not a stamp"):
        read_stamp(stamped(**changes))


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{}", b"\xff", b"[" * 100_000, b'{"ts":1}'])
def test_what_is_no_stamp_is_refused_as_one_kind_of_error(content):
    with pytest.raises(ValueError):
        read_stamp(content)


@pytest.mark.parametrize("evidence", [None, [], "x", {"subject": []}, {"subject": [1]}, {"subject": [{}, {}]}])
def test_evidence_about_nothing_does_not_match(evidence):
    stamp = read_stamp(stamped(evidence=evidence))
    assert stamp_mismatches(stamp, SHA, manifest_of(SOURCE, {})) == ("evidence",)


def test_every_field_that_differs_from_the_bundle_is_named():
    other = manifest_of(Source("9", "c" * 40, dirty=True), {})
    assert stamp_mismatches(read_stamp(stamped()), "d" * 64, other) == (
        "bundle_sha256",
        "evidence",
        "version",
        "git_hash",
        "dirty",
    )


@given(CONTENTS)
def test_a_manifest_reads_back_and_does_not_depend_on_the_order_of_a_disk(contents):
    manifest = manifest_of(SOURCE, contents)
    assert read_manifest(written_manifest(manifest)) == manifest
    assert manifest_of(SOURCE, dict(reversed(contents.items()))) == manifest


@given(CONTENTS, CONTENTS)
def test_inputs_are_changed_exactly_when_their_contents_are(before, after):
    changed = changed_inputs(manifest_of(SOURCE, before), manifest_of(SOURCE, after), evidence_counts=True)
    assert bool(changed) == (before != after)


def test_evidence_may_be_told_from_what_the_commit_holds():
    before = manifest_of(SOURCE, {"artifacts/KPI_GATE.json": b"1", "README.md": b"1"})
    after = manifest_of(SOURCE, {"artifacts/KPI_GATE.json": b"2", "README.md": b"1"})
    assert changed_inputs(before, after, evidence_counts=True) == ("sha256:artifacts/KPI_GATE.json",)
    assert changed_inputs(before, after, evidence_counts=False) == ()


@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        (SOURCE, Source("1.2.4", "a" * 40, False), True),
        (SOURCE, Source("1.2.3", "c" * 40, False), True),
        (SOURCE, Source("1.2.3", "a" * 40, True), False),  # a tree that somebody works in asks for no bundle
        (Source("1.2.3", "a" * 40, True), SOURCE, True),  # a clean one can replace a marked one
    ],
)
def test_another_commit_or_version_asks_for_a_new_bundle(old, new, changed):
    assert bool(changed_inputs(manifest_of(old, {}), manifest_of(new, {}), evidence_counts=False)) == changed


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"bundle":{"version":1}}', b"\xff"])
def test_what_is_no_manifest_is_refused(content):
    with pytest.raises(ValueError):
        read_manifest(content)


def test_all_required_inputs_and_a_good_validation_let_a_bundle_through():
    assert bundle_blockers(GOOD) == {}


def test_every_missing_input_is_named():
    assert bundle_blockers({}) == {"inputs_missing": REQUIRED}


@pytest.mark.parametrize(
    "validation",
    [b'{"status":"FAIL"}', b'{"status":"OK","result":"FAIL"}', b"{}", b"[]", b"", b'"OK"', b'{"status":true}'],
)
def test_a_validation_that_is_not_good_in_every_word_blocks(validation):
    blockers = bundle_blockers(GOOD | {"FULL_STACK_VALIDATION.json": validation})
    assert blockers == {"validation_failed": ("FULL_STACK_VALIDATION.json",)}


@pytest.mark.row("W004-524")
@pytest.mark.parametrize(
    ("validation", "blocked_by"),
    [
        (b'{"status":"OK","mode":"FULL"}', None),
        (b'{"status":"OK","mode":"FAST"}', "validation_fast"),
        (b'{"status":"OK","mode":null}', "validation_fast"),
        (b'{"status":"FAIL","mode":"FAST"}', "validation_failed"),
    ],
)
def test_a_validation_of_the_fast_checks_alone_opens_no_bundle(validation, blocked_by):
    blockers = bundle_blockers(GOOD | {"FULL_STACK_VALIDATION.json": validation})
    assert blockers == ({blocked_by: ("FULL_STACK_VALIDATION.json",)} if blocked_by else {})


@pytest.mark.parametrize(
    "path", ["README.md", "docs/runbook-001.md", "docs/adr/0001.md", "monitoring/grafana/a.json"]
)
def test_what_operators_need_is_released(path):
    assert is_released(path)


@pytest.mark.parametrize("path", ["flows/daily/x.py", "artifacts/KPI_GATE.json", ".env", "docs/picture.png"])
def test_nothing_else_of_the_commit_is(path):
    assert not is_released(path)


@pytest.mark.parametrize("version", ["0.1.0", "2026.11.21+build-3"])
def test_versions(version):
    assert is_version(version)


@pytest.mark.parametrize("version", ["", "../x", "1 2", "-1", "1\n", "v" * 42])
def test_no_versions(version):
    assert not is_version(version)


@pytest.mark.row("P004-518")
@pytest.mark.parametrize(
    ("age_s", "decision"),
    [
        (0, "SKIP"),
        (3 * DAY - 1, "SKIP"),
        (3 * DAY, "DUE"),
        (5 * DAY, "DUE"),
        (5 * DAY + 1, "OVERDUE"),
        (-60, "SKIP"),
        (-61, "DUE"),
    ],
)
def test_age_decides(age_s, decision):
    assert decide(stamp_aged(age_s), mismatched=False, changed=(), now=NOW).decision == decision


@pytest.mark.parametrize(
    ("stamp", "mismatched", "changed", "because"),
    [
        (None, False, (), ("no_stamp",)),
        (stamp_aged(0), True, (), ("bundle_mismatch",)),
        (stamp_aged(0), False, ("source",), ("inputs_changed",)),
        (stamp_aged(-DAY), False, (), ("stamp_from_the_future",)),
        (stamp_aged(4 * DAY), True, ("source",), ("bundle_mismatch", "inputs_changed", "age")),
    ],
)
def test_a_bundle_that_cannot_be_trusted_is_due_at_any_age(stamp, mismatched, changed, because):
    verdict = decide(stamp, mismatched=mismatched, changed=changed, now=NOW)
    assert verdict.decision is Decision.DUE
    assert verdict.because == because


@given(st.integers(-10 * DAY, 10 * DAY), st.booleans(), st.booleans())
def test_a_bundle_is_skipped_only_while_nothing_at_all_asks_for_it(age_s, mismatched, changed):
    verdict = decide(stamp_aged(age_s), mismatched=mismatched, changed=("x",) * changed, now=NOW)
    assert (verdict.decision is Decision.SKIP) == (not verdict.because)
    assert (verdict.decision is Decision.OVERDUE) == (age_s > 5 * DAY)


def lines(age_s, built=None):
    verdict = decide(stamp_aged(age_s), mismatched=False, changed=(), now=NOW)
    return [line.line for line in announced(verdict)], concluded(verdict, built)


READY, NO = BUNDLE.says(Status.OK), BUNDLE.says(Status.FAIL, "gate_failed")
DIRTY = BUNDLE.says(Status.FAIL, "dirty_tree")


def test_a_young_bundle_is_skipped():
    before, last = lines(DAY)
    assert before == ["NEED_REBUILD=0"]
    assert last.line == "event=bundle_auto decision=SKIP age_sec=86400 status=SKIP"
    assert last.exit_code == 0


def test_an_overdue_one_raises_an_alert_and_is_built():
    before, last = lines(6 * DAY, READY)
    assert before == ["NEED_REBUILD=1", "event=bundle_overdue status=ALERT age_sec=518400 limit_sec=432000"]
    assert last.line == "event=bundle_auto decision=OVERDUE age_sec=518400 status=BUILT because=age"


def test_a_gate_that_says_no_keeps_the_old_bundle_until_it_is_overdue():
    assert lines(4 * DAY, NO)[1].line.endswith(
        "decision=DUE age_sec=345600 status=KEPT reason=gate_failed because=age"
    )
    assert lines(4 * DAY, NO)[1].exit_code == 0
    assert lines(6 * DAY, NO)[1].exit_code == 1


def test_a_gate_that_says_no_fails_when_there_is_no_good_bundle_to_keep():
    verdict = decide(None, mismatched=False, changed=(), now=NOW)
    assert concluded(verdict, NO).line == (
        "event=bundle_auto decision=DUE status=FAIL reason=gate_failed because=no_stamp"
    )


def test_any_other_refusal_fails_the_run():
    assert lines(4 * DAY, DIRTY)[1].reason == "build_failed"
    assert lines(4 * DAY, DIRTY)[1].exit_code == 1
