"""The gate before a release."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.clock import utc_now
from tasks.procedure import procedure
from tasks.releases import read_file
from tasks.rules.contracts.release import READY_GATE
from tasks.rules.outcome import Outcome
from tasks.rules.ready_gate import MIN_READINESS, judge_readiness, kpi_of

KpiFile = Annotated[str, Field(min_length=1, description="The KPI_GATE.json to judge.")]
MinReadiness = Annotated[int, Field(ge=0, le=100, description="The least readiness that passes, in percent.")]
MaxAgeHours = Annotated[int, Field(ge=1, le=8760, description="How old the KPI may be by its own timestamp.")]


@procedure(READY_GATE, run_name=run_named("ready-gate", "min_readiness"))
def ready_gate(
    kpi: KpiFile = "artifacts/KPI_GATE.json",
    min_readiness: MinReadiness = MIN_READINESS,
    max_age_hours: MaxAgeHours = 24,
) -> Outcome:
    """Say whether this may be released: readiness of at least 85, from a KPI that is young and sound.

    Runbook 004, Release bundle. `FAIL` means no (too low, missing, stale); `ERROR` means that the producer of the KPI
    wrote something that is no readiness (out of 0 to 100, NaN, a word). If it fails: run the producer again; do not
    lower the limit.

    Safety: reads one file.
    """
    now = int(utc_now().timestamp())
    return judge_readiness(kpi_of(read_file(Path(kpi))), min_readiness, now=now, max_age_s=max_age_hours * 3600)
