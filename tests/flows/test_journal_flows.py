"""Runbook 004, Soak orchestration: the journal verified and replayed."""

from datetime import UTC, datetime

import pytest

from flows.soak.journal_verify import journal_verify
from flows.soak.soak_replay import soak_replay
from tasks.journal import append
from tasks.journal_heads import read_heads, spread_head
from tasks.rules.journal import Head
from tasks.rules.soak import CAPS, Facts, Phase, Thresholds, evaluate, fails_after, next_action
from tasks.rules.soak_record import Slot, tick_record
from tests.journals import chained, hash_of, head_of, journal_of, put, tick
from tests.soaks import keep_in_database

pytestmark = pytest.mark.usefixtures("prefect_server")
NOW = datetime(2026, 11, 21, 3, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "SOAK_JOURNAL.jsonl"


def line_of(capsys, flow, **parameters):
    flow(return_state=True, **parameters)
    (line,) = capsys.readouterr().out.splitlines()
    return line


@pytest.mark.row("P004-511")
def test_a_journal_with_its_heads_outside_is_proven(capsys, journal, operations_database):
    for _ in range(3):
        head = append(journal, tick(), now=NOW)
        keep_in_database(journal, head, NOW)
    spread_head(journal, head, NOW)
    assert (
        line_of(capsys, journal_verify, journal=str(journal))
        == f"journal_verify status=ok lines=3 head={head.hash} known=3 proof=database,artifact"
    )


@pytest.mark.row("P004-511")
def test_the_head_in_the_artifact_alone_shows_a_cut_journal(capsys, journal):
    lines = journal_of(5)
    put(journal, lines[:4])
    spread_head(journal, head_of(lines), NOW)
    assert read_heads(journal) == {"artifact": [head_of(lines)]}
    assert (
        line_of(capsys, journal_verify, journal=str(journal))
        == f"journal_verify status=fail reason=truncated lines=4 head={hash_of(lines[3])} known=5 proof=artifact"
    )


@pytest.mark.row("P004-512")
def test_without_any_head_a_whole_chain_is_unproven(capsys, journal):
    lines = put(journal, journal_of(5)).read_bytes().splitlines(keepends=True)
    state = journal_verify(journal=str(journal), return_state=True)
    assert capsys.readouterr().out == (
        f"journal_verify status=insufficient_data reason=unproven lines=5 head={hash_of(lines[-1])}\n"
    )
    assert state.name == "InsufficientData"


@pytest.mark.row("P004-510", "W004-515")
def test_a_damage_is_named_with_its_first_line(capsys, journal, operations_database):
    lines = journal_of(9)
    put(journal, [*lines[:3], lines[4], lines[3], *lines[5:]])
    keep_in_database(journal, head_of(lines), NOW)
    assert line_of(capsys, journal_verify, journal=str(journal)).startswith(
        "journal_verify status=fail reason=swapped lines=9 "
    )


@pytest.mark.row("P004-511")
def test_a_rewritten_journal_is_shown_by_the_database(capsys, journal, operations_database):
    keep_in_database(journal, head_of(journal_of(4)), NOW)
    put(journal, chained(tick(seq=n, reason="nicer") for n in range(1, 7)))
    assert " reason=rewritten lines=6 " in line_of(capsys, journal_verify, journal=str(journal))


@pytest.mark.row("P004-511")
def test_a_shorter_rewritten_journal_is_not_taken_for_a_cut_one(capsys, journal, operations_database):
    lines = journal_of(6)
    for count in range(1, 7):
        keep_in_database(journal, head_of(lines[:count]), NOW)
    put(journal, chained(tick(seq=n, reason="nicer") for n in range(1, 4)))
    assert " reason=rewritten lines=3 " in line_of(capsys, journal_verify, journal=str(journal))


def test_a_journal_that_is_not_there_is_missing(capsys, journal):
    assert (
        line_of(capsys, journal_verify, journal=str(journal)) == "journal_verify status=fail reason=journal_missing"
    )


@pytest.mark.row("D004-512")
def test_a_folder_in_the_place_of_the_journal_cannot_be_read(capsys, journal):
    journal.mkdir()
    assert (
        line_of(capsys, journal_verify, journal=str(journal)) == "journal_verify status=fail reason=journal_not_read"
    )


def put_soak(journal, latencies):
    """A canary with one tick for each p95."""
    fails, contents = 0, []
    for number, p95_ms in enumerate(latencies):
        facts = Facts(92.0, 3.0, 0.12, p95_ms, p95_ms, 10.0)
        decision = evaluate(facts, CAPS[Phase.CANARY], Thresholds())
        action = next_action(decision.verdict, fails)
        fails = fails_after(decision.verdict, fails)
        at = f"2026-11-{1 + number // 24:02}T{number % 24:02}:00:00Z"
        slot = Slot("soak-1", Phase.CANARY, "eu-west-1", at)
        contents.append(tick_record(slot, decision, action, facts, {}, Thresholds(), at))
    return put(journal, chained([dict(content) for content in contents]))


@pytest.mark.row("P004-513")
def test_a_replay_says_at_which_tick_other_limits_would_have_stopped_the_soak(capsys, journal):
    put_soak(journal, [300.0] * 29 + [330.0, 330.0] + [300.0] * 5)
    assert line_of(capsys, soak_replay, journal=str(journal)) == (
        "soak_replay status=ok ticks=36 same=36 different=0 warns=0 fails=0"
    )
    assert line_of(capsys, soak_replay, journal=str(journal), p95_ms_max=320.0) == (
        "soak_replay status=ok ticks=36 same=34 different=2 warns=0 fails=2 first_different=30 stopped_at=31"
        " limits=p95_ms_max:320"
    )


@pytest.mark.row("P004-513")
def test_a_replay_of_changed_decisions_or_of_none_fails(capsys, journal):
    put_soak(journal, [300.0, 400.0])
    lines = journal.read_bytes()
    journal.write_bytes(lines.replace(b"ROLLBACK_STEP", b"DISABLE_STRAT"))
    assert " reason=decisions_differ " in line_of(capsys, soak_replay, journal=str(journal))
    journal.write_bytes(lines + b"half a li")
    assert " reason=unreadable_lines " in line_of(capsys, soak_replay, journal=str(journal))
    put(journal, journal_of(3))
    assert line_of(capsys, soak_replay, journal=str(journal)) == (
        "soak_replay status=insufficient_data reason=no_facts ticks=3 same=0 different=0 unjudged=3 warns=0 fails=0"
    )


def test_a_head_that_somebody_made_up_in_the_note_does_not_pass(journal):
    put(journal, journal_of(3))
    spread_head(journal, Head(3, "f" * 64), NOW)
    assert journal_verify(journal=str(journal), return_state=True).is_failed()
