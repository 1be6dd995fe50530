"""Whether the trading runtime is ready, with every reason why not."""

from typing import Annotated

from pydantic import Field

from flows.naming import run_named
from tasks.procedure import procedure, tell
from tasks.rules.contracts.runtime import READINESS, READINESS_BLOCKER
from tasks.rules.guard.readiness import required_in
from tasks.rules.guard.readiness_verdict import Demand, Probes, Verdict
from tasks.rules.outcome import Outcome, Status
from tasks.runtime.waiting import is_runtime_named, ready_within
from tasks.settings.guard import runtime_settings

BaseUrl = Annotated[
    str,
    Field(
        max_length=200,
        pattern=r"^[!-?A-~]*$",  # no blank and no @: a parameter is stored, and a password must not be one
        description="Where the runtime is, http(s)://host:port, without a user or a password; RUNTIME_URL if empty.",
    ),
]
WaitSeconds = Annotated[
    int, Field(ge=0, le=3600, description="For how long to ask again, once a second, until it is ready; 0 asks once.")
]
BeforeCanary = Annotated[
    bool,
    Field(description="Whether a hold of an operator may stand, as it does before a canary (YELLOW manual_hold)."),
]
SignalsFile = Annotated[
    str,
    Field(max_length=300, description="A JSON file that signals are pushed into, looked at beside the runtime's."),
]
TextfileAge = Annotated[
    int, Field(ge=0, le=86400, description="How old the metrics file may be, in seconds; 0: its age is only told.")
]


@procedure(READINESS, run_name=run_named("readiness"))
def readiness(
    base_url: BaseUrl = "",
    wait_s: WaitSeconds = 0,
    before_canary: BeforeCanary = False,
    signals: SignalsFile = "",
    max_textfile_age_s: TextfileAge = 0,
) -> Outcome:
    """Say whether the trading runtime is ready, and everything that stands against it.

    Runbook 002, Live Guard & Confirm. Both readiness endpoints, health and state are read, none of them believed
    alone: every required signal (READINESS_REQUIRED) has to be there, good and no older than READINESS_TTL_SEC, and
    endpoints that contradict each other are a reason of their own. Each reason has a line with value and limit. If it
    is not ready: the lines name the signals; `watchkeeper troubleshoot` knows what each code means.

    Safety: only reads, and only what is free of side effects; the overview, which holds and resumes, is never asked.
    Sends no token.
    """
    if not (base_url or is_runtime_named()):
        return READINESS.says(Status.NOT_CONFIGURED, "missing_runtime_url", env=("RUNTIME_URL",))
    found = runtime_settings()
    demand = Demand(
        required_in(found.readiness_required), found.readiness_ttl_s, before_canary, max_textfile_age_s or None
    )
    probes, verdict, waited_s = ready_within(base_url, demand, wait_s, signals)
    return _said(probes, verdict, waited_s)


def _said(probes: Probes, verdict: Verdict, waited_s: int) -> Outcome:
    for one in verdict.blockers:
        tell(
            READINESS_BLOCKER.says(Status.FAIL, code=one.reason, source=one.source, value=one.value, limit=one.limit)
        )
    age = probes.textfile_age_s
    return READINESS.says(
        Status.OK if verdict.is_ready else Status.UNHEALTHY,
        None if verdict.is_ready else "not_ready",
        result=tuple(verdict.result.split(",")),
        live=verdict.status,
        mode=probes.mode,
        blockers=len(verdict.blockers),
        skew_s=None if probes.skew_s is None else round(probes.skew_s),
        textfile="absent" if age is None else f"{age:.0f}s",
        waited_s=waited_s,
    )
