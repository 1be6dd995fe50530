"""Runbook 004, Daily routine step 3: what the ticks of a day come to."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.journal import Head
from tasks.rules.journal_proof import Proof
from tasks.rules.outcome import Status
from tasks.rules.soak_tally import Tally
from tasks.rules.soak_window import soak_told, window_of
from tests.journals import chained, hash_of, head_of, respaced, tick

BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 11, 20, tzinfo=UTC)
SINCE = int(START.timestamp())


def at(hour: int) -> str:
    return (START + timedelta(hours=hour)).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(*statuses: str, **changed: object) -> list[bytes]:
    """A journal with one tick an hour from 2026-11-20 on."""
    return chained(tick(seq=hour + 1, status=status, ts=at(hour), **changed) for hour, status in enumerate(statuses))


def tallied(lines: list[bytes], hours: int = 24, heads: tuple[Head, ...] = ()) -> Tally:
    tally = Tally(SINCE, SINCE + hours * 3600, proof=Proof(heads, inode=1))
    for line in lines:
        tally.add(line)
    return tally.settled()


@pytest.mark.row("W004-202", "D004-509")
@pytest.mark.parametrize(
    ("now", "zone", "start"),
    [
        ("2025-03-30T22:00", "Europe/Berlin", "2025-03-29T23:00"),  # the day of 23 hours
        ("2025-10-26T23:00", "Europe/Berlin", "2025-10-25T22:00"),  # the day of 25
        ("2025-04-07T06:00", "Europe/Berlin", "2025-04-06T06:00"),
        ("2025-03-30T22:00", "UTC", "2025-03-29T22:00"),
    ],
)
def test_24_hours_are_one_local_day_however_long_it_is(now, zone, start):
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    window = window_of(moment, ZoneInfo(zone), 24)
    assert window.start == datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert window.end == moment


def test_hours_that_are_no_whole_days_are_elapsed_time():
    now = datetime(2025, 3, 30, 12, tzinfo=UTC)
    assert window_of(now, BERLIN, 5).start == now - timedelta(hours=5)
    assert window_of(now, BERLIN, 29).elapsed_hours == 28


@given(st.integers(0, 366 * 1440), st.integers(1, 8784))
def test_a_window_is_never_more_than_an_hour_off_its_hours(minute, hours):
    window = window_of(START + timedelta(minutes=minute), BERLIN, hours)
    assert abs(window.elapsed_hours - hours) <= 1


def test_a_good_day_is_ok_with_its_last_tick():
    line = soak_told(tallied(day(*["CONTINUE"] * 24))).line
    assert line == (
        "event=daily_digest_soak result=OK cont=24 warn=0 fail=0 actions=0"
        f" last_ts={SINCE + 23 * 3600} chain=unproven"
    )


@pytest.mark.parametrize(
    ("statuses", "status", "reason"),
    [
        (["CONTINUE", "WARN"], Status.PARTIAL, None),
        (["CONTINUE", "WARN", "FAIL"], Status.UNHEALTHY, None),
        (["CONTINUE", "GAP"], Status.PARTIAL, "slots_missed"),
        (["INCONCLUSIVE"], Status.PARTIAL, "no_traffic"),
        (["GAP"], Status.INSUFFICIENT_DATA, "no_ticks"),
        ([], Status.INSUFFICIENT_DATA, "no_ticks"),
    ],
)
def test_the_worst_of_the_window_is_its_result(statuses, status, reason):
    outcome = soak_told(tallied(day(*statuses)))
    assert (outcome.status, outcome.reason) == (status, reason)


def test_an_action_counts_as_one_and_a_repair_does_not():
    assert tallied(day("WARN", "WARN", action="TUNE_DRY")).actions == 2
    tally = tallied(day("CONTINUE", "REPAIR", action="JOURNAL_REPAIR"))
    assert (tally.actions, tally.ticks) == (1, 1)


@pytest.mark.row("W004-203")
def test_the_window_has_an_end_and_a_beginning_both_included():
    lines = day(*["CONTINUE"] * 49)
    tally = tallied(lines, hours=24)
    assert (tally.of("CONTINUE"), tally.future) == (25, 24)
    outcome = soak_told(tally)
    assert (outcome.status, outcome.reason) == (Status.PARTIAL, "ticks_in_future")


@pytest.mark.row("W004-204")
def test_a_torn_last_line_is_told_and_the_others_still_count():
    lines = day("CONTINUE", "CONTINUE", "FAIL")
    tally = tallied([*lines[:2], lines[2][:40]])
    assert (tally.of("CONTINUE"), tally.chain) == (2, "torn")
    assert soak_told(tally).reason == "journal_torn"
    assert soak_told(tally).status is Status.PARTIAL


@pytest.mark.row("W004-204")
@pytest.mark.parametrize(
    ("damage", "word"),
    [
        (lambda lines: lines[1].replace(b"FAIL", b"WARN"), "flipped"),
        (lambda lines: lines[1].replace(b"ok", b"\xff\xfe"), "flipped"),
        (lambda lines: respaced(lines[1]), "respaced"),
        (lambda _: b"", "broken"),
        (lambda lines: lines[0], "broken"),
    ],
)
def test_one_damaged_line_is_never_ok_and_hides_no_other(damage, word):
    lines = day("CONTINUE", "FAIL", "CONTINUE", "CONTINUE")
    damaged = [line for line in (lines[0], damage(lines), *lines[2:]) if line]
    tally = tallied(damaged)
    assert tally.chain == word
    assert tally.of("CONTINUE") >= 3
    assert soak_told(tally).status is Status.UNHEALTHY


@pytest.mark.row("W004-534")
@pytest.mark.parametrize(
    ("kept", "inode", "chain", "status"),
    [
        (slice(None), 1, "ok", Status.OK),
        (slice(20), 1, "truncated", Status.UNHEALTHY),
        (slice(20), 2, "older_copy", Status.UNHEALTHY),
    ],
)
def test_the_newest_outside_head_shows_a_cut_journal_and_an_older_copy(kept, inode, chain, status):
    lines = day(*["CONTINUE"] * 24)
    head = Head(24, hash_of(lines[-1]), inode)
    tally = tallied(lines[kept], heads=(head,))
    assert (tally.chain, soak_told(tally).status) == (chain, status)


@pytest.mark.row("W004-534")
def test_a_rewritten_journal_is_shown_by_any_head_and_a_torn_one_is_torn_only_if_its_head_is_there():
    lines = day(*["CONTINUE"] * 24)
    other = day(*["CONTINUE"] * 24, reason="nicer")
    assert tallied(other, heads=(head_of(lines[:9]),)).chain == "rewritten"
    assert tallied([*lines[:-1], lines[-1][:50]], heads=(head_of(lines[:-1]),)).chain == "torn"
    assert tallied([*lines[:-1], lines[-1][:50]], heads=(head_of(lines),)).chain == "truncated"


@pytest.mark.row("W004-534")
@pytest.mark.parametrize(("seen", "chain"), [("ok", "ok"), ("other", "rewritten")])
def test_a_head_in_the_middle_of_many_lines_is_compared_too(seen, chain):
    lines, seen_lines = day(*["CONTINUE"] * 24), day(*["CONTINUE"] * 24, reason=seen)
    tally = Tally(SINCE, SINCE + 86_400, proof=Proof([head_of(seen_lines[:9])]))
    tally.add_all(lines[:1])
    tally.add_all(lines[1:])
    assert (tally.settled().chain, tally.of("CONTINUE")) == (chain, 24)


@pytest.mark.row("W004-534")
def test_a_head_from_before_the_stretch_and_a_journal_without_numbers_prove_nothing():
    lines = day(*["CONTINUE"] * 24)
    late = Tally(SINCE, SINCE + 86_400, link=None, proof=Proof([head_of(lines[:3])]))
    late.add_all(lines[10:])
    assert late.settled().chain == "unproven"
    unnumbered = chained(tick(ts=at(hour)) for hour in range(3))
    assert tallied(unnumbered, heads=(Head(9, "f" * 64),)).chain == "unproven"


@pytest.mark.row("W004-520", "D004-507")
def test_a_clock_that_went_back_is_told_and_the_lines_still_count():
    lines = chained(tick(seq=n, ts=at(hour)) for n, hour in enumerate((5, 6, 4, 7), 1))
    tally = tallied(lines)
    assert (tally.of("CONTINUE"), tally.back) == (4, 1)
    outcome = soak_told(tally)
    assert (outcome.status, outcome.reason) == (Status.PARTIAL, "clock_went_back")
    assert tallied(chained(tick(seq=n, ts=at(5)) for n in (1, 2))).back == 0


def test_what_became_of_an_action_is_no_tick_and_no_second_action():
    tally = tallied(day("FAIL", "ACTION", action="ROLLBACK_STEP"))
    assert (tally.ticks, tally.actions, tally.chain) == (1, 1, "unproven")


_STATUSES = st.sampled_from(["CONTINUE", "WARN", "FAIL", "INCONCLUSIVE", "GAP", "REPAIR", "ACTION", "SPLENDID"])
_TICKS = st.lists(
    st.tuples(_STATUSES, st.integers(0, 60), st.sampled_from(["NONE", "TUNE_DRY"]), st.text(max_size=3)), max_size=12
)


@given(_TICKS, st.integers(0, 12), st.sampled_from([None, 3, 9]), st.booleans())
def test_counting_at_a_glance_gives_what_counting_line_by_line_gives(ticks, cut, headed, damaged):
    lines = chained(
        tick(seq=n, status=status, ts=at(hour), action=action, reason=f'"status":"{text}')
        for n, (status, hour, action, text) in enumerate(sorted(ticks, key=lambda one: one[1]), 1)
    )
    heads = (head_of(lines[:headed]),) if headed and len(lines) >= headed else ()
    if damaged and lines:
        lines[len(lines) // 2] = lines[len(lines) // 2].replace(b"canary", b"canarz")
    at_once = Tally(SINCE, SINCE + 86_400, proof=Proof(heads))
    at_once.add_all(lines[:cut])
    at_once.add_all(lines[cut:])
    one_by_one = Tally(SINCE, SINCE + 86_400, proof=Proof(heads))
    for line in lines:
        one_by_one.add(line)
    assert soak_told(at_once.settled()) == soak_told(one_by_one.settled())


def test_a_line_of_garbage_is_damage_and_so_is_a_status_that_nobody_knows():
    assert tallied([*day("CONTINUE"), b"\n"]).chain == "flipped"
    assert tallied(day("CONTINUE", "SPLENDID")).chain == "flipped"


@given(st.lists(st.binary(max_size=60).map(lambda raw: raw + b"\n"), max_size=5))
def test_no_line_whatever_makes_the_count_crash(lines):
    assert soak_told(tallied(lines)).status in (Status.UNHEALTHY, Status.INSUFFICIENT_DATA)
