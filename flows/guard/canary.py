"""A canary compared with paper: promote, hold or roll back, with every reason."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.guard.readiness import BaseUrl
from flows.naming import run_named
from tasks.clock import utc_now
from tasks.procedure import procedure
from tasks.records.drafting import Words, draft_note
from tasks.records.shift import record_shift
from tasks.rules.contracts.promotion import CANARY
from tasks.rules.faults import Fault
from tasks.rules.guard.canary import Limits, Verdict, counts, window
from tasks.rules.guard.safe_mode import runtime_word
from tasks.rules.guard.state import RuntimeState
from tasks.rules.outcome import Outcome, Status, Value
from tasks.runtime.acts import hold
from tasks.runtime.canary import Watched, believed, look_again, watch_canary
from tasks.runtime.guarding import Guard, close_guard, keep_closed, read_guard
from tasks.runtime.metrics_files import metrics_file
from tasks.runtime.promotions import close_open
from tasks.runtime.reading import read_state
from tasks.runtime.waiting import is_runtime_named
from tasks.settings.guard import runtime_address

Paper = Annotated[
    str, Field(min_length=1, max_length=300, description="The metrics file of paper, as it was copied.")
]
PaperBefore = Annotated[
    str, Field(max_length=300, description="An earlier copy of it; without one all that paper counted is taken.")
]
MetricsFile = Annotated[str, Field(max_length=300, description="The canary's; RUNTIME_METRICS_PATH if empty.")]
WatchSeconds = Annotated[int, Field(ge=0, le=86_400, description="How long it is watched, in seconds.")]
LeastOrders = Annotated[int, Field(ge=1, le=100_000, description="Fewer submitted orders are no verdict.")]
MostNotional = Annotated[float, Field(gt=0, le=1e6, description="How large an order of a canary may be, in USD.")]
Scheduled = Annotated[
    bool,
    Field(description="Look once, as the schedule does, and judge all looks since live trading was opened together."),
]
_STATUS = {Verdict.PROMOTE: Status.OK, Verdict.HOLD: Status.INSUFFICIENT_DATA, Verdict.ROLL_BACK: Status.FAIL}


@procedure(CANARY, run_name=run_named("canary"))
def canary(  # noqa: PLR0913, PLR0917  what is compared, for how long, and the limits that a person may set
    paper: Paper = "paper.prom",
    paper_before: PaperBefore = "",
    file: MetricsFile = "",
    watch_s: WatchSeconds = 900,
    least_orders: LeastOrders = 30,
    most_notional: MostNotional = 200.0,
    scheduled: Scheduled = False,
    base_url: BaseUrl = "",
) -> Outcome:
    """Watch a live canary, compare it with paper, and say: promote, hold or roll back.

    Runbook 002, Profiles & Modes (canary start). What the counters grew by while it was watched is compared with what
    they grew by in paper: latency, blocked and rejected orders; with alerts, risk limits and the size of orders. Too
    few orders are no verdict: it holds. What speaks against it is not waited out: the runtime is held, live trading
    closed, a promotion that waits for signatures ended, and an incident note opened. Every five minutes the schedule
    looks once, and skips where no canary may trade. If it fails: `reasons=` has all of it; `live-promotion --to live`
    wants a canary of this day that ended in promote.

    Safety: changes nothing unless it rolls back. Blocked orders never make a canary look fast.
    """
    if not (base_url or is_runtime_named()):
        return CANARY.says(Status.NOT_CONFIGURED, "missing_runtime_url", env=("RUNTIME_URL",))
    base = runtime_address(base_url).root
    if scheduled and not _may_trade(base):
        return CANARY.says(Status.SKIPPED, "nothing_to_watch")
    baseline = window(counts(believed(Path(paper_before)) if paper_before else None), believed(Path(paper)))
    limits, path = Limits(least_orders=least_orders, most_notional=most_notional), metrics_file(file)
    watched = (
        look_again(base, path, baseline, limits) if scheduled else watch_canary(base, path, baseline, limits, watch_s)
    )
    if watched.finding.verdict is not Verdict.ROLL_BACK:
        return _said(watched)
    return _said(watched, **_rolled_back(base, watched.finding.reasons[0]))


def _may_trade(base: str) -> bool:
    """Whether there is a canary that live trading was opened for: any other is held and has nothing to lose."""
    state: RuntimeState = read_state(base)
    guard: Guard = read_guard(base)
    return state.category == "live" and state.canary and guard.is_open


def _rolled_back(base: str, code: str) -> dict[str, Value]:
    """Held and closed first; then whatever waits for signatures is ended, and a note opened."""
    key = f"canary:{utc_now():%Y%m%dT%H%M%SZ}"
    state = hold(base, f"canary:{code}", "watchkeeper", key)
    close_guard(base, f"canary:{code}", f"{key}:close")
    try:
        closed = close_open(runtime_word(base), "canary_failed", utc_now())
    finally:  # a promotion may have opened it between the two
        guard = keep_closed(base, f"canary:{code}", f"{key}:again")
    record_shift("canary_rolled_back", key=key, why=code, promotion=closed)
    return {
        "now": state.word,
        "guard": guard.state,
        "promotion": closed,
        "incident": _incident(key, state.profile, code),
    }


def _incident(key: str, profile: str, code: str) -> str | None:
    try:
        return draft_note(key, Words(profile=profile, why=f"canary:{code}"), "", ()).incident
    except Fault:  # the hold stands without a note as well; the line then has none
        return None


def _said(watched: Watched, **more: Value) -> Outcome:
    finding, seen = watched.finding, watched.window
    reasons = finding.reasons or None
    said: dict[str, Value] = {"reasons": reasons, "verdict": finding.verdict.value, "watched_s": watched.seconds}
    said |= {"submitted": int(seen.submitted), "blocked": int(sum(seen.blocked.values()))}
    said |= {"p95_ms": _shown(finding.p95_ms), "paper_p95_ms": _shown(finding.paper_p95_ms)}
    why = {Verdict.HOLD: "no_verdict", Verdict.ROLL_BACK: "canary_failed"}.get(finding.verdict)
    return CANARY.says(_STATUS[finding.verdict], why, **said, **more)


def _shown(value: float | None) -> str | None:
    return None if value is None else "over_the_last_bound" if value == float("inf") else f"{value:.1f}"
