"""Whether the runtime is ready: all that it says of itself, put together, and every reason why not.

Its two readiness endpoints look at different things and contradict each other, so both have to agree, and a
disagreement is a reason of its own. What cannot be read is a reason too. Before a canary a hold that an operator set
is the one YELLOW that is allowed. Pure (runbook 002, Live Guard & Confirm; spec 002, 6).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.rules.guard.answers import MOST_SKEW_S
from tasks.rules.guard.readiness import FUTURE_S, READY, Signal, result_of, signals_of, word_of
from tasks.rules.guard.state import NotAState, state_of

ALLOWED_BEFORE_CANARY = "manual_hold"
# Which detail stands behind a reason, and what it has to be.
_DETAILS = {
    "config_not_loaded": ("config_loaded", "true"),
    "db_unavailable": ("db_ok", "true"),
    "metrics_unavailable": ("metrics_ok", "true"),
    "md_disconnected": ("md_connected", "true"),
    "md_staleness": ("md_staleness_ok", "true"),
    "recon_divergence": ("recon_divergence_ok", "true"),
    "router_not_ready": ("router_ready", "true"),
    "pretrade_throttled": ("pretrade_throttled", "false"),
    "risk_throttled": ("risk_throttled", "false"),
    "watchdog_down": ("watchdog_state", "OK"),
    "watchdog_degraded": ("watchdog_state", "OK"),
    "manual_hold": ("state", "RUN"),
}


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason against: where it was seen, what it was and what it would have to be."""

    reason: str
    source: str
    value: str
    limit: str


@dataclass(frozen=True, slots=True)
class Probe:
    """The answer of one endpoint: its status and the JSON that came with it; None when nothing could be read."""

    status: int
    data: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Probes:
    """The runtime's answers of one moment, the signals that were pushed, and the age of its metrics file."""

    live_readiness: Probe
    live_slash_readiness: Probe
    healthz: Probe
    status_full: Probe
    observed_at: datetime
    skew_s: float | None = None
    pushed: tuple[Signal, ...] = ()
    textfile_age_s: float | None = None

    @property
    def mode(self) -> str:
        """One word for the state it is in, `unknown` when it does not say."""
        try:
            return state_of(self.status_full.data).word
        except NotAState:
            return "unknown"


@dataclass(frozen=True, slots=True)
class Demand:
    """What must be there: required signals and their time to live, whether a hold may stand, the file's age limit."""

    required: tuple[str, ...]
    ttl_s: float
    hold_may_stand: bool = False
    most_textfile_age_s: float | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The aggregator's string and every reason against."""

    result: str
    status: str
    blockers: tuple[Blocker, ...]

    @property
    def is_ready(self) -> bool:
        return self.result == READY and not self.blockers


def judge(probes: Probes, demand: Demand, now: datetime) -> Verdict:
    """Ready only if everything says so; nothing that was not read counts as good."""
    details = _mapping(probes.live_slash_readiness.data, "details")
    signals = (*signals_of(details, probes.observed_at), *probes.pushed)
    blockers = (
        *_of_live_readiness(probes.live_readiness),
        *_of_status(probes.live_slash_readiness, details, demand.hold_may_stand),
        *_of_healthz(probes.healthz),
        *_of_disagreement(probes),
        *_of_signals(demand, signals, now),
        *_of_clock(probes.skew_s),
        *_of_textfile(probes.textfile_age_s, demand.most_textfile_age_s),
    )
    status = (probes.live_slash_readiness.data or {}).get("status")
    result = result_of(demand.required, signals, demand.ttl_s, now)
    return Verdict(result, status if status in ("GREEN", "YELLOW", "RED") else "unknown", blockers)


def _of_live_readiness(probe: Probe) -> Iterable[Blocker]:
    source = "live-readiness"
    if probe.status != 200:
        yield Blocker("live_readiness_http", source, str(probe.status), "200")
    if probe.data is None or not isinstance(probe.data.get("ready"), bool):
        yield Blocker("no_data", source, "none", "ready")
    elif not probe.data["ready"]:
        yield Blocker("not_ready", source, "false", "true")
    yield from (Blocker(reason, source, "true", "false") for reason in _words(probe.data, "reasons"))


