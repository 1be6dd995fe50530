"""Where the day's trading lost, and what to do about it."""

from pathlib import Path

from flows.daily.edge_report import Folder, MaxAgeHours, Quotes, Trades
from flows.naming import run_named
from tasks.clock import utc_now
from tasks.documents import write_document
from tasks.edges import measure_edges
from tasks.procedure import procedure
from tasks.rules.contracts.validation import EDGE_SENTINEL
from tasks.rules.edge import sentinel_of
from tasks.rules.edge_verdict import sentinel_said, why_no_report
from tasks.rules.outcome import Outcome


@procedure(EDGE_SENTINEL, run_name=run_named("edge-sentinel"))
def edge_sentinel(
    trades: Trades = "artifacts/trades.jsonl",
    quotes: Quotes = "artifacts/quotes.jsonl",
    artifacts_dir: Folder = "artifacts",
    max_age_hours: MaxAgeHours = None,
) -> Outcome:
    """Find the quarters of an hour, the symbols and the components that cost most, and advise.

    Runbook 004, Full-Accept: writes EDGE_SENTINEL.json. Buckets hold means; the sums by symbol count each trade once.
    `NODATA`: nothing was traded. `FAIL` names the file and its first bad line; the old file was left alone.

    Safety: reads two files and replaces its own; changes no setting, its advice is for people.
    """
    measured = measure_edges(Path(trades), Path(quotes))
    max_age_s = max_age_hours * 3600 if max_age_hours else None
    if refused := why_no_report(measured, int(utc_now().timestamp()), max_age_s):
        return EDGE_SENTINEL.says(*refused)
    write_document(Path(artifacts_dir), "EDGE_SENTINEL.json", sentinel_of(measured))
    return sentinel_said(measured)
