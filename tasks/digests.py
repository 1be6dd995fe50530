"""What a digest is made from and where it goes: the day's reports, the page, the picture of the trend."""

import logging
from collections.abc import Sequence
from pathlib import Path

from tasks.evidence import show_picture
from tasks.files import replace_file, write_artifact
from tasks.folders import disk_faults
from tasks.freshness import read_inputs
from tasks.rules.daily_digest import DayReport, is_due, report_day, report_of
from tasks.rules.faults import Fault
from tasks.rules.redaction import scrub
from tasks.rules.soak_window import Window
from tasks.settings import known_secrets
from tasks.step import step

log = logging.getLogger("prefect.watchkeeper")
TREND_DAYS, TREND_FILE = 14, "daily_trend.png"


@step
def read_reports(folder: Path, window: Window) -> list[DayReport]:
    """The newest REPORT_SOAK files that are due, oldest first; one that cannot be read is none."""
    try:
        names = sorted(path.name for path in folder.iterdir())
    except OSError:
        return []
    days = {name: day for name in names if (day := report_day(name)) and is_due(day, window)}
    newest = dict(list(days.items())[-TREND_DAYS:])
    found = read_inputs.fn(folder, newest, int(window.end.timestamp()))
    reports = [report_of(day, found[name]) for name, day in newest.items()]
    return [report for report in reports if report]


@step
def write_digest(out: Path, markdown: str) -> None:
    """Put the page at its place in one move, without any secret of this environment that a text of others holds."""
    with disk_faults("digest_not_written"):
        replace_file(out, scrub(markdown, known_secrets()).encode("ascii", "replace"))


@step
def show_daily_trend(reports: Sequence[DayReport]) -> None:
    """The days' numbers with their limits as a picture in the UI and as `daily_trend.png` among the artifacts.

    A picture that could not be stored is a note in the log, never a change of the digest.
    """
    from tasks.pictures import draw_daily_trend

    if not reports:
        return
    png = draw_daily_trend(reports, TREND_DAYS)
    show_picture("daily-digest-trend", png, f"Daily reports to {reports[-1].day.isoformat()}")
    try:
        write_artifact(TREND_FILE, png)
    except Fault as fault:
        log.warning("the trend was not stored: %s", fault)
