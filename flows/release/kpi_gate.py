"""The KPIs that every gate reads."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from flows.release.weekly_rollup import Folder
from tasks.clock import utc_now
from tasks.documents import read_documents, write_document, write_page
from tasks.procedure import procedure
from tasks.rules.contracts.validation import KPI_GATE
from tasks.rules.kpi import ROLLUP, SCORE, gate_of, gate_page, gate_said, inputs_said, refused_inputs
from tasks.rules.outcome import Outcome

MaxAgeHours = Annotated[int, Field(ge=1, le=8760, description="How old the readiness score may be.")]


@procedure(KPI_GATE, run_name=run_named("kpi-gate"))
def kpi_gate(artifacts_dir: Folder = "artifacts", max_age_hours: MaxAgeHours = 24) -> Outcome:
    """Hold the week against its limits and write what ready-gate, full-accept and the soak read.

    Runbook 004, Release bundle. Reads WEEKLY_ROLLUP.json and READINESS_SCORE.json, writes KPI_GATE.json and .md with
    the readiness of the score. `verdict=WARN`: only the trend is worse, or a day is missing. If it fails on
    `inputs_refused`: start the producer that is named; the old KPI file was left alone and goes stale.

    Safety: replaces its own two files.
    """
    folder = Path(artifacts_dir)
    readings = read_documents(folder, (ROLLUP, SCORE))
    if refused := refused_inputs(readings, int(utc_now().timestamp()), max_age_hours * 3600):
        return inputs_said(refused)
    gate = gate_of(readings[ROLLUP], readings[SCORE])
    write_document(folder, "KPI_GATE.json", gate, time_key="timestamp")
    write_page(folder, "KPI_GATE.md", gate_page(gate))
    return gate_said(gate)