def _of_status(probe: Probe, details: Mapping[str, object], hold_may_stand: bool) -> Iterable[Blocker]:
    source = "live.readiness"
    status, reasons = (probe.data or {}).get("status"), _words(probe.data, "reasons")
    if probe.status != 200 or status not in ("GREEN", "YELLOW", "RED"):
        yield Blocker("no_data", source, "none", "GREEN")
        return
    if status == "YELLOW" and hold_may_stand and reasons == (ALLOWED_BEFORE_CANARY,):
        return
    if status != "GREEN":
        yield Blocker("status", source, str(status), "GREEN")
    for reason in reasons:
        key, limit = _DETAILS.get(reason, ("", "false"))
        if not (hold_may_stand and reason == ALLOWED_BEFORE_CANARY):
            yield Blocker(reason, source, _shown(details.get(key, True)), limit)


def _of_healthz(probe: Probe) -> Iterable[Blocker]:
    if probe.status != 200:
        yield Blocker("healthz_http", "healthz", str(probe.status), "200")
    if probe.data is None or probe.data.get("ok") is not True:
        yield Blocker("healthz_not_ok", "healthz", _shown((probe.data or {}).get("ok", "none")), "true")


def _of_disagreement(probes: Probes) -> Iterable[Blocker]:
    """What contradicts itself is wrong somewhere, whichever of the two is right (W9)."""
    ready = (probes.live_readiness.data or {}).get("ready")
    status = (probes.live_slash_readiness.data or {}).get("status")
    healthy = (probes.healthz.data or {}).get("ok")
    watchdog = _mapping(probes.live_readiness.data, "watchdog").get("overall")
    full = _mapping(probes.status_full.data, "readiness").get("live_ready")
    pairs = (
        (f"ready:{_shown(ready)}+status:{status}", (ready, status) in ((True, "RED"), (False, "GREEN"))),
        (f"ready:true+healthz:{_shown(healthy)}", ready is True and healthy is False),
        (f"ready:true+watchdog:{watchdog}", ready is True and watchdog == "fail"),
        (f"ready:{_shown(ready)}+live_ready:{_shown(full)}", ready is True and full is False),
        (
            "ready:true+http:" + str(probes.live_readiness.status),
            ready is True and probes.live_readiness.status != 200,
        ),
    )
    yield from (Blocker("disagreement", "runtime", said, "same") for said, differs in pairs if differs)


def _of_signals(demand: Demand, signals: Sequence[Signal], now: datetime) -> Iterable[Blocker]:
    for name in demand.required:
        said = [signal for signal in signals if signal.name == name]
        if not said:
            yield Blocker(f"signal_missing:{name}", "signals", "none", f"{demand.ttl_s:g}s")
        for one in said:
            age = one.age_s(now)
            if age > demand.ttl_s:
                yield Blocker(f"signal_stale:{name}", one.source, f"{age:.0f}s", f"{demand.ttl_s:g}s")
            elif age < -FUTURE_S:
                yield Blocker(f"signal_future:{name}", one.source, f"{age:.0f}s", f"-{FUTURE_S:g}s")
            elif not one.ok:
                yield Blocker(f"signal_bad:{name}", one.source, word_of(one.reason), "ok")


def _of_clock(skew: float | None) -> Iterable[Blocker]:
    if skew is not None and abs(skew) > MOST_SKEW_S:
        yield Blocker("clock_skew", "date", f"{skew:.0f}s", f"{MOST_SKEW_S:g}s")


def _of_textfile(age_s: float | None, most_s: float | None) -> Iterable[Blocker]:
    if most_s is not None and (age_s is None or age_s > most_s):
        yield Blocker("textfile_age", "textfile", "none" if age_s is None else f"{age_s:.0f}s", f"{most_s:g}s")


def _words(data: Mapping[str, object] | None, key: str) -> tuple[str, ...]:
    said = (data or {}).get(key)
    return tuple(_reason(str(one)) for one in said) if isinstance(said, list) else ()


def _reason(text: str) -> str:
    """The runtime's codes keep their colons: `watchdog:auto_hold`, `missing_signal::recon`."""
    return ":".join(word_of(part) if part else "" for part in text.split(":"))[:80] or "unnamed"


def _mapping(data: Mapping[str, object] | None, key: str) -> Mapping[str, object]:
    value = (data or {}).get(key)
    return value if isinstance(value, Mapping) else {}


def _shown(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) or value is None else word_of(str(value))
