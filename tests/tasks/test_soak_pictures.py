"""A soak as a picture and as a page."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tasks.rules.journal import Head
from tasks.rules.soak import Phase, Thresholds
from tasks.rules.soak_progress import FOURTEEN_DAYS, Seen, State
from tasks.rules.soak_standing import Point, Standing
from tasks.soak_evidence import key_of, show_soak
from tasks.soak_pictures import draw_soak
from tasks.step import without_server

START = datetime(2026, 11, 21, tzinfo=UTC)
SOAK = Standing(
    *("2026-11-21", "eu-west-1", Phase.SHADOW, State.ACTIVE, dict(FOURTEEN_DAYS), 3600.0, START),
    Seen({"CONTINUE": 48}),
    head=Head(48, "ab" * 32),
)
LAST = Point(
    *(START + timedelta(hours=47), Phase.SHADOW, "eu-west-1", "CONTINUE", "NONE", "ok"),
    net_bps=3.0,
    p95_ms=300.0,
    p99_ms=400.0,
)
GOOD = [replace(LAST, slot=START + timedelta(hours=hour)) for hour in range(48)]


@pytest.fixture(scope="module")
def good():
    """The picture of 48 good hours."""
    return draw_soak(SOAK, GOOD)


@pytest.mark.row("P004-407")
def test_the_picture_is_a_png_and_the_same_slots_give_the_same_bytes(good):
    assert good.startswith(b"\x89PNG")
    assert draw_soak(SOAK, GOOD) == good


@pytest.mark.row("P004-407")
@pytest.mark.parametrize(
    "changed",
    [
        {"net_bps": 2.2, "status": "WARN"},
        {"net_bps": 1.2, "status": "FAIL"},
        {"p95_ms": 380.0},
        {"p99_ms": 500.0},
        {"net_bps": None, "p95_ms": None, "p99_ms": None},
        {"rung": 1},
        {"status": "GAP"},
        {"phase": Phase.CANARY},
        {"limits": Thresholds(p95_ms_max=360)},
    ],
    ids=str,
)
def test_what_one_slot_says_is_seen(good, changed):
    assert draw_soak(SOAK, [*GOOD[:-1], replace(LAST, **changed)]) != good


def test_what_lies_ahead_has_its_room(good):
    assert draw_soak(replace(SOAK, state=State.STOPPED), GOOD) != good


def test_a_soak_without_a_slot_and_one_of_seconds_get_a_picture_too():
    assert draw_soak(SOAK, []).startswith(b"\x89PNG")
    assert draw_soak(replace(SOAK, every_s=1.0), [LAST]).startswith(b"\x89PNG")


def test_the_picture_is_small_because_there_is_one_for_every_hour(good):
    assert len(good) < 40_000


@pytest.mark.row("P004-407")
def test_the_picture_is_a_file_too(tmp_path, monkeypatch):
    monkeypatch.setenv("ARTIFACTS_URL", str(tmp_path))
    with without_server():
        place = show_soak(replace(SOAK, soak="a:b"), GOOD)
    assert place == str(tmp_path / "soak" / "a-b.png")
    assert (tmp_path / "soak" / "a-b.png").read_bytes().startswith(b"\x89PNG")


def test_a_rehearsal_never_stands_in_the_place_of_the_soak():
    assert key_of(SOAK) == "soak-eu-west-1"
    assert key_of(replace(SOAK, clock="scaled")) == "soak-rehearsal-eu-west-1"
