"""Signals and how long they count: the law of the readiness aggregator (runbook 002, Live Guard & Confirm).

A required signal is missing when there is none or it is older than its time to live (exactly as old still counts),
bad when it says so or comes from the future. Missing goes before bad, names are sorted, no signal at all is not
ready. The result is one of `ok`, `readiness-missing:adapters,market`, `readiness-bad:adapters:fail,recon:lag`.

Pure (spec 002, 6).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

DEFAULT_REQUIRED = ("adapters", "market", "recon")
TTL_S = 30.0
FUTURE_S = 5.0  # a signal may be this far ahead of our clock; more is a lie about its age
READY = "ok"


class NotSignals(ValueError):
    """What was pushed has another form."""


@dataclass(frozen=True, slots=True)
class Signal:
    """What one source said of one part at one moment of our clock."""

    name: str
    ok: bool
    reason: str
    observed_at: datetime
    source: str

    def age_s(self, now: datetime) -> float:
        return (now - self.observed_at).total_seconds()


def required_in(text: str) -> tuple[str, ...]:
    """The names in READINESS_REQUIRED, sorted; blank or only commas is the default set."""
    names = {word_of(name) for name in text.split(",") if name.strip()}
    return tuple(sorted(names)) if names else DEFAULT_REQUIRED


def word_of(text: str) -> str:
    """A name or a reason as it may stand in a line; a text of anybody's becomes one word."""
    return re.sub(r"[^A-Za-z0-9_.+-]+", "_", text.strip().lower())[:40] or "fail"


def result_of(required: Sequence[str], signals: Iterable[Signal], ttl_s: float, now: datetime) -> str:
    """One of the runtime's own strings. Of several sources of a signal each has to be fresh and good."""
    by_name: dict[str, list[Signal]] = {name: [] for name in sorted(required)}
    for signal in signals:
        if signal.name in by_name:
            by_name[signal.name].append(signal)
    missing = [name for name, said in by_name.items() if not said or any(one.age_s(now) > ttl_s for one in said)]
    if missing or not by_name:
        return f"readiness-missing:{','.join(missing or DEFAULT_REQUIRED)}"
    bad = [f"{name}:{why}" for name, said in by_name.items() if (why := _why_bad(said, now))]
    return f"readiness-bad:{','.join(bad)}" if bad else READY


def _why_bad(said: Iterable[Signal], now: datetime) -> str | None:
    for one in said:
        if one.age_s(now) < -FUTURE_S:
            return "future"
        if not one.ok:
            return word_of(one.reason) if one.reason.strip() else "fail"
    return None


def signals_of(details: Mapping[str, object], observed_at: datetime) -> tuple[Signal, ...]:
    """What the runtime's own details say of the three default signals; a detail that is not there says nothing."""
    parts = {
        "market": (("md_connected", "md_disconnected"), ("md_staleness_ok", "md_staleness")),
        "recon": (("recon_divergence_ok", "recon_divergence"),),
        "adapters": (("router_ready", "router_not_ready"), ("watchdog_state", "watchdog_down")),
    }
    found = []
    for name, keys in parts.items():
        values = [_is_good(details.get(key)) for key, _ in keys]
        if None not in values:
            bad = [reason for (_, reason), value in zip(keys, values, strict=True) if not value]
            found.append(Signal(name, not bad, bad[0] if bad else "", observed_at, "runtime"))
    return tuple(found)


def _is_good(value: object) -> bool | None:
    if isinstance(value, str):
        return value.upper() in ("OK", "DEGRADED")  # degraded is YELLOW, which the status word judges
    return value if isinstance(value, bool) else None


def pushed_signals(data: object) -> tuple[Signal, ...]:
    """Signals that somebody pushed: `{"signals": [{"name", "ok", "reason", "ts"}]}`; else `NotSignals`."""
    rows = data.get("signals") if isinstance(data, Mapping) else None
    if not isinstance(rows, list):
        raise NotSignals("no list of signals")
    return tuple(_pushed(row) for row in rows)


def _pushed(row: object) -> Signal:
    if not isinstance(row, Mapping) or not isinstance(row.get("name"), str) or not isinstance(row.get("ok"), bool):
        raise NotSignals("a signal has a name and is ok or not")
    moment = datetime.fromisoformat(str(row.get("ts", "")).replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise NotSignals("a signal's moment has a zone")
    return Signal(word_of(row["name"]), row["ok"], str(row.get("reason") or ""), moment, "pushed")
