"""The journal's law on its own: the recipe of the hash, and the name of every damage."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.rules.journal import (
    GENESIS,
    Chain,
    Damage,
    Head,
    Place,
    damage_by_heads,
    damage_of_line,
    damage_of_link,
    own_hash,
    parsed,
    sealed,
)
from tests.journals import CHECKED_HASH, chained, hash_of, journal_of, respaced, tick


@pytest.mark.row("P004-509")
def test_the_checked_example_of_the_runbook_has_its_hash():
    line, own = sealed(tick(), GENESIS)
    assert own == CHECKED_HASH
    assert json.loads(line)["hash"] == CHECKED_HASH


@pytest.mark.row("P004-509")
def test_a_line_is_canonical_ascii_with_sorted_keys_and_one_newline():
    line, _ = sealed(tick(recommendation="größer \n ☃"), GENESIS)
    record = parsed(line)
    assert record is not None
    assert list(record) == sorted(record)
    assert json.dumps(record, separators=(",", ":")).encode() + b"\n" == line
    assert line.isascii()
    assert line.count(b"\n") == 1


def test_keys_of_later_versions_are_covered_by_the_hash_and_harm_no_reader():
    line, own = sealed(tick(seq=7, slot="2026-11-21T01:00:00Z", zone="x"), GENESIS)
    rest = {key: value for key, value in json.loads(line).items() if key != "hash"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    assert hashlib.sha256(text.encode()).hexdigest() == own


@pytest.mark.parametrize("content", [{"hash": "x"}, {"facts": {"prev_hash": "x"}}, {"facts": [{"hash": 1}]}])
def test_nobody_else_may_use_the_names_of_the_chain(content):
    with pytest.raises(ValueError, match="hash"):
        sealed(tick(**content), GENESIS)


@pytest.mark.parametrize("content", [{"facts": float("nan")}, {"facts": "x" * 20_000}])
def test_what_is_not_json_or_has_no_end_is_never_written(content):
    with pytest.raises(ValueError):
        sealed(tick(**content), GENESIS)


def test_a_whole_journal_carries_on_to_its_end():
    lines = journal_of(50)
    chain = Chain()
    assert chain.follow(lines) is None
    assert (chain.count, chain.link) == (50, hash_of(lines[-1]))


_ALIKE = journal_of(40)


def test_a_leap_needs_lines_laid_out_alike_and_ends_where_following_does():
    leaping, following = Chain(), Chain()
    assert not leaping.leap(_ALIKE)  # the first line's `GENESIS` is shorter than a hash
    assert leaping.follow(_ALIKE[:1]) is None
    assert leaping.leap(_ALIKE[1:9])
    assert leaping.leap(_ALIKE[10:11]) is False
    assert leaping.leap(_ALIKE[9:10]) and leaping.leap(_ALIKE[10:])
    assert following.follow(_ALIKE) is None
    assert leaping == following


@given(st.data())
def test_a_leap_is_never_made_over_a_line_that_does_not_carry_on(data):
    start = data.draw(st.integers(1, 30))
    lines = _ALIKE[start:]
    at = data.draw(st.integers(0, len(lines) - 1))
    spoiled = bytearray(lines[at])
    spoiled[data.draw(st.integers(0, len(spoiled) - 2))] ^= data.draw(st.integers(1, 255))
    wrong = [
        [*lines[:at], bytes(spoiled), *lines[at + 1 :]],
        [*lines[:at], *lines[at + 1 :]] if at + 1 < len(lines) else [lines[0], lines[0]],
        [*lines[:at], lines[at], *lines[at:]],
        [*lines[at:], *lines[:at]] if at else [lines[0][:-1] + b"\r\n"],
    ]
    for journal in wrong:
        chain = Chain(start, hash_of(_ALIKE[start - 1]))
        assert not chain.leap(journal)
        assert (chain.count, chain.link) == (start, hash_of(_ALIKE[start - 1]))


def test_following_stops_at_the_first_line_that_does_not_carry_on():
    lines = journal_of(5)
    chain = Chain()
    assert chain.follow([lines[0], lines[2]]) == lines[2]
    assert (chain.count, chain.link) == (1, hash_of(lines[0]))


@pytest.mark.parametrize(
    ("spoil", "damage"),
    [
        (lambda line: line, None),
        (lambda line: line[:-1], Damage.TORN),
        (lambda line: line[:40], Damage.TORN),
        (lambda line: line[:-1] + b"\r\n", Damage.CRLF),
        (respaced, Damage.RESPACED),
        (lambda line: line.replace(b"0.05", b"5e-2"), Damage.RESPACED),
        (lambda line: line.replace(b"CONTINUE", b"CONTINUF"), Damage.FLIPPED),
        (lambda line: line.replace(b"canary", b"can\xe1ry"), Damage.FLIPPED),
        (lambda line: line.replace(b"0.05", b"NaN"), Damage.FLIPPED),
        (lambda _: b"\x00" * 60 + b"\n", Damage.FLIPPED),
        (lambda _: b"[" * 5000 + b"\n", Damage.FLIPPED),
        (lambda _: b"[]\n", Damage.FLIPPED),
        (lambda _: b"\n", Damage.FLIPPED),
    ],
)
def test_the_damage_of_a_single_line_has_a_name(spoil, damage):
    assert damage_of_line(spoil(sealed(tick(), GENESIS)[0])) is damage


def test_a_line_that_stands_twice_is_duplicated_wherever_its_parent_is():
    line = journal_of(2)[1]
    assert damage_of_link(line, parent=Place.BEFORE, repeated=True, line_before=line) is Damage.DUPLICATED


def test_a_parent_further_down_means_swapped_and_one_further_up_means_forked():
    first, _, third = journal_of(3)
    assert damage_of_link(third, parent=Place.AFTER, repeated=False, line_before=first) is Damage.SWAPPED
    assert damage_of_link(third, parent=Place.BEFORE, repeated=False, line_before=first) is Damage.FORKED


def test_a_missing_parent_means_deleted_unless_the_numbers_go_on():
    first, second, third = journal_of(3)
    replaced = sealed(tick(seq=2, reason="ok but not it"), hash_of(first))[0]
    assert damage_of_link(third, parent=Place.NOWHERE, repeated=False, line_before=first) is Damage.DELETED
    assert damage_of_link(third, parent=Place.NOWHERE, repeated=False, line_before=replaced) is Damage.REWRITTEN
    assert own_hash(second)


def test_a_new_genesis_in_the_middle_is_a_restart():
    line = chained([tick()])[0]
    assert damage_of_link(line, parent=Place.NOWHERE, repeated=False, line_before=line) is Damage.RESTARTED


@pytest.mark.parametrize(
    ("heads", "damage"),
    [
        ([], Damage.UNPROVEN),
        ([Head(10, "h10")], None),
        ([Head(7, "h7"), Head(10, "h10")], None),
        ([Head(7, "other")], Damage.REWRITTEN),
        ([Head(12, "h12")], Damage.TRUNCATED),
        ([Head(12, "h12", inode=1)], Damage.TRUNCATED),
        ([Head(12, "h12", inode=2)], Damage.OLDER_COPY),
        ([Head(12, "h12", inode=2), Head(7, "other")], Damage.REWRITTEN),
        ([Head(0, "GENESIS")], None),
    ],
)
def test_outside_heads_show_what_the_chain_cannot(heads, damage):
    assert damage_by_heads(Head(10, "h10", inode=1), heads, {7: "h7", 10: "h10"}) is damage
