"""What was the soak like, in numbers? And a rehearsal of one, to see the whole chain at work."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from flows.naming import run_named
from flows.soak.soak_tick import InputFile, JournalFile, SoakName
from tasks.clock import utc_now, zone_named
from tasks.journal_heads import read_heads
from tasks.journal_reading import verify_journal
from tasks.procedure import procedure
from tasks.rules.contracts.soak import SOAK_REPORT
from tasks.rules.faults import Refused
from tasks.rules.outcome import Outcome
from tasks.rules.soak import Phase
from tasks.rules.soak_progress import plan_complaint
from tasks.rules.soak_report import WHOLE, document_of, report_line
from tasks.soak_reports import gather_journal, rehearse, write_report
from tasks.soaks import FILES

Hours = Annotated[
    float, Field(ge=0, le=8760, description="Rehearse this phase for so many hours; with none given only report.")
]
Zone = Annotated[str, Field(min_length=1, description="The zone of the times in the report.")]
Out = Annotated[
    str | None,
    Field(
        pattern=r"^(.*/)?[A-Za-z0-9][A-Za-z0-9_.-]{0,100}$",
        description="Where the report goes; left out, artifacts/soak_reports/soak_<time>.json.",
    ),
]
Clock = Annotated[
    Literal["real", "scaled"],
    Field(description="For a rehearsal: real waits for every slot, scaled moves the clock on by hand."),
]


@procedure(SOAK_REPORT, run_name=run_named("soak-report", "soak"))
def soak_report(  # noqa: PLR0913, PLR0917  the runbook's options, and the files of a rehearsal
    shadow_hours: Hours = 0.0,
    canary_hours: Hours = 0.0,
    live_hours: Hours = 0.0,
    tz: Zone = "Europe/Berlin",
    out: Out = None,
    journal: JournalFile = None,
    soak: SoakName = None,
    clock: Clock = "real",
    kpi_gate: InputFile = None,
    edge_report: InputFile = None,
) -> Outcome:
    """Write the report of a soak: failures, rungs, time to recover and uptime, per phase and region.

    Runbook 004, Long Soak. Without hours it reports the soak of the journal's last tick, or the one named. With hours
    it rehearses a soak first: real ticks in a journal and a region of their own (`smoke`), with slots so short that
    the shortest phase has ten; hooks are not called and no real soak is touched. On the real clock a rehearsal may
    last a quarter of an hour. The fourteen days are not started here but with `soak --do start`.

    If it fails: journal_damaged: run journal-verify, the report tells only what can be read. no_ticks: nothing was
    judged yet. too_long: use `soak --do start`, or --clock scaled. journal_in_use: name another --journal.

    Safety: reads the journal and writes the report. A rehearsal writes beside the report and into rows of its own.
    """
    zone = zone_named(tz)
    file = Path(out or f"artifacts/soak_reports/soak_{utc_now().astimezone(zone):%Y-%m-%d_%H%M%S}.json")
    hours = {Phase.SHADOW: shadow_hours, Phase.CANARY: canary_hours, Phase.LIVE_ECON: live_hours}
    source = Path(journal or FILES["journal"])
    if any(hours.values()):
        if plan_complaint(hours):
            raise Refused("canary_required", "give --canary-hours: nothing goes live without a canary")
        source = Path(journal) if journal else file.with_suffix(".jsonl")
        given = {"kpi_gate": kpi_gate, "edge_report": edge_report}
        files = {name: one for name, one in given.items() if one is not None}
        soak = rehearse(hours, source, files, waits=clock == "real")
    return _reported(source, soak, file, tz)


def _reported(source: Path, soak: str | None, file: Path, tz: str) -> Outcome:
    heads = [head for held in read_heads(source).values() for head in held]
    damage = verify_journal(source, heads).judged(heads)
    chain = damage.value if damage else WHOLE
    found = gather_journal(source)
    report = found.chosen(soak)
    if report:
        write_report(file, document_of(report, chain, zone_named(tz)))
    return report_line(report, found.unreadable, chain, file.name)
