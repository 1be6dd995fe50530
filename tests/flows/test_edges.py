"""edge-report and edge-sentinel: the producers of what Full-Accept reads (runbook 004)."""

import json

import pytest

from flows.daily.edge_report import edge_report
from flows.daily.edge_sentinel import edge_sentinel
from tasks.artifact_reading import read_document
from tests.tasks.test_edges import quote, trade

pytestmark = pytest.mark.usefixtures("prefect_server")


@pytest.fixture
def feed(tmp_path, monkeypatch):
    """Write trades and quotes; returns the parameters of both procedures. The clock is ten seconds later."""
    monkeypatch.setenv("WATCHKEEPER_NOW", "2023-11-14T22:13:30Z")

    def fed(trades, quotes=(), more=""):
        for name, rows in (("trades", trades), ("quotes", quotes)):
            (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        with (tmp_path / "trades.jsonl").open("a") as file:
            file.write(more)
        paths = {name: str(tmp_path / f"{name}.jsonl") for name in ("trades", "quotes")}
        return {**paths, "artifacts_dir": str(tmp_path / "artifacts")}

    return fed


def run(capsys, flow, options):
    state = flow(return_state=True, **options)
    return state, capsys.readouterr().out.strip().partition(" frozen_now=")[0]


TRADES = [trade(ts=-1000), trade("B", side="S", price=98.0, taker=True)]
QUOTES = [quote(ts=-2000), quote("B", ts=-2000)]


@pytest.mark.row("P004-102", "W004-101")
def test_a_report_is_written_that_its_acceptor_accepts(capsys, feed, tmp_path):
    state, line = run(capsys, edge_report, feed(TRADES, QUOTES))
    assert state.is_completed()
    content = (tmp_path / "artifacts" / "EDGE_REPORT.json").read_bytes()
    assert read_document("EDGE_REPORT.json", content).problems == ()
    report = json.loads(content)
    assert line == f"event=edge_report status=OK net_bps={report['net_bps']:.6f} fills=2 symbols=2 unquoted=0"
    assert report["total"]["net_bps"] == report["net_bps"] == 49.384897
    assert report["latency"] == {"p50": 10, "p95": 10, "p99": 10}
    assert report["taker_ratio"] == pytest.approx(98 / 199, abs=1e-6)
    assert report["runtime"]["frozen_now"] == report["runtime"]["utc"] == "2023-11-14T22:13:30Z"
    page = (tmp_path / "artifacts" / "EDGE_REPORT.md").read_bytes()
    assert page.splitlines()[-1].startswith(b"| TOTAL | ")
    run(capsys, edge_report, feed(TRADES[::-1], QUOTES))
    assert (tmp_path / "artifacts" / "EDGE_REPORT.json").read_bytes() == content
    assert (tmp_path / "artifacts" / "EDGE_REPORT.md").read_bytes() == page


@pytest.mark.row("P004-103", "W004-102")
def test_the_sentinel_counts_each_trade_once_and_its_acceptor_accepts_it(capsys, feed, tmp_path):
    state, line = run(capsys, edge_sentinel, feed([*TRADES, trade(ts=-900_000)], QUOTES))
    assert state.is_completed()
    assert line == "event=edge_sentinel status=OK advice=1 buckets=3 symbols=2 fills=3"
    content = (tmp_path / "artifacts" / "EDGE_SENTINEL.json").read_bytes()
    assert read_document("EDGE_SENTINEL.json", content).problems == ()
    document = json.loads(content)
    assert document["summary"]["symbols"]["A"]["fills"] == 2
    assert document["summary"]["symbols"]["A"]["gross_bps"] == 200
    assert document["advice"] == "; ".join(document["advice_items"])
    run(capsys, edge_sentinel, feed([trade(ts=-900_000), *TRADES[::-1]], QUOTES))
    assert (tmp_path / "artifacts" / "EDGE_SENTINEL.json").read_bytes() == content


@pytest.mark.row("P004-102")
def test_no_trades_are_no_data_and_the_files_say_so(capsys, feed, tmp_path):
    for flow, name in ((edge_report, "EDGE_REPORT.json"), (edge_sentinel, "EDGE_SENTINEL.json")):
        state, line = run(capsys, flow, feed([]))
        assert state.name == "InsufficientData"
        assert line.endswith("status=NODATA reason=no_trades fills=0")
        assert read_document(name, (tmp_path / "artifacts" / name).read_bytes()).problems == ()


@pytest.mark.parametrize(
    ("trades", "more", "said"),
    [
        ([trade() | {"order_age_ms": None}], "", "status=FAIL reason=latency_missing"),
        ([trade() | {"taker": None}], "", "status=FAIL reason=taker_missing"),
        ([trade()], "{\n", "status=FAIL reason=input_invalid file=trades.jsonl line=2"),
        ([trade(ts=3_600_000)], "", "status=FAIL reason=trades_from_the_future"),
        ([trade(ts=-7_200_000)], "", "status=NODATA reason=trades_stale"),
    ],
)
def test_what_cannot_be_measured_is_said_and_nothing_is_written(capsys, feed, tmp_path, trades, more, said):
    _, line = run(capsys, edge_report, feed(trades, more=more) | {"max_age_hours": 1})
    assert line == f"event=edge_report {said}"
    assert not (tmp_path / "artifacts").exists()


def test_a_feed_that_is_not_there_is_named(capsys, feed, tmp_path):
    options = feed([])
    (tmp_path / "quotes.jsonl").unlink()
    _, line = run(capsys, edge_sentinel, options)
    assert line == "event=edge_sentinel status=FAIL reason=input_missing file=quotes.jsonl"
