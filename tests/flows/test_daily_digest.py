"""Runbook 004, Daily routine step 3."""

import json
import os
from datetime import datetime
from pathlib import Path

import pytest

from flows.daily.daily_digest import daily_digest
from tests.journals import chained, put, tick

pytestmark = pytest.mark.usefixtures("prefect_server")

NOW = "2025-04-07T06:00:00Z"
EPOCH = int(datetime.fromisoformat(NOW.replace("Z", "+00:00")).timestamp())
DAYS = {"20250406": ("OK", 2.9, 300, 10), "20250407": ("OK", 2.75, 310, 12)}


@pytest.fixture
def artifacts(tmp_path, monkeypatch):
    """A working folder with a day's artifacts and a journal of the last 24 hours."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHKEEPER_NOW", NOW)
    folder = tmp_path / "artifacts"
    folder.mkdir()
    save(folder, "EDGE_REPORT.json", {"total": {"net_bps": 2.75, "fills": 120, "turnover_usd": 12345.678}})
    save(folder, "EDGE_SENTINEL.json", {"advice": "keep", "buckets": [], "ts": EPOCH})
    for day, (verdict, net, p95, taker) in DAYS.items():
        report = {"verdict": verdict, "edge_net_bps": net, "order_age_p95_ms": p95, "taker_share_pct": taker}
        save(folder, f"REPORT_SOAK_{day}.json", report)
    stamps = [f"2025-04-06T{hour:02}:00:00Z" for hour in range(24)] + ["2025-04-07T05:00:00Z"]
    put(folder / "SOAK_JOURNAL.jsonl", chained(tick(ts=ts) for ts in stamps))
    return folder


def save(folder: Path, name: str, document: object) -> None:
    (folder / name).write_text(json.dumps(document))
    os.utime(folder / name, (EPOCH, EPOCH))


def digested(capsys, **options):
    state = daily_digest(return_state=True, **options)
    (line,) = capsys.readouterr().out.splitlines()
    return state, line.partition(" frozen_now=")[0]


@pytest.mark.row("P004-201")
def test_a_good_day_is_a_page_and_a_line(capsys, artifacts):
    state, line = digested(capsys)
    assert state.is_completed()
    assert line == (
        f"event=daily_digest_soak result=OK cont=19 warn=0 fail=0 actions=0 last_ts={EPOCH - 3600} "
        "light=OK chain=unproven day=2025-04-07 out=artifacts/DAILY_DIGEST.md"
    )
    page = (artifacts / "DAILY_DIGEST.md").read_text(encoding="ascii")
    assert page.startswith("DAILY DIGEST 2025-04-07 [OK]\n\n| net_bps |")
    assert "- edge_net_bps_delta: -0.150000\n" in page
    assert "- chain: unproven\n" in page
    assert (artifacts / "daily_trend.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.row("W004-206", "W004-530")
def test_a_folder_without_anything_is_nodata_and_still_a_page(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WATCHKEEPER_NOW", NOW)
    state, line = digested(capsys, out="D.md", journal="nowhere.jsonl")
    assert state.name == "InsufficientData"
    assert line == (
        "event=daily_digest_soak result=NODATA cont=0 warn=0 fail=0 actions=0 last_ts=0 "
        "reason=journal_missing light=NODATA chain=missing day=2025-04-07 out=D.md"
    )
    assert Path("D.md").read_text().startswith("DAILY DIGEST 2025-04-07 [NODATA]\n")


@pytest.mark.row("W004-204")
def test_one_bad_byte_in_the_journal_is_no_good_day(capsys, artifacts):
    journal = artifacts / "SOAK_JOURNAL.jsonl"
    before, _, after = journal.read_bytes().rpartition(b"canary")
    journal.write_bytes(before + b"can\xffry" + after)
    state, line = digested(capsys)
    assert state.is_failed()
    assert " result=FAIL cont=18 " in line
    assert " reason=journal_damaged light=FAIL chain=flipped " in line


@pytest.mark.row("W004-204")
def test_a_torn_end_is_told_in_line_and_page(capsys, artifacts):
    journal = artifacts / "SOAK_JOURNAL.jsonl"
    journal.write_bytes(journal.read_bytes()[:-30])
    state, line = digested(capsys)
    assert state.is_completed()
    assert " result=ATTN cont=18 " in line
    assert " reason=journal_torn light=WARN chain=torn " in line
    assert "- WARNING: the last line is torn" in (artifacts / "DAILY_DIGEST.md").read_text()


@pytest.mark.row("D004-508")
def test_an_unknown_zone_is_refused_and_nothing_is_written(capsys, artifacts):
    state, line = digested(capsys, tz="Europe/Berln")
    assert state.is_failed()
    assert line == "event=daily_digest_soak result=ERROR reason=unknown_zone"
    assert not (artifacts / "DAILY_DIGEST.md").exists()


def test_a_page_that_cannot_be_written_is_an_error_and_leaves_nothing(capsys, artifacts):
    state, line = digested(capsys, out=str(artifacts))
    assert state.is_failed()
    assert line == "event=daily_digest_soak result=ERROR reason=digest_not_written"
    assert not [path.name for path in artifacts.parent.iterdir() if path.name != "artifacts"]


def test_advice_that_holds_a_secret_of_this_environment_loses_it(capsys, artifacts, monkeypatch):
    monkeypatch.setenv("SOME_API_TOKEN", "sesame-and-lilies")
    save(artifacts, "EDGE_SENTINEL.json", {"advice": ["log in with sesame-and-lilies", "keep"], "ts": EPOCH})
    digested(capsys)
    page = (artifacts / "DAILY_DIGEST.md").read_text()
    assert "sesame" not in page
    assert "- keep\n" in page
