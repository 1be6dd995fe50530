"""Which earlier evidence is believed (runbook 003)."""

import json
import os
from datetime import UTC, datetime, timedelta

import pytest

from tasks.artifact_reading import read_document
from tasks.load.archive import LARGEST, read_archive
from tasks.rules.load.archive import last_of, why_unbelievable
from tasks.rules.load.comparison import key_of

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
RESULT = {"samples": 100, "failures": 0, "p50_ms": 1.5, "p95_ms": 2.0, "p99_ms": None, "error_rate_percent": 0.0}
CONFIG = {"api_total": 200}
GOOD = {"status": "ok", "reasons": [], "accepted": True, "left_out": []}


def put(folder, day, *, written=None, accepted=True, **document):
    at = f"2026-11-{day:02}T10:00:00Z"
    whole = {
        "timestamp_utc": at,
        "config": CONFIG | {"limits": {"p95_ms_max": 1}},
        "results": {"webhook": RESULT},
        "verdict": GOOD | {"accepted": accepted},
        **document,
    }
    file = folder / f"2026-11-{day:02}T100000Z_phase5_load.json"
    file.write_text(json.dumps(whole), encoding="utf-8")
    moment = (written or NOW).timestamp()
    os.utime(file, (moment, moment))
    return file.name


def found(folder):
    before, refused = last_of(read_archive(folder), key_of(CONFIG), NOW)
    return before.file if before else None, refused


@pytest.mark.row("P003-511")
def test_the_newest_accepted_evidence_of_the_same_configuration_is_compared_with(tmp_path):
    put(tmp_path, 18)
    newest = put(tmp_path, 19)
    put(tmp_path, 20, accepted=False)
    put(tmp_path, 21, config={"api_total": 1})
    assert found(tmp_path) == (newest, ())


def test_an_empty_or_missing_folder_has_none(tmp_path):
    assert found(tmp_path) == (None, ())
    assert found(tmp_path / "nowhere") == (None, ())


@pytest.mark.row("D003-503")
@pytest.mark.parametrize(
    ("lie", "why"),
    [
        ({"timestamp_utc": "2026-11-21T12:06:00Z"}, "from_the_future"),
        ({"timestamp_utc": "2027-11-20T10:00:00Z"}, "from_the_future"),
        ({"timestamp_utc": "2026-11-19T10:00:00Z"}, "time_disagrees"),  # its name says the 20th
        ({"timestamp_utc": "2026-11-20T10:00:00Z", "written": NOW - timedelta(days=3)}, "time_disagrees"),
        ({"timestamp_utc": "2026-13-20T10:00:00Z"}, "time_invalid"),
        ({"timestamp_utc": "2026-11-20T10:00:00"}, "details_type"),  # no zone
        ({"timestamp_utc": 1763632800}, "details_type"),
        ({"timestamp_utc": "yesterday"}, "details_type"),
        ({"results": {"webhook": {**RESULT, "p50_ms": "fast"}}}, "details_type"),
        ({"results": {"webhook": {**RESULT, "error_rate_percent": 101}}}, "details_type"),
        ({"config": None}, "details_type"),
    ],
)
def test_evidence_that_lies_is_refused_by_name_and_the_honest_one_before_it_is_taken(tmp_path, lie, why):
    honest = put(tmp_path, 18)
    liar = put(tmp_path, 20, **lie)
    assert found(tmp_path) == (honest, (f"{liar}:{why}",))


@pytest.mark.row("D003-503")
def test_evidence_that_is_no_evidence_is_refused_by_name(tmp_path):
    for day, content in ((1, b"{"), (2, b"[]"), (3, b"\xff"), (4, b'{"config": 1, "config": 2}'), (5, b"")):
        (tmp_path / f"2026-11-0{day}_phase5_load.json").write_bytes(content)
    (tmp_path / "2026-11-06_phase5_load.json").mkdir()
    (tmp_path / "2026-11-07_phase5_load.json").symlink_to("nowhere")
    with (tmp_path / "2026-11-08_phase5_load.json").open("wb") as file:
        file.truncate(LARGEST + 1)
    before, refused = found(tmp_path)
    assert before is None
    assert [one.partition(":")[2] for one in refused] == [
        "unreadable",
        "unreadable",
        "unreadable",
        "bad_json",
        "bad_json",
        "bad_json",
        "not_object",
        "bad_json",
    ]


@pytest.mark.row("P003-501")
def test_evidence_of_the_earlier_harness_keeps_to_the_schema(tmp_path):
    """The figures of 2026-02-11, in the structure that harness wrote."""
    result = {
        "samples": 100,
        "failures": 0,
        "p50_ms": 19.97,
        "p95_ms": 42.25,
        "p99_ms": 51.36,
        "error_rate_percent": 0.0,
    }
    document = {
        "timestamp_utc": "2026-02-11T09:00:00+00:00",
        "config": {"webhook_total": 100},
        "results": {"webhook": result},
    }
    (tmp_path / "2026-02-11_phase5_load.json").write_text(json.dumps(document), encoding="utf-8")
    assert read_document("2026-02-11_phase5_load.json", json.dumps(document).encode()).problems == ()
    (one,) = read_archive(tmp_path)
    assert why_unbelievable(one, datetime.now(UTC) + timedelta(days=400)) is None
    assert found(tmp_path) == (None, ())  # nobody said that it was accepted
