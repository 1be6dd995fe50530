"""Any single damage of a valid journal is found, in its line, under its own name."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tasks.journal_reading import verify
from tasks.rules.journal import Damage, Head, parsed, sealed
from tests.journals import chained, hash_of, head_of, journal_of, put, respaced, tick

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_JOURNALS = st.lists(
    st.tuples(_TEXTS, st.floats(allow_nan=False, allow_infinity=False)), min_size=3, max_size=12
).map(
    lambda contents: chained(
        tick(seq=number, recommendation=text, facts={"net_bps": net})
        for number, (text, net) in enumerate(contents, 1)
    )
)
_LONG = journal_of(1_200)
_many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def named(tmp_path: Path, lines: list[bytes], heads: list[Head] | None = None) -> tuple[Damage | None, int | None]:
    reading = verify(put(tmp_path / "J.jsonl", lines), heads or [])
    return reading.judged(heads) if heads is not None else reading.damage, reading.line


@pytest.mark.row("P004-510")
@_many
@given(lines=_JOURNALS, data=st.data())
def test_a_flipped_byte_is_found_in_its_line(tmp_path, lines, data):
    whole = bytearray(b"".join(lines))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    number = b"".join(lines)[:at].count(b"\n") + 1
    damage, line = named(tmp_path, [bytes(whole)])
    assert line == number
    spoiled = bytes(whole).split(b"\n")[number - 1] + b"\n"
    if at == len(whole) - 1:
        assert damage is Damage.TORN
    elif parsed(spoiled) == parsed(lines[number - 1]):  # another spelling of the same content: \u00E9 for \u00e9
        assert damage is Damage.RESPACED
    else:
        assert damage is Damage.FLIPPED


@pytest.mark.row("P004-510")
@_many
@given(lines=_JOURNALS, data=st.data())
def test_a_deleted_line_is_found_where_it_is_missing(tmp_path, lines, data):
    gone = data.draw(st.integers(0, len(lines) - 2))
    assert named(tmp_path, lines[:gone] + lines[gone + 1 :]) == (Damage.DELETED, gone + 1)


@pytest.mark.row("P004-510")
@_many
@given(lines=_JOURNALS, data=st.data())
def test_swapped_lines_are_found_at_the_first(tmp_path, lines, data):
    first, second = sorted(data.draw(st.lists(st.integers(0, len(lines) - 1), min_size=2, max_size=2, unique=True)))
    lines[first], lines[second] = lines[second], lines[first]
    assert named(tmp_path, lines) == (Damage.SWAPPED, first + 1)


@pytest.mark.row("P004-510")
@_many
@given(lines=_JOURNALS, data=st.data())
def test_a_duplicated_line_is_found_at_its_copy(tmp_path, lines, data):
    original = data.draw(st.integers(0, len(lines) - 1))
    copy = data.draw(st.integers(original + 1, len(lines)))
    lines.insert(copy, lines[original])
    assert named(tmp_path, lines) == (Damage.DUPLICATED, copy + 1)


@pytest.mark.row("P004-510")
@_many
@given(lines=_JOURNALS, data=st.data())
def test_a_torn_end_is_found_at_the_last_line(tmp_path, lines, data):
    kept = data.draw(st.integers(1, len(lines[-1]) - 1))
    assert named(tmp_path, [*lines[:-1], lines[-1][:kept]]) == (Damage.TORN, len(lines))
    assert named(tmp_path, [*lines[:-1], lines[-1][:kept]], [head_of(lines[:-1])])[0] is Damage.TORN
    assert named(tmp_path, [*lines[:-1], lines[-1][:kept]], [head_of(lines)])[0] is Damage.TRUNCATED


@pytest.mark.row("P004-510", "W004-519")
@_many
@given(lines=_JOURNALS, data=st.data())
def test_respaced_and_crlf_lines_are_found_though_their_content_is_the_same(tmp_path, lines, data):
    at = data.draw(st.integers(0, len(lines) - 1))
    assert named(tmp_path, [*lines[:at], respaced(lines[at]), *lines[at + 1 :]]) == (Damage.RESPACED, at + 1)
    crlf = lines[at][:-1] + b"\r\n"
    assert named(tmp_path, [*lines[:at], crlf, *lines[at + 1 :]]) == (Damage.CRLF, at + 1)


@pytest.mark.row("P004-511", "W004-519")
@_many
@given(lines=_JOURNALS, data=st.data())
def test_a_cut_end_shows_by_the_outside_head_and_by_nothing_else(tmp_path, lines, data):
    kept = lines[: data.draw(st.integers(1, len(lines) - 1))]
    assert named(tmp_path, kept)[0] is None
    assert named(tmp_path, kept, [])[0] is Damage.UNPROVEN
    assert named(tmp_path, kept, [head_of(lines)])[0] is Damage.TRUNCATED


@pytest.mark.row("P004-511", "W004-519")
@_many
@given(lines=_JOURNALS, data=st.data())
def test_a_rewrite_with_fresh_hashes_shows_by_the_outside_head_and_by_nothing_else(tmp_path, lines, data):
    at = data.draw(st.integers(0, len(lines) - 1))
    text = data.draw(_TEXTS)
    contents = [{key: value for key, value in json.loads(line).items() if not key.endswith("hash")} for line in lines]
    assume(contents[at]["recommendation"] != text)
    contents[at]["recommendation"] = text
    assert named(tmp_path, chained(contents))[0] is None
    assert named(tmp_path, chained(contents), [head_of(lines)])[0] is Damage.REWRITTEN


@_many
@given(lines=_JOURNALS, data=st.data())
def test_one_line_replaced_with_a_fresh_hash_shows_at_the_next(tmp_path, lines, data):
    at = data.draw(st.integers(0, len(lines) - 2))
    link = hash_of(lines[at - 1]) if at else "GENESIS"
    replaced, _ = sealed(tick(seq=at + 1, recommendation="it was never like this"), link)
    assert named(tmp_path, [*lines[:at], replaced, *lines[at + 1 :]]) == (Damage.REWRITTEN, at + 2)


@_many
@given(length=st.integers(600, 1_200), data=st.data())
def test_one_damage_in_a_long_journal_is_found_in_its_line_whatever_is_checked_at_once(tmp_path, length, data):
    lines = list(_LONG[:length])
    at = data.draw(st.integers(0, length - 2))
    spoil = data.draw(st.sampled_from(["flip", "delete", "swap", "duplicate"]))
    match spoil:
        case "flip":
            lines[at] = lines[at].replace(b"canary", b"canarz")
            expected = (Damage.FLIPPED, at + 1)
        case "delete":
            del lines[at]
            expected = (Damage.DELETED, at + 1)
        case "swap":
            lines[at], lines[at + 1] = lines[at + 1], lines[at]
            expected = (Damage.SWAPPED, at + 1)
        case _:
            lines.insert(at + 1, lines[at])
            expected = (Damage.DUPLICATED, at + 2)
    assert named(tmp_path, lines) == expected


@_many
@given(count=st.integers(1, 1_200))
def test_a_head_at_any_line_is_compared_with_the_hash_of_that_line(tmp_path, count):
    assert named(tmp_path, _LONG, [head_of(_LONG[:count])])[0] is None
    assert named(tmp_path, _LONG, [Head(count, "f" * 64)])[0] is Damage.REWRITTEN
