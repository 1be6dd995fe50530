"""What has to be true before a runtime may be used in a profile, one check each, and what follows from all of them.

Only OK may start: a warning is no pass (W11). Nothing that could not be looked at is good. Pure (runbook 002, the
quick starts; spec 002, 4).
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from tasks.rules.guard.answers import MOST_SKEW_S
from tasks.rules.guard.environment import Finding, Severity
from tasks.rules.guard.profiles import Profile
from tasks.rules.guard.readiness_verdict import Verdict
from tasks.rules.guard.state import RuntimeState, category_of
from tasks.rules.outcome import Outcome, Status
from tasks.rules.records import Kept, as_word

FRESH_S = 24 * 3600
# What must have been green within a day, by profile: each takes what the one before it takes.
SUITES = {
    Profile.PAPER: ("full-validate", "smoke-acceptance"),
    Profile.TESTNET: ("full-validate", "smoke-acceptance", "smoke-guard"),
    Profile.LIVE: ("full-validate", "smoke-acceptance", "smoke-guard"),
}
# The findings of the environment that the quick starts name one by one; all the others stand under `environment`.
_NAMED = {
    "keys": ("key_reuse", "placeholder", "readable_by_others"),
    "endpoints": ("endpoint_mismatch",),
    "safe_mode_at_start": ("safe_mode_off", "unsafe_start"),
}
_AUTHORISATION = re.compile(
    r"\b(401|403)\b|\bauth(?!or\b)|unauthori[sz]ed|signature|forbidden|api.?key", re.IGNORECASE
)


class Level(StrEnum):
    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Check:
    """One check with its word: what was found, or why not."""

    name: str
    level: Level
    found: str = "ok"


@dataclass(frozen=True, slots=True)
class LastRun:
    """How a procedure ended last, and how long ago."""

    status: str
    age_s: float


def overall(checks: Collection[Check]) -> Level:
    """The worst of them; none at all is no pass."""
    levels = {check.level for check in checks}
    return next((level for level in (Level.FAIL, Level.WARN) if level in levels), Level.OK if levels else Level.FAIL)


def status_of(level: Level) -> Status:
    return {Level.OK: Status.OK, Level.WARN: Status.UNHEALTHY, Level.FAIL: Status.FAIL}[level]


def failed(name: str, found: str) -> Check:
    return Check(name, Level.FAIL, as_word(found))


def suite_check(name: str, last: LastRun | None) -> Check:
    """Green, and within a day."""
    if last is None:
        return failed(name, "never_run")
    if last.status not in ("ok", "healthy"):
        return failed(name, f"last_{last.status}")
    return failed(name, f"old_{last.age_s / 3600:.0f}h") if last.age_s > FRESH_S else Check(name, Level.OK, "green")


def environment_checks(found: Sequence[Finding]) -> tuple[Check, ...]:
    """What the environment's findings come to: the named ones each, then all the others."""
    named = {code: name for name, codes in _NAMED.items() for code in codes}
    by_name: dict[str, list[Finding]] = {name: [] for name in ("environment", *_NAMED)}
    for one in found:
        by_name[named.get(one.code, "environment")].append(one)
    return tuple(_environment_check(name, said) for name, said in by_name.items())


def unread_environment(reason: str) -> tuple[Check, ...]:
    """Of an environment that cannot be read no part is good."""
    return (failed("environment", reason), *(failed(name, "not_looked_at") for name in _NAMED))


def _environment_check(name: str, said: Sequence[Finding]) -> Check:
    if not said:
        return Check(name, Level.OK)
    worst = Level.FAIL if any(one.severity is Severity.ERROR for one in said) else Level.WARN
    codes = sorted({one.code for one in said})
    return Check(name, worst, as_word("+".join(codes)))


def profile_check(asked: Profile, said: str) -> Check:
    """The profile that really runs: a misspelt one is silently paper (W2)."""
    runs = category_of(said)
    return Check("profile", Level.OK, as_word(said)) if runs == asked.value else failed("profile", f"runs_{said}")


def held_check(state: RuntimeState) -> Check:
    """It begins in HOLD and safe mode, whatever it was started with."""
    return Check("hold", Level.OK, state.word) if state.is_held else failed("hold", state.word)


def stands_since(promotion: str, records: Iterable[Kept]) -> bool:
    """Whether the log holds the end of that promotion, and nothing after it that brought a runtime down."""
    stands = False
    for one in records:
        if one.entry.key == f"{promotion}:done":
            stands = True
        elif one.entry.kind in ("promotion_down", "canary_rolled_back"):
            stands = False
    return stands


def confirm_check(state: RuntimeState, confirmed: str | None) -> Check:
    """LIVE_CONFIRM was typed for the live stage that runs: a file or an environment confirms nothing (W11)."""
    runs = "live-canary" if state.canary else "live"
    if state.category != "live":
        return failed("live_confirm", f"runs_{state.profile}")
    if confirmed is None:
        return failed("live_confirm", "never_confirmed")
    return Check("live_confirm", Level.OK, runs) if confirmed == runs else failed("live_confirm", f"for_{confirmed}")


def readiness_check(verdict: Verdict) -> Check:
    if verdict.is_ready:
        return Check("readiness", Level.OK, "ready")
    codes = "+".join(dict.fromkeys(one.reason for one in verdict.blockers))
    return failed("readiness", codes or verdict.result)


def clock_check(skew_s: float | None) -> Check:
    if skew_s is None:
        return failed("clock", "no_date")
    return Check("clock", Level.OK) if abs(skew_s) <= MOST_SKEW_S else failed("clock", f"skew_{skew_s:.0f}s")


def limits_check(profile: Profile, state: RuntimeState) -> Check:
    """Risk limits that are switched on and hold something; in paper their absence is a warning."""
    if state.risk_limits_enabled and state.has_caps:
        return Check("risk_limits", Level.OK)
    found = "no_caps" if state.risk_limits_enabled else "off"
    return Check("risk_limits", Level.WARN if profile is Profile.PAPER else Level.FAIL, found)


def authorisation_check(errors: Iterable[str]) -> Check:
    """Whether the adapters warmed up without being turned away."""
    count = sum(1 for text in errors if is_authorisation_error(text))
    return failed("authorisation", f"errors_{count}") if count else Check("authorisation", Level.OK)


def is_authorisation_error(text: str) -> bool:
    return bool(_AUTHORISATION.search(text))


def metrics_check(samples: int, textfile_age_s: float | None) -> Check:
    """Metrics were taken; the textfile does not exist before the first order, which is no error (W20)."""
    if not samples:
        return failed("metrics", "no_samples")
    age = "no_textfile_yet" if textfile_age_s is None else f"textfile_{textfile_age_s:.0f}s"
    return Check("metrics", Level.OK, age)


def said(one: Check) -> dict[str, str]:
    return {"check": one.name, "level": one.level.value, "found": one.found}


def line_of(one: Check) -> Outcome:
    from tasks.rules.contracts.runtime import START_CHECK_ITEM

    status = {Level.OK: Status.OK, Level.WARN: Status.WARN, Level.FAIL: Status.FAIL}[one.level]
    return START_CHECK_ITEM.says(status, name=one.name, found=one.found)
