"""Runbook 003, Release Checklist: what is evidence, and everything that speaks against it."""

from datetime import UTC, datetime, timedelta

import pytest

from tasks.rules.acceptance import Reading
from tasks.rules.load.archive import Archived
from tasks.rules.outcome import Status
from tasks.rules.services.checklist import (
    Bounds,
    Item,
    checklist_said,
    is_named,
    item_said,
    load_item,
    quality_item,
    smoke_item,
)

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BOUNDS = Bounds()
RESULT = {
    "samples": 990,
    "failures": 0,
    "p50_ms": 5.0,
    "p95_ms": 20.0,
    "p99_ms": 40.0,
    "max_ms": 60.0,
    "error_rate_percent": 0.0,
}
PHASES = ("webhook_signed", "api_heartbeat", "parallel_epic_trigger", "websocket_connect")


def document(hours=1, **fields):
    return Reading({"status": "OK", "mode": "FULL", "ts": int((NOW - timedelta(hours=hours)).timestamp()), **fields})


def smoke(status, hours=1):
    return document(hours, status="pass", steps=[{"name": "docker", "status": status}])


def load(hours=1, name=None, written=None, **changes):
    at = NOW - timedelta(hours=hours)
    results = dict.fromkeys(PHASES, RESULT)
    results["api_heartbeat"] = RESULT | changes.pop("result", {})
    whole = {"timestamp_utc": at.isoformat(), "config": {}, "results": results, "verdict": {"accepted": True}}
    return Archived(name or f"{at:%Y-%m-%dT%H%M%SZ}_phase5_load.json", written or NOW, whole | changes)


def judged(*files, notes=None):
    return load_item(
        files, "\n".join(f"see benchmarks/results/{f.name}" for f in files) if notes is None else notes, NOW, BOUNDS
    )


@pytest.mark.row("P003-640")
def test_a_good_validation_of_today_passes():
    assert quality_item(document(), NOW, BOUNDS).reasons == ()


@pytest.mark.row("P003-640", "D003-640")
@pytest.mark.parametrize(
    ("reading", "reasons"),
    [
        (Reading(problems=("missing",)), ("evidence_missing",)),
        (Reading(problems=("bad_json",)), ("evidence_invalid",)),
        (document(25), ("evidence_old",)),
        (document(-1), ("from_the_future",)),
        (document(status="FAIL"), ("not_passed",)),
        (document(mode="FAST"), ("fast_only",)),
        (document(runtime={"frozen_now": "2026-11-21T12:00:00Z"}), ("frozen_clock",)),
        (document(25, status="FAIL", mode="FAST"), ("evidence_old", "not_passed", "fast_only")),
    ],
)
def test_everything_that_speaks_against_the_validation_is_named(reading, reasons):
    assert quality_item(reading, NOW, BOUNDS).reasons == reasons


@pytest.mark.row("P003-641", "W003-640")
@pytest.mark.parametrize(
    ("reading", "reasons"),
    [
        (smoke("pass"), ()),
        (smoke("fail"), ("not_passed",)),
        (smoke("skipped"), ("step_skipped",)),
        (document(steps=[]), ("step_skipped",)),
        (smoke("pass", hours=25), ("evidence_old",)),
    ],
)
def test_a_smoke_that_was_skipped_has_not_passed(reading, reasons):
    assert smoke_item("docker_smoke", "docker", reading, NOW, BOUNDS).reasons == reasons


@pytest.mark.row("P003-642")
def test_good_load_evidence_that_the_notes_name_passes():
    item = judged(load())
    assert (item.reasons, item.at) == ((), NOW - timedelta(hours=1))


@pytest.mark.row("P003-642")
@pytest.mark.parametrize(
    ("file", "reasons"),
    [
        (load(24 * 8), ("evidence_old",)),
        (load(verdict={"accepted": False}), ("not_accepted",)),
        (load(results={"webhook": RESULT}), ("phases_missing",)),
        (load(result={"failures": 110, "samples": 890}), ("error_rate_high",)),
        (load(result={"p95_ms": 501.0}), ("p95_high",)),
        (load(result={"p99_ms": 1001.0}), ("p99_high",)),
        (load(result={"p99_ms": None, "max_ms": 1001.0}), ("p99_high",)),
        (load(result={"samples": 0}), ("error_rate_high", "samples_too_few")),
        (load(frozen_now="2026-11-21T12:00:00Z"), ("frozen_clock",)),
    ],
)
def test_everything_that_speaks_against_the_load_is_named(file, reasons):
    assert judged(file).reasons == reasons


@pytest.mark.row("P003-643")
def test_the_newest_by_its_own_time_counts_and_not_the_best_one():
    old, new = load(48), load(2, result={"p95_ms": 900.0})
    item = judged(new, old)
    assert (item.evidence, item.reasons) == (new.name, ("p95_high",))


@pytest.mark.row("P003-643", "D003-641")
def test_evidence_that_lies_about_its_time_is_ignored_and_counted():
    liar = load(-24)
    backdated = load(1, name="2026-11-01T000000Z_phase5_load.json")
    good = load(3)
    item = judged(liar, backdated, good)
    assert (item.evidence, item.reasons, item.ignored) == (good.name, (), 2)
    assert judged(liar).reasons == ("evidence_invalid",)
    assert judged().reasons == ("evidence_missing",)


@pytest.mark.row("P003-644")
def test_the_notes_must_name_exactly_the_file():
    file = load()
    assert judged(file, notes="nothing").reasons == ("not_in_notes",)
    assert load_item([file], None, NOW, BOUNDS).reasons == ("notes_missing",)
    assert is_named("a_phase5_load.json", "[load](benchmarks/results/a_phase5_load.json)")
    assert not is_named("a_phase5_load.json", "aa_phase5_load.json")
    assert not is_named("a_phase5_load.json", "a_phase5_load.json5")
    assert not is_named("a_phase5_load.json", "a_phase5_loadXjson")


@pytest.mark.row("W003-641")
def test_an_error_rate_that_was_counted_too_low_is_counted_again():
    item = judged(load(result={"samples": 0, "failures": 100, "error_rate_percent": 0.5}))
    assert "error_rate_high" in item.reasons


def test_a_line_has_the_evidence_its_age_and_every_reason():
    item = Item("load", ("evidence_old", "not_in_notes"), "x_phase5_load.json", NOW - timedelta(hours=200))
    assert item_said(item, NOW).line == (
        "release_checklist_item status=fail reason=evidence_old item=load reasons=evidence_old,not_in_notes "
        "evidence=x_phase5_load.json age_hours=200.00"
    )


@pytest.mark.row("P003-645")
def test_the_release_is_ready_only_if_every_item_is():
    good, bad = Item("quality", ()), Item("load", ("not_in_notes",))
    assert checklist_said([good]).status is Status.OK
    assert (
        checklist_said([good, bad]).line == "release_checklist status=fail reason=items_failed passed=1 failed=load"
    )
    assert checklist_said([]).status is Status.FAIL
