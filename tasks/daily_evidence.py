"""What a judgement of the service's health leaves for the eyes: a table and a picture in the UI, and a file."""

import logging
from collections.abc import Sequence
from datetime import date

from tasks.evidence import show_picture, show_table
from tasks.files import write_artifact
from tasks.rules.daily_health import TREND_DAYS, DayCount
from tasks.rules.faults import Fault
from tasks.rules.outcome import Kind, Outcome, Value, written
from tasks.step import step

log = logging.getLogger("prefect.watchkeeper")
TREND_FILE = "health_trend.png"


@step
def show_metrics(lines: Sequence[Outcome]) -> None:
    """The metrics lines as a table, every day with all columns; a day of few deliveries has no numbers here too."""
    show_table("ops-daily-metrics", [_row(line) for line in lines], "Deliveries, positive answers and h by UTC day")


def _row(line: Outcome) -> dict[str, object]:
    told: dict[str, Value] = {**line.fields, "status": line.status.value, "reason": line.reason}
    return {key.name: _cell(key.kind, told.get(key.name)) for key in line.contract.keys}


def _cell(kind: Kind, value: Value) -> object:
    if value is None:
        return ""
    return written(kind, value) if kind is Kind.RATIO else value


@step
def show_health_trend(rows: Sequence[DayCount], today: date, min_ratio: float) -> None:
    """The trend as a picture in the UI and as `health_trend.png` among the artifacts.

    A picture that could not be stored is a note in the log, never a change of the verdict.
    """
    from tasks.pictures import draw_health_trend

    png = draw_health_trend(rows, today, TREND_DAYS, min_ratio)
    show_picture("ops-daily-health-trend", png, f"Health trend to {today.isoformat()}")
    try:
        write_artifact(TREND_FILE, png)
    except Fault as fault:
        log.warning("the health trend was not stored: %s", fault)
