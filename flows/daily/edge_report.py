"""What the day's trading earned and lost."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.clock import utc_now
from tasks.documents import write_document, write_page
from tasks.edges import measure_edges
from tasks.procedure import procedure
from tasks.rules.contracts.validation import EDGE_REPORT
from tasks.rules.edge import page_of, report_of
from tasks.rules.edge_verdict import report_said, why_no_measures, why_no_report
from tasks.rules.outcome import Outcome

Trades = Annotated[str, Field(min_length=1, description="JSONL of trades; a line may tell order_age_ms and taker.")]
Quotes = Annotated[str, Field(min_length=1, description="JSONL of the best bid and ask.")]
Folder = Annotated[str, Field(min_length=1, description="Where the artifacts are.")]
MaxAgeHours = Annotated[
    int | None, Field(ge=1, le=8760, description="How long ago the last trade may be; any time if left out.")
]


@procedure(EDGE_REPORT, run_name=run_named("edge-report"))
def edge_report(
    trades: Trades = "artifacts/trades.jsonl",
    quotes: Quotes = "artifacts/quotes.jsonl",
    artifacts_dir: Folder = "artifacts",
    max_age_hours: MaxAgeHours = None,
) -> Outcome:
    """Measure gross, fees, adverse selection, slippage, inventory and net of all trades, by symbol and in total.

    Runbook 004, Full-Accept: writes EDGE_REPORT.json and .md. Net is gross less fees, adverse, slippage and
    inventory. `NODATA`: nothing was traded, and the report says so. `FAIL` names the file and its first bad line, or
    what no trade may lack (order_age_ms, taker): correct the feed, then start again; the old report was left alone.

    Safety: reads two files and replaces its own two; the order of the lines changes nothing.
    """
    measured = measure_edges(Path(trades), Path(quotes))
    max_age_s = max_age_hours * 3600 if max_age_hours else None
    if refused := why_no_report(measured, int(utc_now().timestamp()), max_age_s) or why_no_measures(measured):
        return EDGE_REPORT.says(*refused)
    write_document(Path(artifacts_dir), "EDGE_REPORT.json", report_of(measured))
    write_page(Path(artifacts_dir), "EDGE_REPORT.md", page_of(measured))
    return report_said(measured)
