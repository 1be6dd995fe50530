"""Would other limits have stopped the soak, and do its own give the same decisions again?"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from flows.naming import run_named
from flows.soak.journal_verify import JournalFile
from tasks.journal_reading import replay_journal
from tasks.procedure import procedure
from tasks.rules.contracts.soak import SOAK_REPLAY
from tasks.rules.outcome import Outcome
from tasks.rules.soak import Action
from tasks.rules.soak_replay import judge_replay, limits_changed

Ratio = Annotated[float | None, Field(ge=0, le=1, description="Another highest taker ratio, 0 to 1.")]
P95 = Annotated[float | None, Field(gt=0, le=60_000, description="Another highest p95 latency, in ms.")]
P99 = Annotated[float | None, Field(ge=1, le=100, description="Another highest p99, in multiples of p95.")]
Readiness = Annotated[float | None, Field(ge=0, le=100, description="Another least readiness, in percent.")]
NetFail = Annotated[
    float | None, Field(ge=-1_000, le=1_000, description="Another net below which a tick fails, bps.")
]
NetWarn = Annotated[float | None, Field(ge=-1_000, le=1_000, description="Another net below which it warns, bps.")]
Rung = Annotated[
    Literal["ROLLBACK_STEP", "DISABLE_STRAT", "REGION_STEP_DOWN"],
    Field(description="The rung of the ladder that counts as the stop."),
]


@procedure(SOAK_REPLAY, run_name=run_named("soak-replay"))
def soak_replay(  # noqa: PLR0913, PLR0917  one option for each limit of the table
    journal: JournalFile = "artifacts/SOAK_JOURNAL.jsonl",
    taker_ratio_max: Ratio = None,
    p95_ms_max: P95 = None,
    p99_over_p95_max: P99 = None,
    readiness_pct_min: Readiness = None,
    net_bps_fail: NetFail = None,
    net_bps_warn: NetWarn = None,
    stop: Rung = "DISABLE_STRAT",
) -> Outcome:
    """Judge every tick of a journal again, with the limits it was judged by or with others.

    Runbook 004, Soak orchestration. With no option every decision must come out as it stands; `stopped_at` is the
    first tick that reaches the rung in `stop`. Journals of the earlier program hold no numbers: their ticks count as
    unjudged. If it fails: decisions_differ means that journal and rules do not belong together, unreadable_lines
    that the journal is damaged; run journal-verify.

    Safety: reads only; no rung is climbed.
    """
    given = {
        "taker_ratio_max": taker_ratio_max,
        "p95_ms_max": p95_ms_max,
        "p99_over_p95_max": p99_over_p95_max,
        "readiness_pct_min": readiness_pct_min,
        "net_bps_fail": net_bps_fail,
        "net_bps_warn": net_bps_warn,
    }
    changed = limits_changed(given)
    return judge_replay(replay_journal(Path(journal), changed, Action(stop)), changed)
